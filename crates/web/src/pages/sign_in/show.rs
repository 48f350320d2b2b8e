//! The form for address and password.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::Public;

use super::{Next, elsewhere};
use crate::{
    access::Access,
    forms::{Field, LocalPath, Problem, Query, Typed},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "sign_in/password.html")]
pub(super) struct SignInPage {
    shell: Shell,
    sentence: &'static str,
    problems: Vec<Problem>,
    next: String,
    address: Field,
    password: Field,
}

impl SignInPage {
    pub(super) fn new(visit: &Visit, next: &LocalPath, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self {
            shell: Shell::card(visit, "Sign in"),
            sentence: "To your organisation's security back office.",
            next: next.to_string(),
            address: Field::new("address", "E-mail address").again(typed, &problems),
            password: Field::new("password", "Password").emptied(&problems),
            problems,
        }
    }
}

pub(super) async fn show(Access(permit): Access<Public>, visit: Visit, Query(next): Query<Next>) -> Response {
    let next = next.place();
    elsewhere(&permit, &next)
        .unwrap_or_else(|| SignInPage::new(&visit, &next, &Typed::default(), Vec::new()).into_response())
}
