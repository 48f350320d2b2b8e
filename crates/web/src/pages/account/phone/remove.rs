//! Removing the number, after a question: codes go to the mailbox again.

use axum::extract::State;
use bailiwick_domain::{entity::phone::masked, rule::ChangeMyProofs};
use bailiwick_ops::phones;
use bailiwick_store::Store;

use crate::{
    access::Access,
    error::{Error, Result},
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<ConfirmPage> {
    let mine = phones::mine(&store, &permit).await?;
    let waiting = mine.waiting.map(|check| check.number);
    let number = mine.verified.map(|phone| phone.number).or(waiting).ok_or(Error::NotFound)?;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the number?").under("Profile and sign-in", "/account"),
        question: "Remove the number?".to_owned(),
        sentence: format!("{} is forgotten here.", masked(&number)),
        effects: vec![
            "One-time codes are sent to your address by mail.".to_owned(),
            "You are told by a letter.".to_owned(),
            "The removal is recorded under your name.".to_owned(),
        ],
        danger: false,
        action: "/account/phone/remove".to_owned(),
        hidden: Vec::new(),
        reason: None,
        button: "Remove number",
        cancel: "/account#phone".to_owned(),
    })
}

pub(super) async fn remove(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
) -> Result<SeeOther> {
    phones::remove(&store, &permit).await?;
    Ok(SeeOther::to("/account#phone").tell(Message::PhoneRemoved))
}
