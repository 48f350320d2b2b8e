//! What changed of one thing between two instants, and the records that did it.

use std::collections::BTreeMap;

use axum::extract::State;
use bailiwick_domain::{change::Change, rule::ReadAudit, time::Span};
use bailiwick_store::{Scope, Store, audit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    as_of::{StoodBody, instant, stood},
    thing,
};
use crate::{
    access::Access,
    api::{Pair, audit_events::EventBody},
    error::{Error, Result},
    forms::{Json, Query},
    looking_back::changed,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// A day before `to`, where it is absent.
    from: Option<String>,
    /// Now, where it is absent.
    to: Option<String>,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    from: StoodBody,
    to: StoodBody,
    changes: Vec<Change>,
    /// The newest fifty records after `from` and up to `to`, newest first.
    records: Vec<EventBody>,
    /// The values behind the commitments, by commitment; without those of erased people.
    personal: BTreeMap<String, Value>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Pair(kind, id): Pair<String, String>,
    Query(asked): Query<Parameters>,
) -> Result<Json<Body>> {
    let id = thing(&kind, &id)?;
    let mut view = store.read(&permit).await?;
    let to = match &asked.to {
        Some(to) => instant(to, "`to` is neither a date nor an instant in UTC.")?,
        None => view.now(),
    };
    let from = match &asked.from {
        Some(from) => instant(from, "`from` is neither a date nor an instant in UTC.")?,
        None => to - Span::days(1),
    };
    if from > to {
        return Err(Error::BadRequest("`from` is after `to`."));
    }
    let first = stood(&mut view, &kind, id, from).await?;
    let second = stood(&mut view, &kind, id, to).await?;
    let mut events = first.image.committed();
    events.extend(second.image.committed());
    let personal = audit::revealed(&mut view, &events).await?;
    let records = audit::between(&mut view, &kind, id, from, to).await?;
    Ok(Json(Body {
        from: StoodBody::of(&first, from),
        to: StoodBody::of(&second, to),
        changes: changed(&first.image, &second.image, &personal),
        records: records.into_iter().map(EventBody::from).collect(),
        personal: personal.into_iter().collect(),
    }))
}
