//! Deleting a secret, after a question and with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::SecretId, rule::DeleteSecret};
use bailiwick_ops::secrets;
use bailiwick_store::{
    Store,
    secrets::{self as stored, Listed},
};

use super::{LIST, shell};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::{
        confirm::ConfirmPage,
        parts::counted,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<DeleteSecret>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
) -> Result<ConfirmPage> {
    let Listed { secret, used } = stored::find(&mut store.read(&permit).await?, id).await?;
    let uses = counted(used.map_or(0, |used| used.uses), "use");
    Ok(ConfirmPage {
        shell: shell(&permit, &visit, &secret, "Delete the secret?"),
        question: format!("Delete “{}”?", secret.name),
        sentence: "This cannot be undone by anybody: nobody has its values but whoever stored them."
            .to_owned(),
        effects: vec![
            format!("Programs that ask for it get nothing ({uses} so far)."),
            "Every version of it is gone: staged, current and previous.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("{LIST}/{id}/delete"),
        hidden: Vec::new(),
        reason: None,
        button: "Delete secret",
        cancel: format!("{LIST}/{id}"),
    })
}

pub(super) async fn delete(
    Access(permit): Access<DeleteSecret>,
    confirmation: Confirmation<DeleteSecret>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<SecretId>,
) -> Result<Response> {
    let outcome = secrets::delete(&state.store, &permit, id, confirmation.answer()).await?;
    let done = |_| SeeOther::to(LIST).tell(Message::SecretDeleted);
    let sent = async {
        let found = stored::find(&mut state.store.read(&permit).await?, id).await?.secret;
        Ok(Sent {
            shell: shell(&permit, &visit, &found, "Confirm with a code"),
            action: format!("{LIST}/{id}/delete"),
            typed: Vec::new(),
            button: "Delete secret",
            cancel: format!("{LIST}/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
