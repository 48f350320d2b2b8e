//! Asking once more, where a change begins, whether whoever was admitted still stands.
//!
//! Between the gate and the change lie the hash of a password, a queue of writers, and the other changes of one request. What
//! was taken from somebody meanwhile is not used up by what was on its way.

use bailiwick_domain::{
    ids::{ApiKeyId, SessionId, TenantId, UserId},
    rule::{Need, Rule},
};

use super::{Actor, Permit};
use crate::{
    Error, Result,
    lock::row,
    store::enter,
    tx::{Scope, Tx},
};

const ENDED: Error = Error::Conflict("Your session has ended, so nothing was done. Sign in again.");
const CHANGED: Error = Error::Conflict("What you may do has just changed, so nothing was done. Try again.");
const DEAD_KEY: Error = Error::Conflict("This key does not work any more, so nothing was done.");

/// Whether the permit is worth in this transaction what it was worth at the gate. One statement by primary keys; for somebody
/// of the platform who has stepped into a customer, on PostgreSQL, two more that look at where they are at home.
///
/// At the beginning and not before the commit, because some changes end the session they come from or change what their own
/// actor may do. Without a lock: two people who change each other would each hold what the other waits for. So a change that
/// has begun is finished.
///
/// Public rules and the server's own work stand on nothing that could be taken away. Whoever changes only what is theirs needs
/// their session and account, whatever they may do besides.
///
/// # Errors
/// [`Error::Conflict`] for whoever does not stand any more.
pub(crate) async fn recheck<R: Rule>(tx: &mut Tx, permit: &Permit<R>) -> Result<()> {
    if matches!(R::NEED, Need::Nobody | Need::Anyone) {
        return Ok(());
    }
    match *permit.actor() {
        Actor::User { id, session, .. } | Actor::Operator { id, session } => {
            let inside = tx.tenant();
            let home = permit.caller().map_or(inside, |caller| caller.tenant.id);
            if home != inside {
                enter(&mut tx.conn, home).await?;
            }
            let privileges = privileges(tx, home, id, session).await?;
            if home != inside {
                enter(&mut tx.conn, inside).await?;
            }
            if privileges.is_none() {
                return Err(ENDED);
            }
            let same = R::NEED.permission().is_none() || privileges == permit.seen();
            if same { Ok(()) } else { Err(CHANGED) }
        }
        Actor::Key { id, .. } => {
            if key_stands(tx, id).await? {
                Ok(())
            } else {
                Err(DEAD_KEY)
            }
        }
        Actor::Anonymous | Actor::System(_) => Ok(()),
    }
}

/// Changes so far of what an active user may do whose session has not been ended; nothing where either is not so.
async fn privileges(tx: &mut Tx, home: TenantId, user: UserId, session: SessionId) -> Result<Option<i64>> {
    let found: Option<(i64,)> = row!(
        tx,
        "SELECT u.privileges FROM session s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
         WHERE s.tenant = $1 AND s.id = $2 AND s.user_id = $3 AND s.ended_at IS NULL AND u.status = 'active'",
        home.uuid(),
        session.uuid(),
        user.uuid()
    )?;
    Ok(found.map(|(privileges,)| privileges))
}

/// Whether a key is not revoked and whoever made it, if anybody did, is active.
async fn key_stands(tx: &mut Tx, key: ApiKeyId) -> Result<bool> {
    let tenant = tx.tenant();
    let found: Option<(i64,)> = row!(
        tx,
        "SELECT k.created_at FROM api_key k LEFT JOIN users u ON u.tenant = k.tenant AND u.id = k.created_by
         WHERE k.tenant = $1 AND k.id = $2 AND k.revoked_at IS NULL AND (k.created_by IS NULL OR u.status = 'active')",
        tenant.uuid(),
        key.uuid()
    )?;
    Ok(found.is_some())
}
