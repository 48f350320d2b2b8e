//! Confirming a sensitive change with the code that was sent: what will happen, in words, and the form that does it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::entity::MailChannel;
use bailiwick_ops::step_up::{Asked, Outcome, WRONG};

use crate::{
    access::{CODE_FIELD, ID_FIELD},
    error::Result,
    forms::{Field, Problem},
    shell::Shell,
    state::Outgoing,
    when::When,
};

/// The form that is sent again with the code, and what surrounds it.
pub(crate) struct Sent {
    pub(crate) shell: Shell,
    /// Where it is posted.
    pub(crate) action: String,
    /// Everything that was typed into it: name and value.
    pub(crate) typed: Vec<(String, String)>,
    pub(crate) button: &'static str,
    pub(crate) cancel: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "step_up.html")]
struct StepUpPage {
    shell: Shell,
    problems: Vec<Problem>,
    sentence: String,
    difference: Vec<String>,
    digest: String,
    sent_to: String,
    /// It goes to a phone, as a text message.
    by_message: bool,
    /// Nothing where no code was sent just now.
    until: Option<When>,
    /// No mail is set up, so no code arrives.
    waits: bool,
    action: String,
    typed: Vec<(String, String)>,
    id_field: &'static str,
    id: String,
    code: Field,
    button: &'static str,
    cancel: String,
}

/// Where it leads, or what is shown, once it is done; until then the page on which the code is typed, which `sent` describes.
pub(crate) async fn answer<T, D: IntoResponse>(
    outcome: Outcome<T>,
    outgoing: &Outgoing,
    done: impl FnOnce(T) -> D,
    sent: impl Future<Output = Result<Sent>>,
) -> Result<Response> {
    match outcome {
        Outcome::Done(value) => Ok(done(value).into_response()),
        Outcome::Asked(code) => Ok(asked(sent.await?, code, outgoing)),
        Outcome::Refused(code) => Ok(refused(sent.await?, code, outgoing)),
    }
}

/// The page after a code was sent.
fn asked(sent: Sent, asked: Asked, outgoing: &Outgoing) -> Response {
    page(sent, asked, outgoing, Vec::new()).into_response()
}

/// The page after a code that does not work, with everything that was typed but the code.
fn refused(sent: Sent, asked: Asked, outgoing: &Outgoing) -> Response {
    let problems = vec![Problem::new(CODE_FIELD, WRONG)];
    (StatusCode::UNPROCESSABLE_ENTITY, page(sent, asked, outgoing, problems)).into_response()
}

fn page(sent: Sent, asked: Asked, outgoing: &Outgoing, problems: Vec<Problem>) -> StepUpPage {
    let by_message = asked.channel == MailChannel::Webhook;
    StepUpPage {
        shell: sent.shell,
        sentence: asked.sentence,
        difference: asked.difference,
        digest: asked.digest,
        sent_to: asked.sent_to,
        until: asked.expires_at.map(When::moment),
        by_message,
        waits: !by_message && matches!(outgoing, Outgoing::Nowhere),
        action: sent.action,
        typed: sent.typed,
        id_field: ID_FIELD,
        id: asked.id.to_string(),
        code: Field::new(CODE_FIELD, "Eight digits")
            .hint(if by_message {
                "From the message. It works once."
            } else {
                "From the letter. It works once."
            })
            .emptied(&problems),
        button: sent.button,
        cancel: sent.cancel,
        problems,
    }
}
