//! The form for the one-time code.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::Response;
use bailiwick_domain::rule::{Public, Rule};
use bailiwick_store::Permit;

use super::{Next, second::Second, step};
use crate::{
    access::Access,
    forms::{Field, LocalPath, Problem, Query},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "sign_in/code.html")]
pub(super) struct SignInCodePage {
    shell: Shell,
    sentence: String,
    problems: Vec<Problem>,
    next: String,
    /// For whoever has lost the authenticator.
    recovery: String,
    code: Field,
}

impl SignInCodePage {
    pub(super) fn new<R: Rule>(
        permit: &Permit<R>,
        visit: &Visit,
        next: &LocalPath,
        problems: Vec<Problem>,
    ) -> Self {
        let sentence = match permit.caller() {
            Some(caller) => format!("From your authenticator app, for {}.", caller.user.email),
            None => "From your authenticator app.".to_owned(),
        };
        Self {
            shell: Shell::card(visit, "Enter your code"),
            sentence,
            next: next.to_string(),
            recovery: step("/sign-in/recovery", next),
            code: Field::new("code", "Six digits").hint("It changes every 30 seconds.").emptied(&problems),
            problems,
        }
    }
}

pub(super) async fn code_show(
    Access(permit): Access<Public>,
    visit: Visit,
    Query(next): Query<Next>,
) -> Response {
    Second::OneTimeCode.show(&permit, &visit, &next.place())
}
