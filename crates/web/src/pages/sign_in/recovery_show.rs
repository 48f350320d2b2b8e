//! The form for a recovery code in the place of a one-time code.

use askama::Template;
use askama_web::WebTemplate;
use axum::response::Response;
use bailiwick_domain::rule::Public;

use super::{Next, second::Second, step};
use crate::{
    access::Access,
    forms::{Field, LocalPath, Problem, Query},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "sign_in/recovery.html")]
pub(super) struct RecoveryPage {
    shell: Shell,
    problems: Vec<Problem>,
    next: String,
    back: String,
    code: Field,
}

impl RecoveryPage {
    pub(super) fn new(visit: &Visit, next: &LocalPath, problems: Vec<Problem>) -> Self {
        Self {
            shell: Shell::card(visit, "Use a recovery code"),
            next: next.to_string(),
            back: step("/sign-in/code", next),
            code: Field::new("code", "Recovery code")
                .hint("Five groups of five. Each code is good once.")
                .emptied(&problems),
            problems,
        }
    }
}

pub(super) async fn recovery_show(
    Access(permit): Access<Public>,
    visit: Visit,
    Query(next): Query<Next>,
) -> Response {
    Second::RecoveryCode.show(&permit, &visit, &next.place())
}
