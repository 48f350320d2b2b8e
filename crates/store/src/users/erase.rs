//! Taking everything of a person out of the database: rows, letters, and the keys of what the log holds about them.
//!
//! The log itself stays as it is. What it holds of a person are commitments; values and salts are sealed under a key that is
//! destroyed here, so they say nothing any more, and every proof holds.

use bailiwick_domain::{entity::User, ids::UserId};
use uuid::Uuid;

use super::Row;
use crate::{
    Error, Result, Written,
    conn::{Driver, on},
    lock::{execute, rows},
    tenant_keys,
    tx::{Scope, Tx},
};

/// Rows of a person in tables that refer to them, in an order in which they can go.
///
/// A table that comes later and is not named here fails the deletion by its foreign key, and so a test.
const THEIRS: [&str; 20] = [
    "DELETE FROM passkey WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM factor WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM webauthn_ceremony WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM password WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM password_reset WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM enrolment WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM sign_in_tally WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM account_lock WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM recovery_code WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM phone_check WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM phone WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM team_member WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM user_grant WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM step_up WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM session WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM permission_use WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM user_word WHERE tenant = $1 AND user_id = $2",
    "DELETE FROM saved_search WHERE tenant = $1 AND user_id = $2",
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
    for subject in subjects(tx, &user).await? {
        tenant_keys::erase_subject(tx, subject).await?;
    }
    let tag = tx.shared.keys.directory.address_tag(&user.email);
    execute!(
        tx,
        "UPDATE mail SET recipient = NULL, recipient_tag = NULL, mailbox_tag = NULL WHERE tenant = $1 AND recipient_tag = $2 AND state <> 'waiting'",
        tenant,
        &tag[..]
    )?;
    // Messages to their phones carry a number, which they may have removed since: by what they are about.
    execute!(
        tx,
        "UPDATE mail SET recipient = NULL, recipient_tag = NULL, mailbox_tag = NULL WHERE tenant = $1 AND channel = 'webhook' AND state <> 'waiting'
             AND (about = $2 OR about IN (SELECT id FROM step_up WHERE tenant = $1 AND user_id = $2))",
        tenant,
        user.id.uuid()
    )?;
    execute!(
        tx,
        "DELETE FROM invitation_link WHERE tenant = $1 AND invitation IN (SELECT id FROM invitation WHERE tenant = $1 AND email = $2)",
        tenant,
        user.email.as_str()
    )?;
    execute!(tx, "DELETE FROM invitation WHERE tenant = $1 AND email = $2", tenant, user.email.as_str())?;
    execute!(tx, "DELETE FROM directory_address WHERE tenant = $1 AND tag = $2", tenant, &tag[..])?;
    for text in THEIRS {
        on!(tx, |c| sqlx::query(text).bind(tenant).bind(user.id.uuid()).execute(c).await.map(drop))?;
    }
    let gone = execute!(tx, "DELETE FROM users WHERE tenant = $1 AND id = $2", tenant, user.id.uuid())?;
    if gone != 1 {
        return Err(Error::NotFound);
    }
    Ok(Written::removed(user))
}

/// Under whose keys the log keeps something about a person: their own, and that of each thing whose records hold their address;
/// never that of somebody else.
async fn subjects(tx: &mut Tx, user: &User) -> Result<Vec<Uuid>> {
    let tenant = tx.tenant().uuid();
    let tag = tx.shared.keys.directory.address_tag(&user.email);
    let letters: Vec<(Uuid,)> = rows!(
        tx,
        "SELECT about FROM mail WHERE tenant = $1 AND recipient_tag = $2
             AND NOT EXISTS (SELECT 1 AS one FROM users WHERE users.tenant = $1 AND users.id = mail.about AND users.id <> $3)",
        tenant,
        &tag[..],
        user.id.uuid()
    )?;
    let invitations: Vec<(Uuid,)> =
        rows!(tx, "SELECT id FROM invitation WHERE tenant = $1 AND email = $2", tenant, user.email.as_str())?;
    // Codes for what they were about to change went to their address or to a phone.
    let codes: Vec<(Uuid,)> =
        rows!(tx, "SELECT id FROM step_up WHERE tenant = $1 AND user_id = $2", tenant, user.id.uuid())?;
    // What their programs did is recorded under the key that did it, with the address of the computer that it came from.
    let keys: Vec<(Uuid,)> =
        rows!(tx, "SELECT id FROM api_key WHERE tenant = $1 AND created_by = $2", tenant, user.id.uuid())?;
    let found = letters.into_iter().chain(invitations).chain(codes).chain(keys);
    let mut subjects: Vec<_> = found.map(|(id,)| id).collect();
    subjects.push(user.id.uuid());
    subjects.sort_unstable();
    subjects.dedup();
    Ok(subjects)
}
