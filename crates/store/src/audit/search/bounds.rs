//! A range of time as one of leaves, by halving: the order of leaves is nearly that of time.

use bailiwick_domain::time::{Span, Timestamp};

use super::{
    Sought,
    block::{BLOCK, Bits},
};
use crate::{Result, conn::on, lock::rows, tx::Scope};

/// How far the order of leaves may depart from the order of time: a transaction that commits late, clocks of several
/// servers. Both are far below it; see the time limits in [`crate::PoolOptions`].
const DISORDER: Span = Span::minutes(10);

/// The leaves outside of which nothing of a range of time lies, and those within which everything does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) first: i64,
    pub(super) last: i64,
    firm_first: i64,
    firm_last: i64,
    from: i64,
    to: i64,
}

/// The bounds of what is sought in a tree of `size` leaves.
pub(super) async fn bounds(scope: &mut impl Scope, sought: &Sought, size: i64) -> Result<Bounds> {
    let mut bounds =
        Bounds { first: 0, last: size, firm_first: 0, firm_last: size, from: i64::MIN, to: i64::MAX };
    if let Some(from) = sought.from {
        bounds.first = halve(scope, size, from - DISORDER).await?;
        bounds.firm_first = halve(scope, size, from + DISORDER).await?;
        bounds.from = from.micros();
    }
    if let Some(to) = sought.to {
        bounds.last = halve(scope, size, to + DISORDER).await?;
        bounds.firm_last = halve(scope, size, to - DISORDER).await?;
        bounds.to = to.micros();
    }
    Ok(bounds)
}

/// A leaf before which nothing was recorded later, and behind which nothing earlier, than `at` by more than the disorder.
///
/// In the place of a leaf that the retention took stands the next one that is there.
async fn halve(scope: &mut impl Scope, size: i64, at: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| {
        sqlx::query_scalar(
            "WITH RECURSIVE half (low, high) AS (
                 SELECT CAST(-1 AS BIGINT), CAST($2 AS BIGINT)
                 UNION ALL
                 SELECT CASE WHEN coalesce((SELECT recorded_at FROM audit_leaf WHERE tenant = $1 AND leaf_index >= (half.low + half.high) / 2 ORDER BY leaf_index LIMIT 1), $3) < $3
                             THEN (half.low + half.high) / 2 ELSE half.low END,
                        CASE WHEN coalesce((SELECT recorded_at FROM audit_leaf WHERE tenant = $1 AND leaf_index >= (half.low + half.high) / 2 ORDER BY leaf_index LIMIT 1), $3) < $3
                             THEN half.high ELSE (half.low + half.high) / 2 END
                 FROM half WHERE half.high - half.low > 1
             ) SELECT high FROM half ORDER BY high - low LIMIT 1",
        )
        .bind(tenant.uuid())
        .bind(size)
        .bind(at.micros())
        .fetch_one(c)
        .await
    })?)
}

impl Bounds {
    /// The leaves of a block that lie within the range. The database is asked only about a block near one of its ends.
    pub(super) async fn of_block(&self, scope: &mut impl Scope, block: i64) -> Result<Bits> {
        let (begin, end) = (block * BLOCK, (block + 1) * BLOCK);
        let within = Bits::between(self.first - begin, self.last - begin);
        if begin >= self.firm_first && end <= self.firm_last.max(self.firm_first) {
            return Ok(within);
        }
        let from_the_start = self.from == i64::MIN || begin >= self.firm_first;
        let to_the_end = self.to == i64::MAX || end <= self.firm_last;
        if from_the_start && to_the_end {
            return Ok(within);
        }
        let tenant = scope.tenant();
        let found: Vec<(i64,)> = rows!(
            scope,
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3 AND recorded_at >= $4 AND recorded_at < $5",
            tenant.uuid(),
            begin.max(self.first),
            end.min(self.last),
            self.from,
            self.to
        )?;
        let mut bits = Bits::default();
        found.iter().for_each(|(leaf,)| bits.set(leaf - begin));
        Ok(bits.and(within))
    }
}
