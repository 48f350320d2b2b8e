//! Deleting a document for good, after a question and with a code.

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::DocumentId, rule::DeleteDocument};
use bailiwick_ops::documents;
use bailiwick_store::{Store, documents as stored};

use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::{
        confirm::ConfirmPage,
        parts::counted,
        refused::held,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<DeleteDocument>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<DocumentId>,
) -> Result<ConfirmPage> {
    let document = stored::kept(&mut store.read(&permit).await?, id).await?;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Delete the document?").under("Documents", "/documents"),
        question: format!("Delete “{}”?", document.name),
        sentence: "This cannot be undone by anybody, the operator of the server included.".to_owned(),
        effects: vec![
            format!("{} and their keys go for good.", counted(document.versions, "version")),
            "Copies that were downloaded stay where they are. The log keeps who did what with it.".to_owned(),
            "A one-time code is sent to you first.".to_owned(),
        ],
        danger: true,
        action: format!("/documents/{id}/delete"),
        hidden: Vec::new(),
        reason: None,
        button: "Delete document",
        cancel: format!("/documents/{id}"),
    })
}

pub(super) async fn delete(
    Access(permit): Access<DeleteDocument>,
    confirmation: Confirmation<DeleteDocument>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<DocumentId>,
) -> Result<Response> {
    let outcome = match documents::delete(&state.store, &permit, id, confirmation.answer()).await {
        Ok(outcome) => outcome,
        Err(error) => return held(error, &permit, &visit),
    };
    let done = |()| SeeOther::to("/documents").tell(Message::DocumentDeleted);
    let sent = async {
        Ok(Sent {
            shell: Shell::new(&permit, &visit, "Confirm with a code").under("Documents", "/documents"),
            action: format!("/documents/{id}/delete"),
            typed: Vec::new(),
            button: "Delete document",
            cancel: format!("/documents/{id}"),
        })
    };
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
