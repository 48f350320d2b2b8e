//! Confirming where a stream leads, with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;
use bailiwick_store::audit;

use super::LIST;
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::step_up::{self, Sent},
    shell::{Message, SeeOther, Shell, Visit},
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
    let sent = async {
        let listed = audit::stream::find(&mut state.store.read(&permit).await?, id).await?;
        Ok(Sent {
            shell: Shell::new(&permit, &visit, "Confirm with a code")
                .under("Audit log", "/audit")
                .under("Streams", LIST)
                .under(listed.stream.name, format!("{LIST}/{id}")),
            action: format!("{LIST}/{id}/start"),
            typed: Vec::new(),
            button: "Start the stream",
            cancel: format!("{LIST}/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
