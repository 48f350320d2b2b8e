//! The receipt of one record: a text that proves without this server that it lies in the log (C2SP tlog-proof), with those of
//! its personal values that are asked for.

use axum::{extract::State, response::Response};
use bailiwick_domain::{
    disclosure::Disclosure,
    ids::EventId,
    rule::{MakeBundle, ReadAudit},
};
use bailiwick_ops::audit::bundles;
use bailiwick_store::audit::log;
use serde::Deserialize;

use crate::{
    access::Access,
    api::audit_log::{RECEIPT, pace, text},
    error::{Error, Result},
    forms::{Id, Json, Problem, Query},
    retained,
    state::AppState,
};

/// There are none: values are asked for by `POST`, since that they left is recorded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {}

/// A record that no checkpoint covers yet has none: 409, for a moment. One that is in the archive alone has none before it is back:
/// 409.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
    Id(id): Id<EventId>,
    Query(Parameters {}): Query<Parameters>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let receipt = log::receipt(&mut view, id).await;
    let receipt = retained::there(&mut view, id, receipt).await?;
    let receipt = receipt
        .ok_or(Error::Conflict("No signed checkpoint covers this record yet. Ask again in a moment."))?;
    Ok(text(receipt.to_string(), RECEIPT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Shown {
    /// Paths of personal values that go along; `*` for all of them.
    disclose: Vec<String>,
}

/// The same with values in front of it. That they left is recorded.
pub(in crate::api) async fn disclose(
    Access(permit): Access<MakeBundle>,
    State(state): State<AppState>,
    Id(id): Id<EventId>,
    Json(shown): Json<Shown>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let disclose = Disclosure::of(&shown.disclose).map_err(|_| {
        let text = "Name up to 50 paths such as /name or ip, or * for all.";
        Error::Invalid(vec![Problem::new("disclose", text)])
    })?;
    let made = bundles::receipt(&state.store, &permit, id, &disclose).await?;
    Ok(text(made.file, "no-store"))
}
