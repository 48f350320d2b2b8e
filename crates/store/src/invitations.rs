//! Invitations.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus},
    ids::{InvitationId, TenantId, UserId},
    role::RoleName,
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Store, Written,
    conn::on,
    lock::{execute, locked, row, rows},
    mail::find_tenants,
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Replaced links that are remembered of one invitation.
const REPLACED: i64 = 16;

/// Tenants at most in one round of reminding.
const TENANTS: i64 = 256;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: InvitationId,
    email: String,
    role: String,
    invited_by: Option<Uuid>,
    #[sqlx(try_from = "String")]
    state: InvitationState,
    sends: i64,
    #[sqlx(try_from = "i64")]
    sent_at: Timestamp,
    reminded_at: Option<i64>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
}

impl TryFrom<Row> for Invitation {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let role: RoleName = row.role.parse().map_err(|_| Error::Corrupt("invitation.role".into()))?;
        Ok(Self {
            id: row.id,
            email: row.email,
            role,
            invited_by: row.invited_by.map(UserId::from),
            state: row.state,
            sends: row.sends,
            sent_at: row.sent_at,
            reminded_at: row.reminded_at.map(Timestamp::from_micros),
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// Stores an invitation beside the hash of its token.
pub async fn insert(tx: &mut Tx, invitation: Invitation, token: &TokenHash) -> Result<Written<Invitation>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO invitation (tenant, id, email, role, invited_by, state, token_hash, sends, sent_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant.uuid(),
        invitation.id.uuid(),
        invitation.email.as_str(),
        invitation.role.name(),
        invitation.invited_by.map(UserId::uuid),
        invitation.state.name(),
        &token.as_bytes()[..],
        invitation.sends,
        invitation.sent_at.micros(),
        invitation.created_at.micros(),
        invitation.expires_at.micros()
    )?;
    Ok(Written::created(invitation))
}

/// The open, unexpired invitation of an address.
pub async fn pending_for(scope: &mut impl Scope, email: &str) -> Result<Option<Invitation>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation WHERE tenant = $1 AND email = $2 AND state = 'open' AND expires_at > $3",
        tenant.uuid(),
        email,
        now.micros()
    )?;
    row.map(Invitation::try_from).transpose()
}

/// One invitation.
pub async fn find(scope: &mut impl Scope, id: InvitationId) -> Result<Invitation> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Invitations, newest first.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Invitation>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation
         WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(Invitation::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.created_at, id: row.id.uuid() }))
}

/// How many invitations there are of each status.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Tally {
    /// Waiting for their answer.
    pub pending: i64,
    /// Answered with yes.
    pub accepted: i64,
    /// Answered with no.
    pub declined: i64,
    /// Not answered in time.
    pub expired: i64,
    /// Taken back.
    pub revoked: i64,
}

/// Counts the invitations by status.
pub async fn tally(scope: &mut impl Scope) -> Result<Tally> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let row: Option<Tally> = row!(
        scope,
        "SELECT
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'open' AND expires_at > $2) AS pending,
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'accepted') AS accepted,
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'declined') AS declined,
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'open' AND expires_at <= $2)
             + (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'expired') AS expired,
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'revoked') AS revoked",
        tenant.uuid(),
        now.micros()
    )?;
    row.ok_or(Error::NotFound)
}

/// Invitations of one status, newest first.
pub async fn list_of(
    scope: &mut impl Scope,
    status: InvitationStatus,
    before: Option<Cursor>,
) -> Result<Page<Invitation>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    // A status is a state and, for open ones, a side of the present moment: they have expired before that is recorded.
    let (state, also, after, until) = match status {
        InvitationStatus::Pending => (InvitationState::Open, InvitationState::Open, now.micros(), i64::MAX),
        InvitationStatus::Expired => {
            (InvitationState::Expired, InvitationState::Open, i64::MIN, now.micros())
        }
        InvitationStatus::Accepted => {
            (InvitationState::Accepted, InvitationState::Accepted, i64::MIN, i64::MAX)
        }
        InvitationStatus::Declined => {
            (InvitationState::Declined, InvitationState::Declined, i64::MIN, i64::MAX)
        }
        InvitationStatus::Revoked => (InvitationState::Revoked, InvitationState::Revoked, i64::MIN, i64::MAX),
    };
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation
         WHERE tenant = $1 AND state IN ($2, $8) AND expires_at > $3 AND expires_at <= $4 AND (created_at, id) < ($5, $6)
         ORDER BY created_at DESC, id DESC LIMIT $7",
        tenant.uuid(),
        state.name(),
        after,
        until,
        before.at.micros(),
        before.id,
        LIMIT + 1,
        also.name()
    )?;
    let rows = rows.into_iter().map(Invitation::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.created_at, id: row.id.uuid() }))
}

