//! Confirming where a stream leads, with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;

use super::{LIST, found_with_code};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::step_up,
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn start(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<StreamId>,
) -> Result<Response> {
    let outcome = stream::start(&state.store, &permit, id, confirmation.answer()).await?;
    let done = |_| SeeOther::to(&format!("{LIST}/{id}")).tell(Message::StreamStarted);
    let sent = found_with_code(&state.store, &permit, &visit, id, "start", "Start the stream");
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
