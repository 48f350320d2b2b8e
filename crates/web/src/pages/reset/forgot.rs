//! The form for the address.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::Public;

use super::elsewhere;
use crate::{
    access::Access,
    forms::{Field, Problem, Typed},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "reset/ask.html")]
pub(super) struct ForgotPage {
    shell: Shell,
    problems: Vec<Problem>,
    address: Field,
}

impl ForgotPage {
    pub(super) fn new(visit: &Visit, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self {
            shell: Shell::card(visit, "Forgot your password?"),
            address: Field::new("address", "Address").again(typed, &problems),
            problems,
        }
    }
}

pub(super) async fn forgot(Access(permit): Access<Public>, visit: Visit) -> Response {
    elsewhere(&permit)
        .unwrap_or_else(|| ForgotPage::new(&visit, &Typed::default(), Vec::new()).into_response())
}
