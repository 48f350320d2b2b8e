//! The writes that leave no audit record: a closed list, each with its reason.

use std::time::Duration;

use bailiwick_domain::{
    entity::Session,
    ids::TenantId,
    time::{Span, Timestamp},
};
use tokio::time::timeout;

use crate::{Result, Store, lock::execute, store::Quiet};

/// A session's last request is noted at most this often.
const SEEN_EVERY: Span = Span::minutes(1);

/// A request waits this long for the note to be taken, and then goes on without.
const PATIENCE: Duration = Duration::from_millis(500);

/// Notes that a session was used and moves its idle end.
///
/// Not audited: it says only that requests came, and every request that changed something has its own record.
///
/// A note that cannot be taken (the writer is busy, the disk is full) fails no request. The idle end is then where it was,
/// since nothing but what is stored extends a session, and the next request tries again.
pub(crate) async fn session_seen(store: &Store, tenant: TenantId, session: &Session, idle_minutes: i64) {
    let now = store.now();
    if now < session.last_seen_at + SEEN_EVERY {
        return;
    }
    let noted = timeout(PATIENCE, note(store, tenant, session, now, now + Span::minutes(idle_minutes)));
    match noted.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, cause = ?std::error::Error::source(&error), "the use of a session was not noted");
        }
        Err(_) => tracing::warn!("the use of a session was not noted: the database is busy"),
    }
}

async fn note(
    store: &Store,
    tenant: TenantId,
    session: &Session,
    now: Timestamp,
    idle_until: Timestamp,
) -> Result<()> {
    let mut tx = store.begin(tenant).await?;
    execute!(
        tx,
        "UPDATE session SET last_seen_at = $3, idle_until = $4 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL",
        tenant.uuid(),
        session.id.uuid(),
        now.micros(),
        idle_until.micros()
    )?;
    store.commit_quietly(tx, Quiet::SessionSeen).await
}
