//! Calling a destruction off, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::DestructionState, ids::KeyDestructionId, rule::CancelKeyDestruction};
use bailiwick_ops::keys;
use bailiwick_store::{Store, keys::find_destruction};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<CancelKeyDestruction>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<KeyDestructionId>,
) -> Result<ConfirmPage> {
    let found = find_destruction(&mut store.read(&permit).await?, id).await?.destruction;
    if found.state != DestructionState::Waiting {
        return Err(Error::Conflict("It was done or called off already."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Call it off?").under("Encryption keys", "/keys"),
        question: format!("Keep version {} of the encryption key?", found.version),
        sentence: "Its destruction is called off.".to_owned(),
        effects: vec!["It can be asked for again, with another waiting time.".to_owned()],
        danger: false,
        action: format!("/keys/destructions/{id}/cancel"),
        hidden: Vec::new(),
        reason: None,
        button: "Keep the key",
        cancel: "/keys".to_owned(),
    })
}

pub(super) async fn cancel(
    Access(permit): Access<CancelKeyDestruction>,
    State(store): State<Store>,
    Id(id): Id<KeyDestructionId>,
) -> Result<SeeOther> {
    keys::cancel(&store, &permit, id).await?;
    Ok(SeeOther::to("/keys").tell(Message::KeyDestructionCancelled))
}
