//! The form for proving again who one is.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    mfa,
    rule::{ProveAgain, Rule},
};
use bailiwick_ops::sign_in::{Proofs, proofs};
use bailiwick_store::{Permit, Store};

use super::Next;
use crate::{
    access::Access,
    error::Result,
    forms::{Field, LocalPath, Problem, Query},
    shell::{Message, Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "sign_in/again.html")]
pub(super) struct AgainPage {
    shell: Shell,
    heading: &'static str,
    sentence: String,
    problems: Vec<Problem>,
    next: String,
    /// Whether something was typed that came too late to be taken: said again once the proof is given.
    unsent: bool,
    /// Nothing for whoever has no password.
    password: Option<Field>,
    /// Nothing for whoever has no authenticator.
    code: Option<Field>,
    /// Whether a passkey proves it, too.
    passkey: bool,
}

impl AgainPage {
    /// The same after a refusal, which remembers whether something came too late.
    pub(super) fn remembering(self, unsent: bool) -> Self {
        Self { unsent: self.unsent || unsent, ..self }
    }

    pub(super) fn new<R: Rule>(
        permit: &Permit<R>,
        visit: &Visit,
        proofs: Proofs,
        next: &LocalPath,
        problems: Vec<Problem>,
    ) -> Self {
        let caller = permit.caller();
        let who = caller.map(|caller| caller.user.email.clone()).unwrap_or_default();
        let (heading, sentence) = match caller.filter(|caller| caller.mfa == mfa::Standing::Unused) {
            Some(caller) => (
                "Use your passkey",
                format!(
                    "{} asks for a passkey at each sign-in, and {who} has one. If yours is lost, sign out and sign in with a recovery code, or ask whoever looks after your organisation.",
                    caller.tenant.name
                ),
            ),
            None => (
                "Is it still you?",
                format!(
                    "You are signed in as {who}. What comes next needs a proof of that from the last minutes."
                ),
            ),
        };
        let password = || Field::new("password", "Password").emptied(&problems);
        let code =
            || Field::new("code", "Six digits").hint("From your authenticator app.").emptied(&problems);
        Self {
            shell: Shell::card(visit, heading),
            heading,
            sentence,
            next: next.to_string(),
            unsent: visit.flash == Some(Message::NotSent),
            password: proofs.password.then(password),
            code: (proofs.password && proofs.code).then(code),
            passkey: proofs.passkey,
            problems,
        }
    }
}

pub(super) async fn again_show(
    Access(permit): Access<ProveAgain>,
    State(store): State<Store>,
    visit: Visit,
    Query(next): Query<Next>,
) -> Result<Response> {
    let proofs = proofs(&store, &permit).await?;
    Ok(AgainPage::new(&permit, &visit, proofs, &next.place(), Vec::new()).into_response())
}
