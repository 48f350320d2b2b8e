//! The form for the new password.

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
    pages::set_password::SetPasswordPage,
    shell::{Shell, Visit},
};

/// The form for whoever forgot theirs.
pub(super) fn page(
    visit: &Visit,
    token: &PasswordResetToken,
    who: Forgotten,
    problems: Vec<Problem>,
) -> SetPasswordPage {
    SetPasswordPage {
        shell: Shell::card(visit, "Set a new password"),
        title: "Set a new password".to_owned(),
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

pub(super) async fn show(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(link): Id<Link>,
) -> Result<SetPasswordPage> {
    let (token, who) = forgotten(&store, &permit, link).await?;
    Ok(page(&visit, &token, who, Vec::new()))
}
