//! Removing a passkey, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys;
use bailiwick_store::Store;

use super::passkey_rename::mine;
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<FactorId>,
) -> Result<ConfirmPage> {
    let passkey = mine(&store, &permit, id).await?;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the passkey?").under("Profile and sign-in", "/account"),
        question: format!("Remove “{}”?", passkey.name),
        sentence:
            "Nobody can sign in with it any more. The device may go on offering it until you delete it there."
                .to_owned(),
        effects: vec![
            "Every other session of yours ends.".to_owned(),
            "You are told by a letter.".to_owned(),
            "The removal is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/account/passkeys/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove passkey",
        cancel: "/account#passkeys".to_owned(),
    })
}

pub(super) async fn remove(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
) -> Result<SeeOther> {
    passkeys::remove(&store, &permit, id).await?;
    Ok(SeeOther::to("/account").tell(Message::PasskeyRemoved))
}
