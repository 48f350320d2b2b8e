//! How far the two jobs of the log are behind, over all tenants: for whoever watches the server.

use bailiwick_domain::time::Timestamp;

use super::checkpoint::job_scope;
use crate::{Result, conn::on, store::Store};

/// Counting stops here, so that looking at a large backlog does not add to it.
pub const LAG_CAP: i64 = 100_000;

/// How far the jobs are behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Events without a place in their tree, counted up to [`LAG_CAP`]; always none on SQLite.
    pub waiting: i64,
    /// When the oldest of them was recorded.
    pub oldest_waiting: Option<Timestamp>,
    /// Events in trees that no checkpoint covers yet.
    pub unsigned: i64,
    /// Trees with such events.
    pub unsigned_trees: i64,
}

/// Reads the lag of the sequencer and of the signer, each by an index that holds nothing else.
pub async fn lag(store: &Store) -> Result<Lag> {
    let mut conn = store.shared.pool.read().await?;
    on!(conn, |c| job_scope(c).await)?;
    let (waiting, oldest): (i64, Option<i64>) = on!(conn, |c| {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM audit_pending LIMIT $1) AS counted), (SELECT min(recorded_at) FROM audit_pending)",
        )
        .bind(LAG_CAP)
        .fetch_one(c)
        .await
    })?;
    let (unsigned, unsigned_trees): (i64, i64) = on!(conn, |c| {
        sqlx::query_as(
            "SELECT CAST(coalesce(sum(size - signed), 0) AS BIGINT), count(*) FROM audit_tree WHERE size > signed",
        )
        .fetch_one(c)
        .await
    })?;
    Ok(Lag { waiting, oldest_waiting: oldest.map(Timestamp::from_micros), unsigned, unsigned_trees })
}
