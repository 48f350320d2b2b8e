//! Ending a restore before its time, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::RestoreState, ids::AuditRestoreId, rule::RestoreSegment};
use bailiwick_ops::audit::restore as operation;
use bailiwick_store::{Store, audit::restore};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::{confirm::ConfirmPage, parts::grouped},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<RestoreSegment>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<AuditRestoreId>,
) -> Result<ConfirmPage> {
    let found = restore::find(&mut store.read(&permit).await?, id).await?;
    if !matches!(found.state, RestoreState::Waiting | RestoreState::Done) {
        return Err(Error::Conflict("This segment is not back any more."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Let the segment go?")
            .under("Back from the archive", "/audit/restores"),
        question: "Let the segment go?".to_owned(),
        sentence: format!("Leaves {} to {}.", grouped(found.first_leaf), grouped(found.segment - 1)),
        effects: vec![
            "Records that the retention had taken leave the database again.".to_owned(),
            "The segment stays in the archive, and can be brought back again.".to_owned(),
        ],
        danger: false,
        action: format!("/audit/restores/{id}/end"),
        hidden: Vec::new(),
        reason: None,
        button: "Let go",
        cancel: "/audit/restores".to_owned(),
    })
}

pub(super) async fn end(
    Access(permit): Access<RestoreSegment>,
    State(store): State<Store>,
    Id(id): Id<AuditRestoreId>,
) -> Result<SeeOther> {
    operation::end(&store, &permit, id).await?;
    Ok(SeeOther::to("/audit/restores").tell(Message::RestoreEnded))
}
