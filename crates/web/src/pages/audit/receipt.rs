//! The receipt of a record with some of its personal values, as a text.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{disclosure::Disclosure, ids::EventId, rule::MakeBundle};
use bailiwick_ops::audit::bundles;
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Form, Id},
    state::AppState,
};

/// Which of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    disclose: String,
}

/// That the values left is recorded.
pub(super) async fn disclose(
    Access(permit): Access<MakeBundle>,
    State(state): State<AppState>,
    Id(id): Id<EventId>,
    form: Form<Shown>,
) -> Result<Response> {
    let wrong =
        || Error::BadRequest("Name up to 50 paths such as /name or ip, with commas between them, or *.");
    let shown = form.values.map_err(|_| wrong())?;
    let disclose: Disclosure = shown.disclose.parse().map_err(|_| wrong())?;
    let made = bundles::receipt(&state.store, &permit, id, &disclose).await?;
    let fields = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((fields, made.file).into_response())
}
