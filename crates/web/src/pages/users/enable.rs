//! Enabling a user again, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::UserStatus, ids::UserId, permission::Permission, rule::DisableUser};
use bailiwick_ops::users;
use bailiwick_store::Store;

use super::reach::{below, target};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let own = "Somebody else has to enable your own account.";
    let user = target(&store, &mut view, &permit, Permission::USER_DISABLE, id, own).await?;
    if user.status == UserStatus::Active {
        return Err(Error::Conflict("The user is active already."));
    }
    Ok(ConfirmPage {
        shell: below(&permit, &visit, &user, "Enable the user?"),
        question: format!("Enable {}?", user.name),
        sentence: format!("They come back as {}.", user.role.title()),
        effects: vec![
            "They can sign in again with what they had before.".to_owned(),
            "The change is recorded under your name.".to_owned(),
        ],
        danger: false,
        action: format!("/users/{id}/enable"),
        hidden: Vec::new(),
        reason: None,
        button: "Enable user",
        cancel: format!("/users/{id}"),
    })
}

pub(super) async fn enable(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<SeeOther> {
    users::enable(&store, &permit, id).await?;
    Ok(SeeOther::to(&format!("/users/{id}")).tell(Message::UserEnabled))
}
