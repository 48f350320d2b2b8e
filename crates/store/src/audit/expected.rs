//! Whether a thing is still what somebody read before they change it (RFC 9110, If-Match): by the number of its newest record.

use bailiwick_domain::{entity::Entity, rule::Rule};
use uuid::Uuid;

use crate::{
    Error, Permit, Result,
    conn::Conn,
    lock::{locked, row},
    tx::{Scope, Tx},
};

/// The number of the newest record of a thing; 0 for one without a history.
pub async fn revision<E: Entity>(scope: &mut impl Scope, id: Uuid) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT revision FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        E::KIND,
        id
    )?;
    Ok(found.map_or(0, |(revision,)| revision))
}

/// Refuses a transaction that is about to change a thing which is not at a revision that its sender named. The thing is that of the last
/// record, which is the one that the operation recorded.
///
/// After the work and not before: on PostgreSQL a thing's row is locked before its head, here as where records are appended, so that two
/// who change it never wait for each other. From here to the commit nobody else moves the head.
///
/// # Errors
/// [`Error::Stale`].
pub(crate) async fn check_expected<R: Rule>(tx: &mut Tx, permit: &Permit<R>) -> Result<()> {
    let Some(expected) = &permit.expected else { return Ok(()) };
    let Some((kind, id)) = tx.events.last().map(|event| (event.entity_type, event.entity_id)) else {
        return Ok(());
    };
    let tenant = tx.tenant();
    let found: Result<(i64,), sqlx::Error> = locked!(
        tx,
        "SELECT revision FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        kind,
        id
    );
    let written = match found {
        Ok((revision,)) => revision,
        Err(sqlx::Error::RowNotFound) => 0,
        Err(error) => return Err(error.into()),
    };
    // On SQLite the records of changes that are done and not committed yet are written with the commit.
    let waiting = match &tx.conn {
        Conn::SqliteWrite(turn) => turn.waiting(tenant, kind, id),
        Conn::SqliteRead(_) | Conn::SqliteGlance(_) | Conn::Postgres(_) => 0,
    };
    if expected.contains(&(written + waiting)) { Ok(()) } else { Err(Error::Stale) }
}
