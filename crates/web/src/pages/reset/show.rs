//! The form for the new password.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::passwords::reset::Forgotten;
use bailiwick_store::Store;
use bailiwick_vault::token::PasswordResetToken;

use super::{Link, forgotten};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, Problem},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "enrol/set_password.html")]
pub(super) struct ResetPage {
    shell: Shell,
    title: &'static str,
    sentence: String,
    problems: Vec<Problem>,
    action: String,
    address: String,
    name: Option<Field>,
    new: Field,
    again: Field,
    button: &'static str,
}

impl ResetPage {
    pub(super) fn new(
        visit: &Visit,
        token: &PasswordResetToken,
        who: Forgotten,
        problems: Vec<Problem>,
    ) -> Self {
        Self {
            shell: Shell::card(visit, "Set a new password"),
            title: "Set a new password",
            sentence: format!(
                "For your account at {}. Wherever you are signed in there, that ends. The link works once.",
                who.organisation
            ),
            action: format!("/reset/{}", token.expose().as_str()),
            address: who.user.email,
            name: None,
            new: Field::new("new", "New password")
                .hint("At least 12 characters. Length beats symbols.")
                .emptied(&problems),
            again: Field::new("again", "New password again").emptied(&problems),
            button: "Set the password",
            problems,
        }
    }
}

pub(super) async fn show(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(link): Id<Link>,
) -> Result<ResetPage> {
    let (token, who) = forgotten(&store, &permit, link).await?;
    Ok(ResetPage::new(&visit, &token, who, Vec::new()))
}
