//! An error as a page for people.

use askama::Template;
use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

use super::Error;
use crate::shell::{Link, Shell, Visit};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    status: u16,
    title: &'static str,
    detail: &'static str,
    advice: &'static [&'static str],
    action: Link,
    back: Option<Link>,
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
        action: match error {
            Error::DeadLink(_) => Link::new("Go to the sign-in", "/sign-in"),
            _ => Link::new("Go to the start page", "/"),
        },
        back: None,
    };
    match page.render() {
        Ok(html) => (error.status(), error.headers(), Html(html)).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "the error page cannot be rendered");
            (error.status(), [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], public.title)
                .into_response()
        }
    }
}
