//! Another signing secret, with a code; and the page that shows one, once.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::Stream,
    ids::StreamId,
    rule::{RotateStreamSecret, Rule},
};
use bailiwick_ops::audit::stream::{self, Created};
use bailiwick_store::Permit;

use super::{LIST, found_with_code};
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::Id,
    pages::step_up,
    shell::{Shell, Visit},
    state::AppState,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/stream_secret.html")]
struct SecretPage<'a> {
    shell: Shell,
    name: String,
    href: String,
    secret: &'a str,
    /// Whether the stream's place has to be confirmed next.
    first: bool,
}

/// The page that shows a secret, which no browser keeps.
pub(super) fn secret_page<R: Rule>(
    permit: &Permit<R>,
    visit: &Visit,
    made: &Stream,
    secret: &str,
    first: bool,
) -> Response {
    let page = SecretPage {
        shell: Shell::new(permit, visit, "Copy the secret now")
            .under("Audit log", "/audit")
            .under("Streams", LIST),
        name: made.name.clone(),
        href: format!("{LIST}/{}", made.id),
        secret,
        first,
    };
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

pub(super) async fn rotate(
    Access(permit): Access<RotateStreamSecret>,
    confirmation: Confirmation<RotateStreamSecret>,
    State(state): State<AppState>,
    visit: Visit,
    Id(id): Id<StreamId>,
) -> Result<Response> {
    let outcome = stream::rotate(&state.store, &permit, id, confirmation.answer()).await?;
    let done = |made: Created| {
        let secret = made.secret.unwrap_or_default();
        secret_page(&permit, &visit, &made.stream, &secret, false)
    };
    let sent = found_with_code(&state.store, &permit, &visit, id, "secret", "Make another secret");
    step_up::answer(outcome, &state.outgoing, done, sent).await
}
