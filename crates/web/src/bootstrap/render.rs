//! Errors as pages for people and as problem JSON for programs.

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::csrf::ProtectionError;

use super::app::Ground;
use crate::{
    error::{self, Error},
    forms::LocalPath,
    rates::{POLICY, REMAINING},
    shell::{Message, Visit, Wants},
};

/// Turns an answer that stands for an error into one that its reader can use. An answer that a handler rendered itself
/// (a form with its problems, HTML or JSON) stays as it is.
pub(super) async fn render(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    let Some(visit) = request.extensions().get::<Visit>().cloned() else { return next.run(request).await };
    let here = origin_path(&ground, &request);
    let before = referring_path(&ground, &request);
    let reads = request.method().is_safe();
    let response = next.run(request).await;
    let Some(error) = error_of(&response) else { return response };
    let visit = visit.afterwards();
    log(&error);
    let mut rendered = match (&*error, visit.wants) {
        (Error::SignIn, Wants::Page) => {
            lead(&visit, "/sign-in", here.or_else(|| reads.then(|| visit.path.clone())))
        }
        (Error::SecondFactor, Wants::Page) => {
            lead(&visit, "/sign-in/code", reads.then(|| visit.path.clone()))
        }
        // What was sent is not kept; the page that it was sent from is where it can be sent again.
        (Error::Reauthenticate, Wants::Page) => {
            let back = if reads { Some(visit.path.clone()) } else { before };
            let mut led = lead(&visit, "/sign-in/again", here.or(back));
            // Said before the proof and, since the page of the proof carries it on, on the page behind it.
            if !reads && let Ok(told) = HeaderValue::from_str(&Message::NotSent.cookie().to_string()) {
                led.headers_mut().append(header::SET_COOKIE, told);
            }
            led
        }
        (Error::Enrol, Wants::Page) => lead(&visit, "/enrol/factor", None),
        (error, Wants::Page) => error::page(error, &visit),
        (error, Wants::Json) => error::problem(error, visit.client.id),
    };
    // What the router and the handler said beside the status: which methods there are, which cookies to set, what is left of
    // the limits.
    let (parts, _) = response.into_parts();
    for name in [header::ALLOW, header::SET_COOKIE, header::RETRY_AFTER, POLICY, REMAINING] {
        for value in parts.headers.get_all(&name) {
            rendered.headers_mut().append(&name, value.clone());
        }
    }
    *rendered.extensions_mut() = parts.extensions;
    rendered
}

/// The error that an answer stands for; nothing when it is none, or rendered already.
fn error_of(response: &Response) -> Option<Arc<Error>> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    if let Some(error) = response.extensions().get::<Arc<Error>>() {
        return Some(Arc::clone(error));
    }
    if response.extensions().get::<ProtectionError>().is_some() {
        return Some(Arc::new(Error::Forbidden("This request came from another site.")));
    }
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let rendered =
        ["text/html", "application/json", "application/problem+json"].iter().any(|own| kind.starts_with(own));
    (!rendered).then(|| Arc::new(Error::from_status(status)))
}

/// Leads a person to where they have to go first, and from there back.
fn lead(visit: &Visit, path: &str, back: Option<LocalPath>) -> Response {
    let back = back.filter(|path| path.as_str() != "/");
    let location = back.map_or_else(|| path.to_owned(), |back| back.after(path));
    if visit.fragment {
        // A redirect would put the sign-in page into a part of the present one; htmx leaves the page for this header.
        (StatusCode::UNAUTHORIZED, [(HeaderName::from_static("hx-redirect"), location)]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    }
}

/// The page that a script asked from, when it is one of ours.
fn origin_path(ground: &Ground, request: &Request) -> Option<LocalPath> {
    let current = request.headers().get("hx-current-url")?.to_str().ok()?;
    LocalPath::parse(current.strip_prefix(&ground.settings.public_url.to_string())?)
}

/// The page that a form was sent from, when it is one of ours.
fn referring_path(ground: &Ground, request: &Request) -> Option<LocalPath> {
    let referer = request.headers().get(header::REFERER)?.to_str().ok()?;
    LocalPath::parse(referer.strip_prefix(&ground.settings.public_url.to_string())?)
}

/// Writes the causes of our own faults into the log, under the request's id.
fn log(error: &Error) {
    if let Error::Internal(cause) = error {
        let mut text = cause.to_string();
        let mut source = cause.source();
        while let Some(next) = source {
            let _ = write!(text, ": {next}");
            source = next.source();
        }
        tracing::error!(cause = text, "internal error");
    }
}
