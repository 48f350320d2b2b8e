//! Removing a schema, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::EventSchemaId, rule::SetIntake};
use bailiwick_ops::audit::intake;
use bailiwick_store::{Store, intake as stored};

use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(in crate::pages::audit) async fn ask(
    Access(permit): Access<SetIntake>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
) -> Result<ConfirmPage> {
    let schema = stored::schema(&mut store.read(&permit).await?, id).await?;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the schema?").under("Product events", "/audit/intake"),
        question: format!("Remove the schema of {}?", schema.action),
        sentence: "What it says stays in its history.".to_owned(),
        effects: vec![
            "Events of this action may look as they like from this moment.".to_owned(),
            "The removal is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/audit/intake/schemas/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove schema",
        cancel: format!("/audit/intake/schemas/{id}"),
    })
}

pub(in crate::pages::audit) async fn remove(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Id(id): Id<EventSchemaId>,
) -> Result<SeeOther> {
    intake::remove_schema(&store, &permit, id).await?;
    Ok(SeeOther::to("/audit/intake").tell(Message::EventSchemaRemoved))
}
