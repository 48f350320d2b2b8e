//! Declining, after a question.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations;
use bailiwick_store::Store;

use super::{Link, invited, refused, signed_out};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "join/decline.html")]
pub(super) struct DeclinePage {
    shell: Shell,
    /// The organisation and the way back, while the question is open.
    question: Option<Question>,
}

struct Question {
    organisation: String,
    link: String,
}

pub(super) async fn ask(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<DeclinePage> {
    let organisation = invited(&store, &permit, &token).await?.organisation;
    let link = format!("/join/{}", token.expose().as_str());
    Ok(DeclinePage {
        shell: Shell::card(&visit, "Decline the invitation?"),
        question: Some(Question { organisation, link }),
    })
}

pub(super) async fn decline(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<DeclinePage> {
    signed_out(&permit)?;
    invitations::decline(&store, &permit, &token).await.map_err(refused)?;
    Ok(DeclinePage { shell: Shell::card(&visit, "Invitation declined"), question: None })
}
