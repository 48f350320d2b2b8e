//! What would go, and what stays and why: nothing is changed by looking.

use std::collections::BTreeMap;

use bailiwick_domain::{ids::AuditHoldId, retention::Days};

use super::judge::{Why, edge, judge};
use crate::{Result, lock::rows, tx::Scope};

/// Segments at most that are named.
const SEGMENTS: usize = 200;

/// What is said of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    /// Records that go.
    pub due: i64,
    /// Records that stay because a hold keeps them.
    pub held: i64,
    /// Records that stay because they are not archived yet.
    pub not_archived: i64,
    /// Records that are archived, and stay because their block of leaves is the last one and not full.
    pub open_block: i64,
    /// Records that stay because they say who may do what.
    pub rights: i64,
}

/// A segment of which records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its first leaf.
    pub first: i64,
    /// The size of the tree at its end.
    pub size: i64,
    /// Records of it that go.
    pub due: i64,
    /// Records of it that stay because a hold keeps them.
    pub held: i64,
}

/// What would go now.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// By class.
    pub classes: BTreeMap<String, Class>,
    /// The segments of which something goes or is held, in their order.
    pub segments: Vec<Extent>,
    /// How many records each hold keeps.
    pub holds: BTreeMap<AuditHoldId, i64>,
    /// Leaves that were looked at.
    pub looked_at: i64,
    /// Where to go on: enough was looked at, or named, before the end.
    pub next: Option<i64>,
}

/// Looks along the leaves from `from` on, at so many at most, by days that are set or may be.
pub async fn look(scope: &mut impl Scope, days: &Days, from: i64, at_most: i64) -> Result<Look> {
    let (mut look, now, edge) = (Look::default(), scope.now(), edge(scope).await?);
    let mut next = Some(from);
    while let Some(from) = next {
        if look.looked_at >= at_most || look.segments.len() >= SEGMENTS {
            look.next = Some(from);
            break;
        }
        let step = judge(scope, days, now, edge, from, i64::MAX).await?;
        look.looked_at += step.looked_at;
        next = step.next;
        let Some((first, last)) = step.judged.first().zip(step.judged.last()) else { continue };
        let mut segments = segments(scope, first.leaf, last.leaf).await?.into_iter().peekable();
        for judged in step.judged {
            let class = look.classes.entry(judged.class).or_default();
            let (due, held) = match judged.why {
                Why::Due => (1, 0),
                Why::Held(holds) => {
                    for hold in holds {
                        *look.holds.entry(hold.into()).or_default() += 1;
                    }
                    (0, 1)
                }
                Why::NotArchived => {
                    class.not_archived += 1;
                    continue;
                }
                Why::OpenBlock => {
                    class.open_block += 1;
                    continue;
                }
                Why::Rights => {
                    class.rights += 1;
                    continue;
                }
            };
            class.due += due;
            class.held += held;
            while segments.next_if(|(_, size)| *size <= judged.leaf).is_some() {}
            let Some((first, size)) = segments.peek().copied() else { continue };
            if look.segments.last().is_none_or(|last| last.size != size) {
                look.segments.push(Extent { first, size, due: 0, held: 0 });
            }
            if let Some(segment) = look.segments.last_mut() {
                segment.due += due;
                segment.held += held;
            }
        }
    }
    Ok(look)
}

/// The segments that hold leaves from `first` to `last`, in their order.
async fn segments(scope: &mut impl Scope, first: i64, last: i64) -> Result<Vec<(i64, i64)>> {
    let tenant = scope.tenant();
    Ok(rows!(
        scope,
        "SELECT first_leaf, size FROM audit_segment WHERE tenant = $1 AND size > $2 AND first_leaf <= $3 ORDER BY size",
        tenant.uuid(),
        first,
        last
    )?)
}
