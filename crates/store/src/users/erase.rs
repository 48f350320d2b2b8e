//! Taking everything of a person out of the database: rows, letters, and the keys of what the log holds about them.
//!
//! The log itself stays as it is. What it holds of a person are commitments; values and salts are sealed under a key that is
//! destroyed here, so they say nothing any more, and every proof holds.

use bailiwick_domain::{entity::User, ids::UserId, subject::Kind};
use uuid::Uuid;

use super::Row;
use crate::{
    Error, Result, Written,
    conn::{Driver, on},
    kept_answers,
    lock::{execute, rows},
    tenant_keys,
    tx::{Scope, Tx},
};

/// A table with rows that refer to a person: as what they are counted, how many there are, and what removes them.
pub(crate) type Theirs = (Kind, &'static str, &'static str);

/// Rows of a person in tables that refer to them, in an order in which they can go.
///
/// A table that comes later and is not named here fails the deletion by its foreign key, and so a test.
pub(crate) const THEIRS: &[Theirs] = &[
    (
        Kind::Passkeys,
        "SELECT count(*) FROM passkey WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM passkey WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Authenticators,
        "SELECT count(*) FROM factor WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM factor WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Links,
        "SELECT count(*) FROM webauthn_ceremony WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM webauthn_ceremony WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Password,
        "SELECT count(*) FROM password WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM password WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Links,
        "SELECT count(*) FROM password_reset WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM password_reset WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Links,
        "SELECT count(*) FROM enrolment WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM enrolment WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::SignInAttempts,
        "SELECT count(*) FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::SignInAttempts,
        "SELECT count(*) FROM sign_in_tally WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM sign_in_tally WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::SignInAttempts,
        "SELECT count(*) FROM account_lock WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM account_lock WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::KnownDevices,
        "SELECT count(*) FROM known_device WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::RecoveryCodes,
        "SELECT count(*) FROM recovery_code WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM recovery_code WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Phones,
        "SELECT count(*) FROM phone_check WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM phone_check WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Phones,
        "SELECT count(*) FROM phone WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM phone WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Teams,
        "SELECT count(*) FROM team_member WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM team_member WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Grants,
        "SELECT count(*) FROM user_grant WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM user_grant WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Codes,
        "SELECT count(*) FROM step_up WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM step_up WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Sessions,
        "SELECT count(*) FROM session WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM session WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::PermissionUses,
        "SELECT count(*) FROM permission_use WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM permission_use WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::SearchWords,
        "SELECT count(*) FROM user_word WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM user_word WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::SavedSearches,
        "SELECT count(*) FROM saved_search WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM saved_search WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Habits,
        "SELECT count(*) FROM audit_habit WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM audit_habit WHERE tenant = $1 AND user_id = $2",
    ),
    (
        Kind::Anomalies,
        "SELECT count(*) FROM audit_anomaly WHERE tenant = $1 AND user_id = $2",
        "DELETE FROM audit_anomaly WHERE tenant = $1 AND user_id = $2",
    ),
];

/// Reads a user who is about to go. Whoever is about to add a row of theirs waits, and finds them gone.
pub async fn lock_for_erasing(tx: &mut Tx, id: UserId) -> Result<User> {
    let tenant = tx.tenant();
    let row: Row = match tx.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_as("SELECT id, email, name, role, status, created_at, time_zone FROM users WHERE tenant = $1 AND id = $2")
                .bind(tenant.uuid())
                .bind(id.uuid())
                .fetch_one(c)
                .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as("SELECT id, email, name, role, status, created_at, time_zone FROM users WHERE tenant = $1 AND id = $2 FOR UPDATE")
                .bind(tenant.uuid())
                .bind(id.uuid())
                .fetch_one(c)
                .await?
        }
    };
    row.try_into()
}

/// Removes a locked user with every row of theirs, their address wherever it is kept, and the keys of what the log holds about
/// them. Letters to them that have not left are settled before.
pub async fn erase(tx: &mut Tx, user: User) -> Result<Written<User>> {
    let tenant = tx.tenant().uuid();
    erase_traces(tx, user.id.uuid(), Some(&user.email)).await?;
    for (_, _, delete) in THEIRS {
        on!(tx, |c| sqlx::query(*delete).bind(tenant).bind(user.id.uuid()).execute(c).await.map(drop))?;
    }
    kept_answers::forget(tx, user.id.uuid()).await?;
    forget_callers(tx, user.id).await?;
    let gone = execute!(tx, "DELETE FROM users WHERE tenant = $1 AND id = $2", tenant, user.id.uuid())?;
    if gone != 1 {
        return Err(Error::NotFound);
    }
    Ok(Written::removed(user))
}

