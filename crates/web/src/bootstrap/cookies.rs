//! What a browser holds before it signs in, its session's new token, and the message that a page shows once.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use axum_extra::extract::cookie::Cookie;
use bailiwick_vault::token::RandomToken;

use super::{Client, app::Ground};
use crate::{
    access::{
        bearer::SESSION_TOKEN,
        cookies::{self, FLASH},
    },
    csrf::Holder,
    shell::{NewToken, Visit, Wants},
};

/// Makes the [`Visit`]. A browser without any cookie of ours gets a visitor's with the first page, so that the form on
/// that page has a CSRF token; a message is taken away by the page that showed it. A new token of
/// the session goes with whatever the answer is.
pub(super) async fn greet(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(client) = parts.extensions.get::<Client>().copied() else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let mut holder = Holder::of(&parts.headers);
    let visit = Visit::new(client, Arc::clone(&ground.site), holder.token(), &parts);
    let reads_page = parts.method == Method::GET && visit.wants == Wants::Page && !visit.fragment;
    let mut welcome = None;
    if reads_page && matches!(holder, Holder::Nobody) {
        let token = RandomToken::generate(&*ground.entropy);
        welcome = Some(cookies::visitor(&token));
        holder = Holder::Visitor(token);
    }
    let visit = Visit { csrf: holder.token(), ..visit };
    let had_message = cookies::values(&parts.headers, FLASH).next().is_some();
    parts.extensions.insert(visit.clone());

    let mut response = next.run(Request::from_parts(parts, body)).await;
    match visit.renewed() {
        Some(NewToken::Cookie(cookie)) => set(&mut response, cookie),
        // A handler that handed out another one knows better.
        Some(NewToken::Header(token)) => {
            response.headers_mut().entry(SESSION_TOKEN).or_insert_with(|| token.clone());
        }
        None => {}
    }
    if reads_page && is_page(&response) {
        let read = had_message.then(|| cookies::gone(FLASH));
        for cookie in welcome.into_iter().chain(read) {
            set(&mut response, &cookie);
        }
    }
    response
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Sets a cookie unless the handler set one of that name itself.
fn set(response: &mut Response, cookie: &Cookie<'static>) {
    let prefix = format!("{}=", cookie.name());
    let set = response.headers().get_all(header::SET_COOKIE);
    let taken = set.iter().any(|value| value.to_str().is_ok_and(|text| text.starts_with(&prefix)));
    if let (false, Ok(value)) = (taken, HeaderValue::from_str(&cookie.to_string())) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
