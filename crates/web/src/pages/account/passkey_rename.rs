//! Giving a passkey another name.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::Passkey, ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys;
use bailiwick_store::{Actor, Permit, Store};
use serde::Deserialize;

use super::passkeys::about;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Form, Id, Problem, Typed},
    pages::refused::Refused,
    shell::{Message, SeeOther, Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "account/passkey.html")]
pub(super) struct PasskeyPage {
    shell: Shell,
    problems: Vec<Problem>,
    about: String,
    transports: String,
    added: When,
    last_used: Option<When>,
    suspected: Option<When>,
    action: String,
    name: Field,
}

impl PasskeyPage {
    fn new(permit: &Permit<ChangeMyProofs>, visit: &Visit, passkey: &Passkey) -> Self {
        Self {
            shell: Shell::new(permit, visit, &passkey.name).under("Profile and sign-in", "/account"),
            problems: Vec::new(),
            about: about(passkey),
            transports: passkey.transports.join(", "),
            added: When::moment(passkey.created_at),
            last_used: passkey.last_used_at.map(When::moment),
            suspected: passkey.suspected_at.map(When::moment),
            action: format!("/account/passkeys/{}", passkey.id),
            name: Field::new("name", "Name").value(&passkey.name),
        }
    }

    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self { name: self.name.again(typed, &problems), problems, ..self }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Name {
    name: String,
}

pub(super) async fn ask(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<FactorId>,
) -> Result<PasskeyPage> {
    Ok(PasskeyPage::new(&permit, &visit, &mine(&store, &permit, id).await?))
}

pub(super) async fn rename(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<FactorId>,
    form: Form<Name>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match passkeys::rename(&store, &permit, id, &values.name).await {
            Ok(_) => {
                return Ok(SeeOther::to("/account").tell(Message::PasskeyRenamed).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = PasskeyPage::new(&permit, &visit, &mine(&store, &permit, id).await?);
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}

/// A passkey of whoever asks.
pub(super) async fn mine(store: &Store, permit: &Permit<ChangeMyProofs>, id: FactorId) -> Result<Passkey> {
    let Actor::User { id: user, .. } = *permit.actor() else {
        return Err(Error::Forbidden("Only a signed-in person has an account."));
    };
    Ok(bailiwick_store::passkeys::find(&mut store.read(permit).await?, user, id).await?)
}
