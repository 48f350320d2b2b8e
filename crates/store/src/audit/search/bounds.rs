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

/// Leaves next to an end of a range among which the disorder is over, as long as fewer than these are recorded meanwhile: there it is
/// looked for first.
const NEAR: i64 = 1_024;

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
        bounds.first = halve(scope, (-1, size), from - DISORDER).await?;
        let near = (bounds.first + NEAR).min(size);
        let firm = halve(scope, (bounds.first - 1, near), from + DISORDER).await?;
        bounds.firm_first =
            if firm < near { firm } else { halve(scope, (near - 1, size), from + DISORDER).await? };
        bounds.from = from.micros();
    }
    if let Some(to) = sought.to {
        bounds.last = halve(scope, (-1, size), to + DISORDER).await?;
        let near = (bounds.last - NEAR).max(-1);
        let firm = halve(scope, (near, bounds.last), to - DISORDER).await?;
        bounds.firm_last =
            if firm > near + 1 { firm } else { halve(scope, (-1, near + 1), to - DISORDER).await? };
        bounds.to = to.micros();
    }
    Ok(bounds)
}

/// A leaf before which nothing was recorded later, and behind which nothing earlier, than `at` by more than the disorder.
///
/// In the place of a leaf that the retention took stands the next one that is there. Each row of the halving carries when its middle was
/// recorded, so that the leaves are asked once for it.
///
/// It is behind `low`, and at `high` where nothing before that was recorded as late.
async fn halve(scope: &mut impl Scope, (low, high): (i64, i64), at: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| {
        sqlx::query_scalar(
            "WITH RECURSIVE half (low, high, at) AS (
                 SELECT CAST($4 AS BIGINT), CAST($2 AS BIGINT),
                        coalesce((SELECT recorded_at FROM audit_leaf WHERE tenant = $1 AND leaf_index >= ($2 + $4) / 2 ORDER BY leaf_index LIMIT 1), $3)
                 UNION ALL
                 SELECT CASE WHEN half.at < $3 THEN (half.low + half.high) / 2 ELSE half.low END,
                        CASE WHEN half.at < $3 THEN half.high ELSE (half.low + half.high) / 2 END,
                        coalesce((SELECT recorded_at FROM audit_leaf WHERE tenant = $1
                                  AND leaf_index >= CASE WHEN half.at < $3 THEN ((half.low + half.high) / 2 + half.high) / 2
                                                         ELSE (half.low + (half.low + half.high) / 2) / 2 END
                                  ORDER BY leaf_index LIMIT 1), $3)
                 FROM half WHERE half.high - half.low > 1
             ) SELECT high FROM half ORDER BY high - low LIMIT 1",
        )
        .bind(tenant.uuid())
        .bind(high)
        .bind(at.micros())
        .bind(low)
        .fetch_one(c)
        .await
    })?)
}

impl Bounds {
    /// The leaves of a block that lie within the range. The database is asked only about those near one of its ends.
    pub(super) async fn of_block(&self, scope: &mut impl Scope, block: i64) -> Result<Bits> {
        let (begin, end) = (block * BLOCK, (block + 1) * BLOCK);
        let within = Bits::between(self.first - begin, self.last - begin);
        let at_the_start = (begin.max(self.first), end.min(self.firm_first).min(self.last));
        let at_the_end = (begin.max(self.firm_last).max(self.first), end.min(self.last));
        let unsure = [at_the_start, at_the_end].into_iter().filter(|(low, high)| low < high);
        let Some((low, high)) = unsure.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))) else {
            return Ok(within);
        };
        let tenant = scope.tenant();
        let found: Vec<(i64,)> = rows!(
            scope,
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3 AND recorded_at >= $4 AND recorded_at < $5",
            tenant.uuid(),
            low,
            high,
            self.from,
            self.to
        )?;
        let mut bits = within.without(Bits::between(low - begin, high - begin));
        found.iter().for_each(|(leaf,)| bits.set(leaf - begin));
        Ok(bits)
    }
}
