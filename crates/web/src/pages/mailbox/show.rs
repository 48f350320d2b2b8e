//! One message: its text as every reader sees it, and the source of its HTML part.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::Public;

use super::{Number, mailbox};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "mailbox/show.html")]
pub(super) struct MessagePage {
    shell: Shell,
    from: String,
    to: String,
    subject: String,
    id: String,
    at: When,
    /// The text before the link, the link, and the text after it.
    before: String,
    link: String,
    after: String,
    html: String,
}

pub(super) async fn show(
    Access(permit): Access<Public>,
    visit: Visit,
    State(app): State<AppState>,
    Id(Number(number)): Id<Number>,
) -> Result<MessagePage> {
    let kept = mailbox(&app)?.message(number).ok_or(Error::NotFound)?;
    let message = &kept.message;
    let (text, link) = (message.content.text.as_str(), message.content.link.as_str());
    // A message to a phone has none.
    let (before, after) = if link.is_empty() { None } else { text.split_once(link) }.unwrap_or((text, ""));
    let subject = message.content.subject.to_string();
    Ok(MessagePage {
        shell: Shell::new(&permit, &visit, &subject).under("Mailbox", "/mailbox"),
        from: message.from.to_string(),
        to: message.to.to_string(),
        id: message.id.to_string(),
        at: When::moment(message.at),
        before: before.trim_end().to_owned(),
        link: link.to_owned(),
        after: after.trim().to_owned(),
        html: message.content.html.to_string(),
        subject,
    })
}
