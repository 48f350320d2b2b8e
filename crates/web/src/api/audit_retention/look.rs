//! What would go now, and what stays and why. Nothing goes by looking.

use std::collections::BTreeMap;

use axum::extract::State;
use bailiwick_domain::{ids::AuditHoldId, rule::ReadRetention};
use bailiwick_store::{Store, audit::retention};
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Query},
    retained::{LOOKED_AT, tried},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// A class whose days are tried, and are not set.
    class: Option<String>,
    days: Option<i64>,
    /// Where to go on: `next` of the answer before.
    from: Option<i64>,
}

#[derive(Serialize)]
pub(in crate::api) struct LookBody {
    classes: BTreeMap<String, ClassBody>,
    segments: Vec<SegmentBody>,
    /// How many records each hold keeps.
    holds: BTreeMap<String, i64>,
    looked_at: i64,
    next: Option<i64>,
}

#[derive(Serialize)]
struct ClassBody {
    goes: i64,
    held: i64,
    not_archived: i64,
    /// Records that the archive has, in the last block of leaves, which is not full.
    open_block: i64,
    /// Records that say who may do what, and stay.
    rights: i64,
}

#[derive(Serialize)]
struct SegmentBody {
    first_leaf: i64,
    size: i64,
    goes: i64,
    held: i64,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRetention>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<LookBody>> {
    let mut view = store.read(&permit).await?;
    let mut days = retention::days(&mut view).await?;
    let class = parameters.class.as_deref().map(str::trim).unwrap_or_default();
    let problems = tried(&mut view, &mut days, class, parameters.days).await?;
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let found = retention::look(&mut view, &days, parameters.from.unwrap_or(0).max(0), LOOKED_AT).await?;
    let class = |(name, count): (String, retention::Class)| {
        let body = ClassBody {
            goes: count.due,
            held: count.held,
            not_archived: count.not_archived,
            open_block: count.open_block,
            rights: count.rights,
        };
        (name, body)
    };
    let hold = |(id, records): (AuditHoldId, i64)| (id.to_string(), records);
    Ok(Json(LookBody {
        classes: found.classes.into_iter().map(class).collect(),
        segments: found
            .segments
            .into_iter()
            .map(|segment| SegmentBody {
                first_leaf: segment.first,
                size: segment.size,
                goes: segment.due,
                held: segment.held,
            })
            .collect(),
        holds: found.holds.into_iter().map(hold).collect(),
        looked_at: found.looked_at,
        next: found.next,
    }))
}