/// Removes from where the keys that a person made were used: it may be their own computer.
async fn forget_callers(tx: &mut Tx, maker: UserId) -> Result<()> {
    let tenant = tx.tenant().uuid();
    execute!(
        tx,
        "DELETE FROM api_key_caller WHERE tenant = $1 AND key IN (SELECT id FROM api_key WHERE tenant = $1 AND created_by = $2)",
        tenant,
        maker.uuid()
    )?;
    execute!(
        tx,
        "UPDATE api_key_use SET address = NULL WHERE tenant = $1 AND key IN (SELECT id FROM api_key WHERE tenant = $1 AND created_by = $2)",
        tenant,
        maker.uuid()
    )?;
    Ok(())
}

/// Removes what is kept of a person beside their account, whether they have one or not: the keys of what the log holds about them
/// with values and salts, their address on letters, invitations and requests, and the way from it to the tenant.
///
/// Letters to them that have not left are settled before.
pub async fn erase_traces(tx: &mut Tx, person: Uuid, address: Option<&str>) -> Result<()> {
    let tenant = tx.tenant().uuid();
    kept_answers::wipe(tx).await?;
    for subject in keys_of(tx, person, address).await? {
        tenant_keys::erase_subject(tx, subject).await?;
        execute!(tx, "DELETE FROM audit_personal WHERE tenant = $1 AND subject = $2", tenant, subject)?;
    }
    // Of somebody of the product, who has no row of their own.
    execute!(tx, "DELETE FROM audit_habit WHERE tenant = $1 AND actor = $2", tenant, person)?;
    execute!(tx, "DELETE FROM audit_anomaly WHERE tenant = $1 AND actor = $2", tenant, person)?;
    // Messages to their phones carry a number, which they may have removed since: by what they are about.
    execute!(
        tx,
        "UPDATE mail SET recipient = NULL, recipient_tag = NULL, mailbox_tag = NULL WHERE tenant = $1 AND channel = 'webhook' AND state <> 'waiting'
             AND (about = $2 OR about IN (SELECT id FROM step_up WHERE tenant = $1 AND user_id = $2))",
        tenant,
        person
    )?;
    let Some(address) = address else { return Ok(()) };
    let tag = tx.shared.keys.directory.address_tag(address);
    execute!(
        tx,
        "UPDATE mail SET recipient = NULL, recipient_tag = NULL, mailbox_tag = NULL WHERE tenant = $1 AND recipient_tag = $2 AND state <> 'waiting'",
        tenant,
        &tag[..]
    )?;
    execute!(
        tx,
        "DELETE FROM invitation_link WHERE tenant = $1 AND invitation IN (SELECT id FROM invitation WHERE tenant = $1 AND email = $2)",
        tenant,
        address
    )?;
    execute!(tx, "DELETE FROM invitation WHERE tenant = $1 AND email = $2", tenant, address)?;
    execute!(tx, "DELETE FROM directory_address WHERE tenant = $1 AND tag = $2", tenant, &tag[..])?;
    execute!(
        tx,
        "UPDATE subject_request SET address = NULL WHERE tenant = $1 AND address = $2",
        tenant,
        address
    )?;
    Ok(())
}

/// Under whose keys the log keeps something about a person: their own, and that of each thing whose records hold their address;
/// never that of somebody else.
pub(crate) async fn keys_of(
    scope: &mut impl Scope,
    person: Uuid,
    address: Option<&str>,
) -> Result<Vec<Uuid>> {
    let tenant = scope.tenant().uuid();
    let mut found: Vec<(Uuid,)> = Vec::new();
    if let Some(address) = address {
        let tag = scope.shared().keys.directory.address_tag(address);
        let letters: Vec<(Uuid,)> = rows!(
            scope,
            "SELECT about FROM mail WHERE tenant = $1 AND recipient_tag = $2
                 AND NOT EXISTS (SELECT 1 AS one FROM users WHERE users.tenant = $1 AND users.id = mail.about AND users.id <> $3)",
            tenant,
            &tag[..],
            person
        )?;
        let invitations: Vec<(Uuid,)> =
            rows!(scope, "SELECT id FROM invitation WHERE tenant = $1 AND email = $2", tenant, address)?;
        found.extend(letters);
        found.extend(invitations);
    }
    // Codes for what they were about to change went to their address or to a phone.
    let codes: Vec<(Uuid,)> =
        rows!(scope, "SELECT id FROM step_up WHERE tenant = $1 AND user_id = $2", tenant, person)?;
    // What their programs did is recorded under the key that did it, with the address of the computer that it came from.
    let programs: Vec<(Uuid,)> =
        rows!(scope, "SELECT id FROM api_key WHERE tenant = $1 AND created_by = $2", tenant, person)?;
    found.extend(codes);
    found.extend(programs);
    let mut keys: Vec<_> = found.into_iter().map(|(id,)| id).collect();
    keys.push(person);
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}
