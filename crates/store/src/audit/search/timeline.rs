//! How many events fit, and when they were.

use bailiwick_domain::time::{Span, Timestamp};

use super::{
    COUNT_CAP, Sought,
    block::BLOCK,
    keep::HOUR,
    terms::{Sort, Term},
    walk::{OF_COUNT, Walk, Way},
};
use crate::{
    Result,
    conn::Driver,
    lock::{row, rows},
    tx::Scope,
};

/// Bars at most.
const BARS: i64 = 48;
/// Rows read at once.
const CHUNK: usize = 1_000;
/// How long a bar may be, in seconds.
const WIDTHS: [i64; 14] = [
    60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 7_776_000,
    31_536_000,
];
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// How many events fit.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// So many, or at least so many; [`COUNT_CAP`] at most.
    pub count: i64,
    /// Whether these are all of them.
    pub whole: bool,
    /// The counted ones, newest first.
    leaves: Vec<i64>,
}

/// Counts the events that fit, from the newest on, up to [`COUNT_CAP`].
pub async fn tally(scope: &mut impl Scope, sought: &Sought) -> Result<Tally> {
    let mut walk = Walk::set_out(scope, sought, (0, i64::MAX), Way::Older, OF_COUNT).await?;
    let cap = usize::try_from(COUNT_CAP).unwrap_or(usize::MAX);
    let mut leaves = Vec::new();
    let mut over = false;
    while !over && let Some(sets) = walk.next(scope).await? {
        for (block, bits) in sets {
            leaves.extend(bits.places().rev().map(|place| block * BLOCK + place));
        }
        over = leaves.len() >= cap;
    }
    leaves.truncate(cap);
    let count = i64::try_from(leaves.len()).unwrap_or(COUNT_CAP);
    Ok(Tally { count, whole: !over && !walk.is_tired(), leaves })
}

/// How many events fit, up to `cap`, however much has to be read for it.
pub(in crate::audit) async fn count_up_to(scope: &mut impl Scope, sought: &Sought, cap: i64) -> Result<i64> {
    let mut walk = Walk::set_out(scope, sought, (0, i64::MAX), Way::Older, usize::MAX).await?;
    let mut count = 0;
    while count < cap
        && let Some(sets) = walk.next(scope).await?
    {
        count += sets.iter().map(|(_, bits)| i64::from(bits.count())).sum::<i64>();
    }
    Ok(count.min(cap))
}

/// When events were.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// One after the other, without gaps, the oldest first.
    pub bars: Vec<Bar>,
    /// Whether all that fit are in it: otherwise they are the newest ones.
    pub whole: bool,
}

/// The events of a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// At or after.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
    /// Events that ended well.
    pub ok: i64,
    /// Events that were denied or failed.
    pub not_ok: i64,
}

/// Puts what fits into bars: from what was counted where that is all, or else from the hourly counts where they know what is
/// sought.
pub async fn timeline(scope: &mut impl Scope, sought: &Sought, tally: &Tally) -> Result<Timeline> {
    if !tally.whole && sought.is_counted_by_the_hour() {
        return by_the_hour(scope, sought).await;
    }
    let mut times = Vec::with_capacity(tally.leaves.len());
    for leaves in tally.leaves.chunks(CHUNK) {
        times.extend(times_of(scope, leaves).await?);
    }
    let found = times.iter().map(|(at, _)| *at);
    let (Some(oldest), Some(newest)) = (found.clone().min(), found.max()) else {
        return Ok(Timeline { bars: Vec::new(), whole: tally.whole });
    };
    let from = sought.from.filter(|_| tally.whole).map_or(oldest, Timestamp::micros).min(oldest);
    let to = sought.to.map_or(newest + 1, Timestamp::micros).max(newest + 1);
    let mut bars = bars(from, to, 60);
    for (at, ok) in times {
        put(&mut bars, at, ok, 1);
    }
    Ok(Timeline { bars, whole: tally.whole })
}

impl Sought {
    /// Whether the hourly counts know what is sought: they tell kinds, actions and outcomes apart.
    fn is_counted_by_the_hour(&self) -> bool {
        let known =
            |term: &Term| matches!(term.sort(), Some(Sort::Kind | Sort::Action | Sort::Noun | Sort::Outcome));
        self.clauses.iter().all(|clause| clause.things.is_empty() && clause.terms.iter().all(known))
    }
}

