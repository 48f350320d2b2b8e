//! Putting the staged version into use, with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::SecretId, rule::RotateSecret};
use bailiwick_ops::secrets;
use bailiwick_store::secrets as stored;

use super::{LIST, shell, show::refused_at};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::{
        refused::Refused,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn rotate(
    Access(permit): Access<RotateSecret>,
    confirmation: Confirmation<RotateSecret>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<SecretId>,
) -> Result<Response> {
    let path = format!("{LIST}/{id}");
    let outcome = match secrets::rotate(&state.store, &permit, id, confirmation.answer()).await {
        Ok(outcome) => outcome,
        Err(error) => {
            return refused_at(&state.store, &permit, &visit, id, Refused::by(error, &[])?).await;
        }
    };
    let done = |_| SeeOther::to(&path).tell(Message::SecretRotated);
    let sent = async {
        let found = stored::find(&mut state.store.read(&permit).await?, id).await?.secret;
        Ok(Sent {
            shell: shell(&permit, &visit, &found, "Confirm with a code"),
            action: format!("{path}/rotate"),
            typed: Vec::new(),
            button: "Rotate secret",
            cancel: path.clone(),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
