//! The form for the first password.

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
    pages::set_password::SetPasswordPage,
    shell::{Shell, Visit},
};

/// The form for whoever the link enrols.
pub(super) fn page(
    visit: &Visit,
    token: &EnrolmentToken,
    who: Enrolled,
    problems: Vec<Problem>,
) -> SetPasswordPage {
    let new = Field::new("new", "Password").hint("At least 12 characters. Length beats symbols.");
    let again = Field::new("again", "Password again");
    let fields = [new.named(), again.named()];
    SetPasswordPage {
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

pub(super) async fn show(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<SetPasswordPage> {
    let who = enrolled(&store, &permit, &token).await?;
    Ok(page(&visit, &token, who, Vec::new()))
}
