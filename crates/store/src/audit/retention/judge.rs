//! What becomes of each record whose time is over.

use bailiwick_domain::{
    retention::{Days, over},
    time::{Span, Timestamp},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{STEP, held::held};
use crate::{
    Result,
    audit::{BLOCK, total},
    lock::{row, rows},
    tx::Scope,
};

/// Clocks of several servers differ by less: a record that is younger than another one by more than this has a later leaf.
const CLOCKS: Span = Span::days(1);

/// Why a record goes or stays.
pub(super) enum Why {
    /// It goes.
    Due,
    /// These holds keep it.
    Held(Vec<Uuid>),
    /// It is not archived yet.
    NotArchived,
    /// It is archived, and its block of leaves is not full.
    OpenBlock,
    /// It says who may do what.
    Rights,
}

/// A record whose time is over.
pub(super) struct Judged {
    pub(super) leaf: i64,
    pub(super) class: String,
    pub(super) why: Why,
}

/// Records whose time is over, of one step along the leaves.
pub(super) struct Step {
    pub(super) judged: Vec<Judged>,
    /// Leaves that were looked at.
    pub(super) looked_at: i64,
    /// Where the next step begins; nothing behind the last leaf that can be over.
    pub(super) next: Option<i64>,
}

/// How far the retention may go.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    /// Leaves below this one are archived.
    archived: i64,
    /// Leaves below this one lie in full blocks.
    full: i64,
    size: i64,
}

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    recorded_at: i64,
    action: String,
    rights: bool,
}

/// How far the retention may go: what is archived, in blocks of leaves that are full, whose tiles are so, too.
pub(super) async fn edge(scope: &mut impl Scope) -> Result<Edge> {
    let tenant = scope.tenant();
    let size = total(scope).await?;
    let archived: Option<(Option<i64>,)> =
        row!(scope, "SELECT max(size) FROM audit_segment WHERE tenant = $1", tenant.uuid())?;
    let archived = archived.and_then(|(size,)| size).unwrap_or(0);
    Ok(Edge { archived, full: size.div_euclid(BLOCK) * BLOCK, size })
}

/// Judges the records of the next [`STEP`] leaves from `from` on that are there, below `below`.
pub(super) async fn judge(
    scope: &mut impl Scope,
    days: &Days,
    now: Timestamp,
    edge: Edge,
    from: i64,
    below: i64,
) -> Result<Step> {
    let tenant = scope.tenant();
    let over_with = Step { judged: Vec::new(), looked_at: 0, next: None };
    let Some(fewest) = days.values().min() else { return Ok(over_with) };
    // What was taken before is passed over at once.
    let first: Option<(Option<i64>,)> = row!(
        scope,
        "SELECT min(leaf_index) FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3",
        tenant.uuid(),
        from,
        below
    )?;
    let Some(first) = first.and_then(|(first,)| first) else { return Ok(over_with) };
    let until = first.saturating_add(STEP).min(below);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT l.leaf_index, l.recorded_at, l.action,
                EXISTS (SELECT 1 AS one FROM audit_access a
                        WHERE a.tenant = l.tenant AND a.kind = l.entity_type AND a.recorded_at = l.recorded_at AND a.event = l.event) AS rights
         FROM audit_leaf l WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3
           AND NOT EXISTS (SELECT 1 AS one FROM audit_retired r WHERE r.tenant = l.tenant AND r.leaf_index = l.leaf_index)
         ORDER BY l.leaf_index",
        tenant.uuid(),
        first,
        until
    )?;
    let youngest_over = now - Span::days(*fewest) + CLOCKS;
    let beyond = rows.first().is_some_and(|row| row.recorded_at > youngest_over.micros());
    let looked_at = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let mut held = held(scope, first, until).await?;
    let mut judged = Vec::new();
    for row in rows {
        let at = Timestamp::from_micros(row.recorded_at);
        let Some(class) = over(days, &row.action, at, now) else { continue };
        let why = match held.remove(&row.leaf_index) {
            Some(holds) => Why::Held(holds),
            None if row.rights => Why::Rights,
            None if row.leaf_index >= edge.archived => Why::NotArchived,
            None if row.leaf_index >= edge.full => Why::OpenBlock,
            None => Why::Due,
        };
        judged.push(Judged { leaf: row.leaf_index, class: class.to_owned(), why });
    }
    let next = (!beyond && until < edge.size.min(below)).then_some(until);
    Ok(Step { judged, looked_at, next })
}
