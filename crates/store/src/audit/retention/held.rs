//! Which leaves of a range a legal hold keeps: the one place where the retention asks.
//!
//! The view `audit_held` says of every record what [`hold::held`](crate::audit::hold::held) says of a time and a class: a hold on the
//! organisation keeps everything; one on a person what they did, what was done to them and what holds a value of theirs; one on a thing its
//! history; one on a range its time and class. The triggers that judge each stub read the same view.
//!
//! Whoever takes by the answer has locked the tenant's policy before, as whoever places a hold does.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{Result, lock::rows, tx::Scope};

/// The holds that keep leaves from `from` up to `until`, by leaf.
pub(super) async fn held(scope: &mut impl Scope, from: i64, until: i64) -> Result<BTreeMap<i64, Vec<Uuid>>> {
    let tenant = scope.tenant();
    let found: Vec<(i64, Uuid)> = rows!(
        scope,
        "SELECT leaf_index, hold FROM audit_held WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3",
        tenant.uuid(),
        from,
        until
    )?;
    let mut held: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for (leaf, hold) in found {
        held.entry(leaf).or_default().push(hold);
    }
    Ok(held)
}
