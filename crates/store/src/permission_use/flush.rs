//! Writing noted uses down, in batches of one tenant each.

use bailiwick_domain::time::Timestamp;

use super::Use;
use crate::{
    Result, Store,
    lock::execute,
    store::Quiet,
    tx::{Scope, Tx},
};

/// Batches in one round at most, so that a round ends.
const ROUND: usize = 1_024;

/// Writes down what was noted since the last time, and says how many uses that were.
///
/// Not audited: it says only that requests came, and every request that changed something has its own record. A batch that cannot
/// be written goes on waiting; a crash loses what waits.
pub async fn flush(store: &Store) -> Result<usize> {
    let mut written = 0;
    for _ in 0..ROUND {
        let batch = store.shared.uses.some();
        let Some((first, _)) = batch.first() else { break };
        let mut tx = store.begin_keyless(first.tenant).await?;
        begin(&mut tx).await?;
        for (used, day) in &batch {
            put(&mut tx, *used, *day).await?;
        }
        store.commit_quietly(tx, Quiet::PermissionUsed).await?;
        store.shared.uses.written(&batch);
        written += batch.len();
    }
    Ok(written)
}

/// Notes since when uses are recorded here. Servers agree on the first that says it.
async fn begin(tx: &mut Tx) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "INSERT INTO permission_recording (tenant, since) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING",
        tenant.uuid(),
        now.micros()
    )?;
    Ok(())
}

/// Writes one use down, for the person and for the roles that they have now. Of somebody who is gone nothing is kept.
async fn put(tx: &mut Tx, used: Use, day: Timestamp) -> Result<()> {
    let tenant = tx.tenant();
    let catalogue = std::sync::Arc::clone(&tx.shared.catalogue);
    let permission = catalogue.name(used.permission);
    let touched = execute!(
        tx,
        "INSERT INTO permission_use (tenant, user_id, permission, last_used_on)
         SELECT u.tenant, u.id, CAST($3 AS text), CAST($4 AS bigint) FROM users u WHERE u.tenant = $1 AND u.id = $2
         ON CONFLICT (tenant, user_id, permission) DO UPDATE SET last_used_on = excluded.last_used_on
         WHERE permission_use.last_used_on < excluded.last_used_on",
        tenant.uuid(),
        used.user.uuid(),
        permission,
        day.micros()
    )?;
    // Noted by another server already.
    if touched == 0 {
        return Ok(());
    }
    execute!(
        tx,
        "INSERT INTO role_use (tenant, role, permission, last_used_on)
         SELECT u.tenant, u.role, CAST($3 AS text), CAST($4 AS bigint) FROM users u WHERE u.tenant = $1 AND u.id = $2
         UNION
         SELECT t.tenant, t.role, CAST($3 AS text), CAST($4 AS bigint) FROM team_member m JOIN team_role t ON t.tenant = m.tenant AND t.team = m.team
         WHERE m.tenant = $1 AND m.user_id = $2
         ON CONFLICT (tenant, role, permission) DO UPDATE SET last_used_on = excluded.last_used_on
         WHERE role_use.last_used_on < excluded.last_used_on",
        tenant.uuid(),
        used.user.uuid(),
        permission,
        day.micros()
    )?;
    Ok(())
}
