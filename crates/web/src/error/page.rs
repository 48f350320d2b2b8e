//! An error as a page for people.

use askama::Template;
use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use bailiwick_domain::rule::Rule;
use bailiwick_store::Permit;

use super::Error;
use crate::{
    pages::reach,
    shell::{Link, Shell, Visit},
};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'e> {
    shell: Shell,
    status: u16,
    title: &'static str,
    detail: &'e str,
    advice: &'static [&'static str],
    /// Whether signing out is what helps.
    sign_out: bool,
    action: Option<Link>,
    back: Option<Link>,
}

/// The same within the shell, for somebody who is signed in.
#[derive(Template)]
#[template(path = "error_within.html")]
struct ErrorWithin<'e> {
    shell: Shell,
    title: &'static str,
    detail: &'e str,
    advice: &'static [&'static str],
    action: Link,
}

/// Renders the page for whoever holds `permit`, with the navigation that is theirs.
pub(crate) fn page_within<R: Rule>(error: &Error, permit: &Permit<R>, visit: &Visit) -> Response {
    let public = error.public();
    let page = ErrorWithin {
        shell: Shell::new(permit, visit, public.title),
        title: public.title,
        detail: public.detail,
        advice: match error {
            // Nobody is above an owner whom they could ask.
            Error::Forbidden(_) if is_owner(permit) => &[],
            _ => public.advice,
        },
        action: match error {
            Error::Held(_) if reach::opens(visit, permit, "/audit/holds") => {
                Link::new("Look at the legal holds", "/audit/holds")
            }
            _ => Link::new("Go to the start page", "/"),
        },
    };
    answer(error, &page)
}

fn is_owner<R: Rule>(permit: &Permit<R>) -> bool {
    permit.caller().is_some_and(|caller| caller.user.role.is_owner())
}

/// Renders the page. It has no navigation: who may open what is not known here.
pub(crate) fn page(error: &Error, visit: &Visit) -> Response {
    let public = error.public();
    let page = ErrorPage {
        shell: Shell::card(visit, public.title),
        status: error.status().as_u16(),
        title: public.title,
        detail: public.detail,
        advice: public.advice,
        sign_out: matches!(error, Error::SignedIn | Error::Suspended),
        action: match error {
            // Every other page of a suspended organisation says the same.
            Error::Suspended => None,
            Error::DeadLink(_) => Some(Link::new("Go to the sign-in", "/sign-in")),
            _ => Some(Link::new("Go to the start page", "/")),
        },
        back: None,
    };
    answer(error, &page)
}

fn answer(error: &Error, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (error.status(), error.headers(), Html(html)).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "the error page cannot be rendered");
            (error.status(), [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], error.public().title)
                .into_response()
        }
    }
}
