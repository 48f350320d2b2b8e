//! The form with which an invited person joins.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations::Invited;
use bailiwick_store::Store;
use bailiwick_vault::token::InvitationToken;

use super::{Link, invited};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, Problem, Typed, in_order},
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "join/accept.html")]
pub(super) struct JoinPage {
    shell: Shell,
    problems: Vec<Problem>,
    action: String,
    organisation: String,
    role: String,
    purpose: String,
    expires: When,
    address: String,
    /// Whether a passkey is asked for at once, so that it comes first.
    needs_passkey: bool,
    name: Field,
    new: Field,
    again: Field,
}

impl JoinPage {
    pub(super) fn new(visit: &Visit, token: &InvitationToken, who: Invited) -> Self {
        Self {
            shell: Shell::card(visit, "Join"),
            problems: Vec::new(),
            action: format!("/join/{}", token.expose().as_str()),
            organisation: who.organisation,
            role: who.role,
            purpose: who.purpose,
            expires: When::day(who.invitation.expires_at),
            needs_passkey: who.needs_passkey,
            address: who.invitation.email,
            name: Field::new("name", "Your name"),
            new: Field::new("new", "Password").hint("At least 12 characters. Length beats symbols."),
            again: Field::new("again", "Password again"),
        }
    }

    /// The form again, without the passwords.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.name.named(), self.new.named(), self.again.named()];
        Self {
            name: self.name.again(typed, &problems),
            new: self.new.emptied(&problems),
            again: self.again.emptied(&problems),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

pub(super) async fn show(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<JoinPage> {
    let who = invited(&store, &permit, &token).await?;
    Ok(JoinPage::new(&visit, &token, who))
}
