//! The receipt of one record: a text that proves without this server that it lies in the log (C2SP tlog-proof), with those of
//! its personal values that are asked for.

use axum::{extract::State, response::Response};
use bailiwick_domain::{disclosure::Disclosure, ids::EventId, rule::ReadAudit};
use bailiwick_store::audit::log;
use serde::Deserialize;

use crate::{
    access::Access,
    api::audit_log::{RECEIPT, pace, text},
    error::{Error, Result},
    forms::{Id, Query},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    /// Paths of personal values that go along, with commas between them; `*` for all of them, none where it is left out.
    disclose: Option<String>,
}

/// A record that no checkpoint covers yet has none: 409, for a moment. With values, the receipt follows them in the text.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
    Id(id): Id<EventId>,
    Query(parameters): Query<Parameters>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let disclosure: Disclosure = parameters
        .disclose
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|_| Error::BadRequest("`disclose` is not a list of paths such as /name,ip."))?;
    let mut view = state.store.read(&permit).await?;
    let receipt = log::disclosed_receipt(&mut view, id, &disclosure).await?;
    let receipt = receipt
        .ok_or(Error::Conflict("No signed checkpoint covers this record yet. Ask again in a moment."))?;
    Ok(text(receipt.to_string(), RECEIPT))
}
