//! Placing a legal hold, which takes a one-time code. Its id is chosen by whoever sends it, the same with the question and with the
//! answer.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{rule::PlaceHold, time::Timestamp};
use bailiwick_ops::audit::hold::{self, NewHold};
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::Json,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    id: String,
    scope: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    entity_type: String,
    #[serde(default)]
    entity_id: String,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    #[serde(default)]
    action: String,
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<PlaceHold>,
    confirmation: Confirmation<PlaceHold>,
    State(store): State<Store>,
    Json(body): Json<Body>,
) -> Result<StatusCode> {
    let new = NewHold {
        id: body.id,
        scope: body.scope,
        person: body.person,
        entity_type: body.entity_type,
        entity_id: body.entity_id,
        from: body.from,
        until: body.until,
        action: body.action,
        reason: body.reason,
    };
    step_up::answer(hold::place(&store, &permit, &new, confirmation.answer()).await?)
}