/// The pending invitations that lapse last, for the security controls page.
pub async fn pending(scope: &mut impl Scope, limit: i64) -> Result<Vec<Invitation>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation
         WHERE tenant = $1 AND state = 'open' AND expires_at > $2 ORDER BY expires_at DESC, id DESC LIMIT $3",
        tenant.uuid(),
        now.micros(),
        limit
    )?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// The pending invitations of one person to one role, up to a hundred.
pub async fn pending_by(
    scope: &mut impl Scope,
    inviter: UserId,
    role: RoleName,
) -> Result<Vec<InvitationId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM invitation WHERE tenant = $1 AND invited_by = $2 AND role = $3 AND state = 'open' AND expires_at > $4
         ORDER BY expires_at, id LIMIT 100",
        tenant.uuid(),
        inviter.uuid(),
        role.name(),
        now.micros()
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// How many pending invitations a person answers for, counted up to `most`.
pub async fn pending_of(scope: &mut impl Scope, inviter: UserId, most: i64) -> Result<i64> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM (SELECT 1 AS one FROM invitation WHERE tenant = $1 AND invited_by = $2 AND state = 'open' AND expires_at > $3 LIMIT $4) AS pending",
        tenant.uuid(),
        inviter.uuid(),
        now.micros(),
        most
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// The open invitations to one role, those that have lapsed too, up to a number.
pub async fn open_to(scope: &mut impl Scope, role: RoleName, most: i64) -> Result<Vec<InvitationId>> {
    let tenant = scope.tenant();
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM invitation WHERE tenant = $1 AND role = $2 AND state = 'open' ORDER BY id LIMIT $3",
        tenant.uuid(),
        role.name(),
        most
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Gives an open invitation another role under a new token, as [`renew`] does: the letters before name a role that it is not for
/// any more. Nothing where it was answered in the meantime.
pub async fn set_role(
    tx: &mut Tx,
    id: InvitationId,
    role: RoleName,
    token: &TokenHash,
) -> Result<Option<Written<Invitation>>> {
    let before = lock(tx, id).await?;
    if before.state != InvitationState::Open {
        return Ok(None);
    }
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE invitation SET role = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        role.name()
    )?;
    let after =
        Invitation { role, sends: before.sends + 1, sent_at: tx.now(), reminded_at: None, ..before.clone() };
    renew(tx, before, after, token).await.map(Some)
}

/// Reads an invitation for changing.
pub async fn lock(tx: &mut Tx, id: InvitationId) -> Result<Invitation> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.try_into()
}

