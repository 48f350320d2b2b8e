//! The writes that leave no audit record: a closed list, each with its reason.

use bailiwick_domain::{
    entity::Session,
    ids::TenantId,
    time::{Span, Timestamp},
};

use crate::{Result, Store, lock::execute, store::Quiet};

/// A session's last request is noted at most this often.
const SEEN_EVERY: Span = Span::minutes(1);

/// Notes that a session was used and moves its idle end.
///
/// Not audited: it says only that requests came, and every request that changed something has its own record.
pub(crate) async fn session_seen(
    store: &Store,
    tenant: TenantId,
    session: &Session,
    idle_minutes: i64,
) -> Result<()> {
    let now = store.now();
    if now < session.last_seen_at + SEEN_EVERY {
        return Ok(());
    }
    let idle_until: Timestamp = now + Span::minutes(idle_minutes);
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
