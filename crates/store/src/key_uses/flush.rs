//! Writing noted uses of keys down, in batches of one tenant each.

use std::collections::HashSet;

use bailiwick_domain::{ids::ApiKeyId, time::Span};

use super::{
    MOST_CALLERS,
    buffer::{KeyUse, Seen},
};
use crate::{
    Result, Store,
    lock::{execute, row},
    store::Quiet,
    tx::{Scope, Tx},
};

/// Batches in one round at most, so that a round ends.
const ROUND: usize = 1_024;

/// A caller that was not seen for so long is forgotten.
const CALLERS_LAST: Span = Span::days(90);

/// Writes down what was noted since the last time, and says how many uses that were.
///
/// Not audited: it says only that requests came, and every request that changed something has its own record. A batch that cannot
/// be written goes on waiting; a crash loses what waits.
pub async fn flush(store: &Store) -> Result<usize> {
    let mut written = 0;
    for _ in 0..ROUND {
        let batch = store.shared.key_uses.some();
        let Some((first, _)) = batch.first() else { break };
        let mut tx = store.begin(first.tenant).await?;
        let mut keys = HashSet::new();
        for (used, seen) in &batch {
            if put(&mut tx, *used, *seen).await? {
                keys.insert(used.key);
            }
        }
        for key in keys {
            bound(&mut tx, key).await?;
        }
        store.commit_quietly(tx, Quiet::KeyUsed).await?;
        store.shared.key_uses.written(&batch);
        written += batch.len();
    }
    Ok(written)
}

/// Writes one use down, and says whether the key is there. Of a maker who is gone nothing is kept.
async fn put(tx: &mut Tx, used: KeyUse, seen: Seen) -> Result<bool> {
    let tenant = tx.tenant();
    let catalogue = std::sync::Arc::clone(&tx.shared.catalogue);
    let scope = used.scope.map(|scope| catalogue.name(scope));
    let address = used.address.map(|address| address.to_canonical().to_string());
    let caller = execute!(
        tx,
        "INSERT INTO api_key_caller (tenant, key, address, agent, first_seen_at, last_seen_at)
         SELECT k.tenant, k.id, CAST($3 AS text), CAST($4 AS text), CAST($5 AS bigint), CAST($6 AS bigint) FROM api_key k
         WHERE k.tenant = $1 AND k.id = $2 AND (k.created_by IS NULL OR EXISTS (SELECT 1 AS one FROM users u WHERE u.tenant = k.tenant AND u.id = k.created_by))
         ON CONFLICT (tenant, key, address, agent) DO UPDATE SET last_seen_at =
             CASE WHEN excluded.last_seen_at > api_key_caller.last_seen_at THEN excluded.last_seen_at ELSE api_key_caller.last_seen_at END",
        tenant.uuid(),
        used.key.uuid(),
        address.as_deref().unwrap_or_default(),
        used.agent.name(),
        seen.first.micros(),
        seen.last.micros()
    )?;
    if caller == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "INSERT INTO api_key_use (tenant, key, last_used_at, address, agent, scope) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, key) DO UPDATE SET last_used_at = excluded.last_used_at, address = excluded.address, agent = excluded.agent, scope = excluded.scope
         WHERE api_key_use.last_used_at <= excluded.last_used_at",
        tenant.uuid(),
        used.key.uuid(),
        seen.last.micros(),
        address.as_deref(),
        used.agent.name(),
        scope
    )?;
    if let Some(scope) = scope {
        execute!(
            tx,
            "INSERT INTO api_key_scope (tenant, key, scope, last_used_on) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant, key, scope) DO UPDATE SET last_used_on = excluded.last_used_on
             WHERE api_key_scope.last_used_on < excluded.last_used_on",
            tenant.uuid(),
            used.key.uuid(),
            scope,
            seen.last.start_of_day().micros()
        )?;
    }
    Ok(true)
}

/// Keeps the callers of a key to their bound. Where one has to go that was there lately, it is noted: nobody can say any more that
/// all of them have moved to another key.
async fn bound(tx: &mut Tx, key: ApiKeyId) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "DELETE FROM api_key_caller WHERE tenant = $1 AND key = $2 AND last_seen_at < $3",
        tenant.uuid(),
        key.uuid(),
        (now - CALLERS_LAST).micros()
    )?;
    let newest_too_many: Option<(i64,)> = row!(
        tx,
        "SELECT last_seen_at FROM api_key_caller WHERE tenant = $1 AND key = $2 ORDER BY last_seen_at DESC, address, agent LIMIT 1 OFFSET $3",
        tenant.uuid(),
        key.uuid(),
        MOST_CALLERS
    )?;
    let Some((last_seen,)) = newest_too_many else { return Ok(()) };
    execute!(
        tx,
        "DELETE FROM api_key_caller WHERE tenant = $1 AND key = $2 AND last_seen_at <= $3",
        tenant.uuid(),
        key.uuid(),
        last_seen
    )?;
    execute!(
        tx,
        "UPDATE api_key_use SET callers_dropped_at = $3 WHERE tenant = $1 AND key = $2",
        tenant.uuid(),
        key.uuid(),
        now.micros()
    )?;
    Ok(())
}
