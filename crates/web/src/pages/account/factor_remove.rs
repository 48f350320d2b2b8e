//! Removing an authenticator of one's own, after a question.

use axum::extract::State;
use bailiwick_domain::{
    ids::FactorId,
    mfa::Held,
    rule::{ChangeMyProofs, MyProofs},
};
use bailiwick_ops::factors;
use bailiwick_store::{Store, accounts, recovery_codes};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<MyProofs>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<FactorId>,
) -> Result<ConfirmPage> {
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has an account."))?;
    let mut view = store.read(&permit).await?;
    let factors = accounts::factors(&mut view, caller.user.id).await?;
    let factor = factors.into_iter().find(|factor| factor.id == id).ok_or(Error::NotFound)?;
    let left = factors::keeps(&mut view, &caller.user, &factor).await?;
    let last = left < Held::Own;
    let mut effects = vec![
        "Its codes are not taken any more from this moment.".to_owned(),
        "Every other session of yours ends.".to_owned(),
    ];
    if last {
        effects.push("Only your password protects your account then.".to_owned());
        if recovery_codes::of(&mut view, caller.user.id).await?.is_some() {
            effects.push("Your recovery codes go with it.".to_owned());
        }
    }
    effects.push("You are told by a letter, and the removal is recorded.".to_owned());
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the authenticator?")
            .under("Profile and sign-in", "/account"),
        question: format!("Remove “{}”?", factor.name),
        sentence: "It can be set up again afterwards, with another secret.".to_owned(),
        effects,
        danger: true,
        action: format!("/account/factors/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove authenticator",
        cancel: "/account#factors".to_owned(),
    })
}

pub(super) async fn remove(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
) -> Result<SeeOther> {
    let gone = factors::remove(&store, &permit, id).await?;
    let proven = gone.verified_at.is_some();
    Ok(SeeOther::to("/account").tell(if proven { Message::FactorRemoved } else { Message::SetupCancelled }))
}
