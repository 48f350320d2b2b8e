//! Recording events of the product: one as an object, up to a thousand as an array.
//!
//! One that is stored is answered 201, one that was there already 200, an array 200 with what became of each in their order. With
//! `wait=included` the answer comes with the places in the tree and their proofs, or after five seconds as 202 without those that
//! are still to come: what is answered is durable either way. `atomic=all`, as it is when nothing is said, stores all of an array or
//! nothing; `atomic=each` stores what is right.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::RecordEvents;
use bailiwick_ops::audit::ingest::{self, Answer, Ask, Item};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::item::ItemBody;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, JsonOctets, Query},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    atomic: Option<String>,
    wait: Option<String>,
}

impl Parameters {
    fn read(&self) -> Result<Ask> {
        let whole = match self.atomic.as_deref() {
            None | Some("all") => true,
            Some("each") => false,
            Some(_) => return Err(Error::BadRequest("`atomic` is all or each.")),
        };
        let included = match self.wait.as_deref() {
            None | Some("durable") => false,
            Some("included") => true,
            Some(_) => return Err(Error::BadRequest("`wait` is durable or included.")),
        };
        Ok(Ask { whole, included })
    }
}

/// What became of the events of an array.
#[derive(Serialize)]
struct ItemsBody {
    items: Vec<ItemBody>,
    stored: usize,
    refused: usize,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<RecordEvents>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
    JsonOctets(body): JsonOctets,
) -> Result<Response> {
    let ask = parameters.read()?;
    let answer = ingest::record(&store, permit, body, ask).await?;
    let late = ask.included && !answer.is_included();
    Ok(if answer.many { array(answer, late) } else { single(answer, late) })
}

fn array(answer: Answer, late: bool) -> Response {
    let stored = answer.items.iter().filter(|item| matches!(item, Item::Stored { .. })).count();
    let refused = answer.items.len() - stored;
    let items = answer.items.into_iter().enumerate().map(|(at, item)| ItemBody::of(at, item)).collect();
    let status = if late { StatusCode::ACCEPTED } else { StatusCode::OK };
    (status, Json(ItemsBody { items, stored, refused })).into_response()
}

fn single(answer: Answer, late: bool) -> Response {
    let item = answer.items.into_iter().next();
    let stored = match &item {
        Some(Item::Stored { event, again, .. }) => Some((*event, *again)),
        _ => None,
    };
    let (Some(item), Some((event, again))) = (item, stored) else {
        return Error::internal("a single event that was neither stored nor refused").into_response();
    };
    let status = match (late, again) {
        (true, _) => StatusCode::ACCEPTED,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::CREATED,
    };
    let location = format!("/v1/audit/events/{event}");
    (status, [(header::LOCATION, location)], Json(ItemBody::of(0, item))).into_response()
}
