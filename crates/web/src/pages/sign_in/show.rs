//! The form for address and password.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::{ids::TenantId, rule::Public};

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
    /// The id of the organisation to enter; empty for any.
    organisation: String,
    address: Field,
    password: Field,
}

impl SignInPage {
    /// The form again, or for the first time. What names no organisation is left out of it.
    pub(super) fn new(
        visit: &Visit,
        next: &LocalPath,
        organisation: &str,
        typed: &Typed,
        problems: Vec<Problem>,
    ) -> Self {
        Self {
            shell: Shell::card(visit, "Sign in"),
            sentence: "To your organisation's security back office.",
            next: next.to_string(),
            organisation: organisation.parse().map_or_else(|_| String::new(), |id: TenantId| id.to_string()),
            address: Field::new("address", "E-mail address").again(typed, &problems),
            password: Field::new("password", "Password").emptied(&problems),
            problems,
        }
    }
}

pub(super) async fn show(
    Access(permit): Access<Public>,
    visit: Visit,
    Query(asked): Query<Next>,
) -> Response {
    let next = asked.place();
    let organisation = asked.organisation.as_deref().unwrap_or_default();
    elsewhere(&permit, &next).unwrap_or_else(|| {
        SignInPage::new(&visit, &next, organisation, &Typed::default(), Vec::new()).into_response()
    })
}
