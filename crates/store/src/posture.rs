//! The counts that the posture is computed from: each by an index, none by walking the audit log.

use bailiwick_domain::{posture::Verification, time::Timestamp};
use sqlx::FromRow;

use crate::{Error, Result, audit, lock::row, tx::Scope};

/// What of the posture lies in the database.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Users who may sign in.
    pub active_users: i64,
    /// Of these, with a verified factor of their own.
    pub verified: i64,
    /// Of these, without one, but with multi-factor sign-on asserted by their identity provider.
    pub sso: i64,
    /// Open invitations that have not lapsed.
    pub pending_invitations: i64,
    /// Keys that work.
    pub keys: i64,
    /// Of these, ending within thirty days.
    pub keys_expiring: i64,
    /// Of the keys that work, those that never end.
    pub keys_without_end: i64,
    /// Open security events of high severity.
    pub open_high_events: i64,
    /// Objects sealed under the tenant's keys: factor secrets, passkeys and subject keys.
    pub sealed_objects: i64,
    /// Events in the tenant's tree.
    pub events: i64,
    /// Events that no checkpoint covers yet, with or without a place in the tree; of those without one, the first 100,000.
    pub unsigned: i64,
    /// When the newest checkpoint was signed.
    pub last_signed: Option<Timestamp>,
    /// When the oldest event was recorded that no checkpoint covers.
    pub oldest_unsigned: Option<Timestamp>,
    /// What the last verification of the log found.
    pub last_verification: Option<Verification>,
    /// After how many days the tenant's key is rotated; nothing where only people do.
    pub rotation_days: Option<i64>,
    /// When the newest version of it was made; nothing where it has none.
    pub key_made_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    active_users: i64,
    verified: i64,
    sso: i64,
    pending_invitations: i64,
    keys: i64,
    keys_expiring: i64,
    keys_without_end: i64,
    open_high_events: i64,
    sealed_objects: i64,
    events: i64,
    unsigned_events: i64,
    pending_events: i64,
    oldest_unsigned: Option<i64>,
    oldest_pending: Option<i64>,
    key_made_at: Option<i64>,
}

/// Counts, in one statement, and what was signed and verified last.
pub async fn counts(scope: &mut impl Scope) -> Result<Counts> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let soon = now + bailiwick_domain::entity::EXPIRING;
    let row: Option<Row> = row!(
        scope,
        "SELECT
             (SELECT count(*) FROM users WHERE tenant = $1 AND status = 'active') AS active_users,
             (SELECT count(*) FROM users WHERE tenant = $1 AND status = 'active' AND factor <> 'sso') AS verified,
             (SELECT count(*) FROM users WHERE tenant = $1 AND status = 'active' AND factor = 'sso') AS sso,
             (SELECT count(*) FROM invitation WHERE tenant = $1 AND state = 'open' AND expires_at > $2) AS pending_invitations,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)) AS keys,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND rotating = 0 AND expires_at > $2 AND expires_at <= $3) AS keys_expiring,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND expires_at IS NULL) AS keys_without_end,
             (SELECT count(*) FROM security_event WHERE tenant = $1 AND severity = 'high' AND triage <> 'resolved') AS open_high_events,
             (SELECT count(*) FROM factor WHERE tenant = $1 AND sealed IS NOT NULL) + (SELECT count(*) FROM passkey WHERE tenant = $1)
                 + (SELECT count(*) FROM subject_key WHERE tenant = $1 AND wrapped IS NOT NULL) AS sealed_objects,
             (SELECT count(*) FROM (SELECT 1 AS one FROM audit_pending WHERE tenant = $1 LIMIT 100000) AS counted) AS pending_events,
             (SELECT recorded_at FROM audit_leaf WHERE tenant = $1 AND leaf_index = t.signed) AS oldest_unsigned,
             (SELECT min(recorded_at) FROM audit_pending WHERE tenant = $1) AS oldest_pending,
             (SELECT created_at FROM tenant_key WHERE tenant = $1 ORDER BY version DESC LIMIT 1) AS key_made_at,
             t.size AS events, t.size - t.signed AS unsigned_events
         FROM audit_tree t WHERE t.tenant = $1",
        tenant.uuid(),
        now.micros(),
        soon.micros()
    )?;
    let row = row.ok_or(Error::NotFound)?;
    let last_signed = audit::last_signed(scope).await?;
    let last_verification = audit::last_verification(scope).await?;
    Ok(Counts {
        active_users: row.active_users,
        verified: row.verified,
        sso: row.sso,
        pending_invitations: row.pending_invitations,
        keys: row.keys,
        keys_expiring: row.keys_expiring,
        keys_without_end: row.keys_without_end,
        open_high_events: row.open_high_events,
        sealed_objects: row.sealed_objects,
        events: row.events,
        unsigned: row.unsigned_events + row.pending_events,
        last_signed,
        oldest_unsigned: row
            .oldest_unsigned
            .into_iter()
            .chain(row.oldest_pending)
            .min()
            .map(Timestamp::from_micros),
        last_verification,
        rotation_days: crate::keys::schedule(scope).await?.days,
        key_made_at: row.key_made_at.map(Timestamp::from_micros),
    })
}