async fn by_the_hour(scope: &mut impl Scope, sought: &Sought) -> Result<Timeline> {
    let tenant = scope.tenant();
    let first: Option<(i64,)> = row!(
        scope,
        "SELECT start FROM audit_rollup WHERE tenant = $1 AND span = 24 ORDER BY start LIMIT 1",
        tenant.uuid()
    )?;
    let Some((first,)) = first else { return Ok(Timeline { bars: Vec::new(), whole: true }) };
    let from = sought.from.map_or(0, Timestamp::micros).max(first * HOUR);
    let to = sought.to.unwrap_or_else(|| scope.now() + Span::seconds(1)).micros().max(from + 1);
    let mut bars = bars(from, to, 3_600);
    let (Some(begin), Some(end)) = (bars.first().map(|bar| bar.from), bars.last().map(|bar| bar.to)) else {
        return Ok(Timeline { bars, whole: true });
    };
    let hours = end.since(begin).as_seconds() / 3_600 / i64::try_from(bars.len()).unwrap_or(1).max(1);
    let start = begin.micros() / HOUR;
    let counts: Vec<(i64, String, String, String, i64)> = rows!(
        scope,
        "SELECT (start - $3) / $5 AS bar, entity_type, action, outcome, CAST(sum(events) AS BIGINT) FROM audit_rollup
         WHERE tenant = $1 AND span = $2 AND start >= $3 AND start < $4 GROUP BY bar, entity_type, action, outcome",
        tenant.uuid(),
        if hours % 24 == 0 { 24_i64 } else { 1 },
        start,
        end.micros() / HOUR,
        hours.max(1)
    )?;
    for (bar, kind, action, outcome, events) in counts {
        let mut terms = vec![Term::kind(&kind), Term::action(&action), Term::outcome(&outcome)];
        terms.extend(action.split_once('.').map(|(noun, _)| Term::noun(noun)));
        if sought.clauses.iter().all(|clause| clause.fits(&terms, None)) {
            put(&mut bars, (start + bar * hours) * HOUR, outcome == "ok", events);
        }
    }
    Ok(Timeline { bars, whole: true })
}

/// Empty bars from before `from` until after `to`, each at least so many seconds long.
fn bars(from: i64, to: i64, least: i64) -> Vec<Bar> {
    let length = (to - from) / SECOND;
    let fits = |width: &&i64| **width >= least && length / **width < BARS;
    let width = WIDTHS.iter().find(fits).copied().unwrap_or(31_536_000) * SECOND;
    // Bars of several days begin with a day; shorter ones with a multiple of their length.
    let mut begin = from - from.rem_euclid(width.min(DAY * SECOND));
    let mut bars = Vec::new();
    while begin < to {
        let end = begin + width;
        let moment = Timestamp::from_micros;
        bars.push(Bar { from: moment(begin), to: moment(end), ok: 0, not_ok: 0 });
        begin = end;
    }
    bars
}

fn put(bars: &mut [Bar], at: i64, ok: bool, events: i64) {
    let place = bars.partition_point(|bar| bar.to.micros() <= at);
    if let Some(bar) = bars.get_mut(place).filter(|bar| bar.from.micros() <= at) {
        *(if ok { &mut bar.ok } else { &mut bar.not_ok }) += events;
    }
}

/// When these leaves were recorded, and whether they ended well.
async fn times_of(scope: &mut impl Scope, leaves: &[i64]) -> Result<Vec<(i64, bool)>> {
    let tenant = scope.tenant();
    let found: Vec<(i64, String)> = match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_as(
                "SELECT l.recorded_at, l.outcome FROM json_each($2) AS n CROSS JOIN audit_leaf l WHERE l.tenant = $1 AND l.leaf_index = n.value",
            )
            .bind(tenant.uuid())
            .bind(serde_json::Value::from(leaves).to_string())
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT l.recorded_at, l.outcome FROM unnest($2::bigint[]) AS n (leaf) JOIN audit_leaf l ON l.tenant = $1 AND l.leaf_index = n.leaf",
            )
            .bind(tenant.uuid())
            .bind(leaves)
            .fetch_all(c)
            .await?
        }
    };
    Ok(found.into_iter().map(|(at, outcome)| (at, outcome == "ok")).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn at(text: &str) -> i64 {
        Timestamp::parse(text).unwrap().micros()
    }

    #[test]
    fn bars_cover_the_range_and_begin_with_a_whole_unit() {
        for (from, to, least, count, first, seconds) in [
            ("2026-11-21T09:10:20Z", "2026-11-21T09:12:00Z", 60, 2, "2026-11-21T09:10:00Z", 60),
            ("2026-11-21T09:10:20Z", "2026-11-21T09:12:00Z", 3_600, 1, "2026-11-21T09:00:00Z", 3_600),
            ("2026-11-01", "2026-11-02", 60, 24, "2026-11-01T00:00:00Z", 3_600),
            ("2026-01-01T05:00:00Z", "2026-12-31", 60, 13, "2026-01-01T00:00:00Z", 2_592_000),
        ] {
            let bars = bars(at(from), at(to), least);
            assert_eq!(bars[0].from.micros(), at(first), "{from}");
            assert_eq!(bars[0].to.since(bars[0].from).as_seconds(), seconds, "{from}");
            assert!(bars.len() >= count - 1 && bars.len() <= 49, "{from}: {}", bars.len());
            assert!(
                bars.last().unwrap().to.micros() >= at(to)
                    && bars.windows(2).all(|two| two[0].to == two[1].from)
            );
        }
    }

    #[test]
    fn events_fall_into_the_bar_of_their_moment() {
        let mut bars = bars(at("2026-11-21T09:00:00Z"), at("2026-11-21T09:02:00Z"), 60);
        put(&mut bars, at("2026-11-21T09:00:59Z"), true, 2);
        put(&mut bars, at("2026-11-21T09:01:00Z"), false, 1);
        put(&mut bars, at("2026-11-21T10:00:00Z"), true, 1);
        assert_eq!(bars.iter().map(|bar| (bar.ok, bar.not_ok)).collect::<Vec<_>>(), [(2, 0), (0, 1)]);
    }
}
