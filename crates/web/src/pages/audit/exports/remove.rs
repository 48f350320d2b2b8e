//! Removing an export's file, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::ExportState, ids::AuditExportId, rule::ExportAudit};
use bailiwick_ops::exports;
use bailiwick_store::{Store, audit::export};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

pub(super) async fn ask(
    Access(permit): Access<ExportAudit>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<AuditExportId>,
) -> Result<ConfirmPage> {
    let found = export::find(&mut store.read(&permit).await?, id).await?.export;
    if found.state == ExportState::Removed {
        return Err(Error::Conflict("The file of this export is gone already."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the file?").under("Exports", "/audit/exports"),
        question: "Remove the file?".to_owned(),
        sentence: format!("{}.", found.format.title()),
        effects: vec![
            "Nobody can download it any more. Copies that were taken stay where they are.".to_owned(),
            "The records stay in the log, and can be exported again.".to_owned(),
        ],
        danger: true,
        action: format!("/audit/exports/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove file",
        cancel: format!("/audit/exports/{id}"),
    })
}

pub(super) async fn remove(
    Access(permit): Access<ExportAudit>,
    State(state): State<AppState>,
    Id(id): Id<AuditExportId>,
) -> Result<SeeOther> {
    exports::remove(&state.store, &permit, &state.spool, id).await?;
    Ok(SeeOther::to("/audit/exports").tell(Message::ExportRemoved))
}