/// Replaces a locked invitation by its new image.
pub async fn replace(tx: &mut Tx, before: Invitation, after: Invitation) -> Result<Written<Invitation>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE invitation SET state = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Replaces a locked invitation by its new image under a new token. Every link before stops working; the newest of them are
/// remembered as once real, see [`was_real`].
pub async fn renew(
    tx: &mut Tx,
    before: Invitation,
    after: Invitation,
    token: &TokenHash,
) -> Result<Written<Invitation>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "INSERT INTO invitation_link (tenant, token_hash, invitation, replaced_at)
         SELECT tenant, token_hash, id, CAST($3 AS BIGINT) FROM invitation WHERE tenant = $1 AND id = $2
         UNION ALL
         SELECT tenant, reminder_hash, id, CAST($3 AS BIGINT) FROM invitation WHERE tenant = $1 AND id = $2 AND reminder_hash IS NOT NULL",
        tenant.uuid(),
        before.id.uuid(),
        now.micros()
    )?;
    execute!(
        tx,
        "DELETE FROM invitation_link WHERE tenant = $1 AND invitation = $2 AND token_hash NOT IN (
             SELECT token_hash FROM invitation_link WHERE tenant = $1 AND invitation = $2 ORDER BY replaced_at DESC, token_hash LIMIT $3)",
        tenant.uuid(),
        before.id.uuid(),
        REPLACED
    )?;
    let touched = execute!(
        tx,
        "UPDATE invitation SET token_hash = $3, reminder_hash = NULL, reminded_at = NULL, invited_by = $7, sends = $4, sent_at = $5, expires_at = $6, state = $8 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        &token.as_bytes()[..],
        after.sends,
        after.sent_at.micros(),
        after.expires_at.micros(),
        after.invited_by.map(UserId::uuid),
        after.state.name()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Replaces a locked invitation by its new image and gives it a second token, that of the reminder.
pub async fn remind(
    tx: &mut Tx,
    before: Invitation,
    after: Invitation,
    token: &TokenHash,
) -> Result<Written<Invitation>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE invitation SET reminder_hash = $3, reminded_at = $4 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        &token.as_bytes()[..],
        after.reminded_at.map(Timestamp::micros)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// The invitation with this token, of its letter or of its reminder.
pub async fn by_token(scope: &mut impl Scope, token: &TokenHash) -> Result<Option<Invitation>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation WHERE tenant = $1 AND (token_hash = $2 OR reminder_hash = $2)",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    row.map(Invitation::try_from).transpose()
}

/// Whether a link with this token was ever in a letter, whatever became of it: of an invitation that is over, too, or replaced by
/// another link, as long as that one is remembered.
pub async fn was_real(scope: &mut impl Scope, token: &TokenHash) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> = row!(
        scope,
        "SELECT id FROM invitation WHERE tenant = $1 AND (token_hash = $2 OR reminder_hash = $2)
         UNION ALL
         SELECT invitation FROM invitation_link WHERE tenant = $1 AND token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    Ok(found.is_some())
}

/// Reads the invitation with this token for changing.
pub async fn lock_by_token(tx: &mut Tx, token: &TokenHash) -> Result<Invitation> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, email, role, invited_by, state, sends, sent_at, reminded_at, created_at, expires_at FROM invitation WHERE tenant = $1 AND (token_hash = $2 OR reminder_hash = $2)",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    row.try_into()
}

/// Which open invitations are reminded of.
#[derive(Clone, Copy, Debug)]
pub struct Lapsing {
    /// Those that lapse until then.
    pub until: Timestamp,
    /// Those whose letter was written before.
    pub sent_before: Timestamp,
}

/// The tenants that are served and have invitations to remind of, up to a bound.
pub async fn tenants_lapsing(store: &Store, which: Lapsing) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT i.tenant FROM invitation i JOIN tenant t ON t.id = i.tenant
             WHERE i.state = 'open' AND i.reminded_at IS NULL AND i.expires_at > $1 AND i.expires_at <= $2 AND i.sent_at <= $3
             AND t.status = 'active' LIMIT $4",
        )
        .bind(now.micros())
        .bind(which.until.micros())
        .bind(which.sent_before.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The invitations of the scope's tenant to remind of, those that lapse first in front.
pub async fn lapsing(scope: &mut impl Scope, which: Lapsing) -> Result<Vec<InvitationId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM invitation WHERE tenant = $1 AND state = 'open' AND reminded_at IS NULL AND expires_at > $2 AND expires_at <= $3 AND sent_at <= $4
         ORDER BY expires_at, id LIMIT $5",
        tenant.uuid(),
        now.micros(),
        which.until.micros(),
        which.sent_before.micros(),
        LIMIT
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The tenants that are served and have open invitations whose time is over, up to a bound.
pub async fn tenants_with_expired(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT i.tenant FROM invitation i JOIN tenant t ON t.id = i.tenant
             WHERE i.state = 'open' AND i.expires_at <= $1 AND t.status = 'active' LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The open invitations of the scope's tenant whose time is over, those that ended first in front, up to a page.
pub async fn expired(scope: &mut impl Scope) -> Result<Vec<InvitationId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM invitation WHERE tenant = $1 AND state = 'open' AND expires_at <= $2 ORDER BY expires_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        LIMIT
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}
