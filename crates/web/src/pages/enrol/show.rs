//! The form for the first password.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::enrolment::Enrolled;
use bailiwick_store::Store;
use bailiwick_vault::token::EnrolmentToken;

use super::{Link, enrolled};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, Problem, in_order},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "enrol/set_password.html")]
pub(super) struct SetPasswordPage {
    shell: Shell,
    title: String,
    sentence: String,
    problems: Vec<Problem>,
    action: String,
    address: String,
    name: Option<Field>,
    new: Field,
    again: Field,
    button: &'static str,
}

impl SetPasswordPage {
    pub(super) fn new(visit: &Visit, token: &EnrolmentToken, who: Enrolled, problems: Vec<Problem>) -> Self {
        let new = Field::new("new", "Password").hint("At least 12 characters. Length beats symbols.");
        let again = Field::new("again", "Password again");
        let fields = [new.named(), again.named()];
        Self {
            shell: Shell::card(visit, "Set your password"),
            title: format!("Welcome, {}", who.user.name),
            sentence: format!(
                "Choose the password with which you sign in to {}. The link works once.",
                who.organisation
            ),
            action: format!("/enrol/{}", token.expose().as_str()),
            address: who.user.email,
            name: None,
            new: new.emptied(&problems),
            again: again.emptied(&problems),
            button: "Set the password",
            problems: in_order(problems, &fields),
        }
    }
}

pub(super) async fn show(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<SetPasswordPage> {
    let who = enrolled(&store, &permit, &token).await?;
    Ok(SetPasswordPage::new(&visit, &token, who, Vec::new()))
}
