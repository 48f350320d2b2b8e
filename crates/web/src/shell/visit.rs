//! What a page needs to know of its request.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use axum_extra::extract::cookie::Cookie;
use bailiwick_domain::time::Timestamp;
use bailiwick_vault::token::SessionToken;

use super::{Message, Site, Theme};
use crate::{
    access::{bearer, cookies},
    bootstrap::Client,
    error::Error,
    forms::LocalPath,
    routes::AccessRow,
    state::AppState,
};

/// What a page needs to know of its request. The bootstrap makes one for each request.
#[derive(Clone, Debug)]
pub struct Visit {
    pub(crate) client: Client,
    pub(crate) site: Arc<Site>,
    pub(crate) csrf: Arc<str>,
    pub(crate) flash: Option<Message>,
    pub(crate) theme: Theme,
    pub(crate) wants: Wants,
    pub(crate) fragment: bool,
    pub(crate) path: LocalPath,
    /// What its sender holds from now on, if the gate gave their session another token; shared with the bootstrap.
    pub(crate) renewed: Arc<OnceLock<Renewed>>,
}

/// A session's new token, with the CSRF token that follows from it.
pub(crate) struct Renewed {
    token: NewToken,
    csrf: Arc<str>,
}

/// A session's new token, as whoever showed the one before gets it.
pub(crate) enum NewToken {
    /// A browser.
    Cookie(Cookie<'static>),
    /// A program that showed a bearer token.
    Header(HeaderValue),
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewed(…)")
    }
}

/// The form of answer that the caller reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A page, for a person.
    Page,
    /// JSON, for a program.
    Json,
}

impl Visit {
    /// Reads what the request says of itself. `csrf` is the token of its browser.
    pub(crate) fn new(client: Client, site: Arc<Site>, csrf: Arc<str>, parts: &Parts) -> Self {
        let headers = &parts.headers;
        let local = parts.uri.path_and_query().and_then(|path| LocalPath::parse(path.as_str()));
        Self {
            client,
            site,
            csrf,
            flash: cookies::value(headers, cookies::FLASH).and_then(Message::named),
            theme: cookies::value(headers, cookies::THEME)
                .and_then(|name| name.parse().ok())
                .unwrap_or_default(),
            wants: Wants::of(parts.uri.path(), headers),
            fragment: headers.contains_key("hx-request"),
            path: local.unwrap_or_else(LocalPath::start),
            renewed: Arc::default(),
        }
    }

    /// Notes that the session has another token: the page of this very answer carries its CSRF token.
    pub(crate) fn renew(&mut self, token: &SessionToken, as_bearer: bool) {
        let csrf: Arc<str> = token.csrf().as_str().into();
        self.csrf = Arc::clone(&csrf);
        let token = if as_bearer {
            NewToken::Header(bearer::header(token))
        } else {
            NewToken::Cookie(cookies::session(token))
        };
        // A request is admitted once, so nothing stands there yet.
        drop(self.renewed.set(Renewed { token, csrf }));
    }

    /// The session's new token, to be handed out with the answer.
    pub(crate) fn renewed(&self) -> Option<&NewToken> {
        self.renewed.get().map(|renewed| &renewed.token)
    }

    /// As it is once the request was handled.
    pub(crate) fn afterwards(&self) -> Self {
        let csrf = self.renewed.get().map_or(&self.csrf, |renewed| &renewed.csrf);
        Self { csrf: Arc::clone(csrf), ..self.clone() }
    }

    /// When the request arrived.
    pub fn now(&self) -> Timestamp {
        self.client.now
    }

    /// The form of answer that the caller reads.
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// Whether a script of ours asked for a part of a page.
    pub fn is_fragment(&self) -> bool {
        self.fragment
    }

    /// Every route of the running server with its rule.
    pub fn access_table(&self) -> &[AccessRow] {
        &self.site.table
    }
}

impl Wants {
    /// JSON below `/v1/`, for whoever shows an API key, and for whoever accepts JSON and no pages.
    fn of(path: &str, headers: &HeaderMap) -> Self {
        let accepts = |kind: &str| {
            let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
            accept
                .flat_map(|value| value.split(','))
                .any(|range| range.split(';').next().unwrap_or_default().trim() == kind)
        };
        let json = accepts("application/json") || accepts("application/problem+json");
        if path == "/v1"
            || path.starts_with("/v1/")
            || headers.contains_key(header::AUTHORIZATION)
            || json && !accepts("text/html")
        {
            Self::Json
        } else {
            Self::Page
        }
    }
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Error::internal("a request without the bootstrap"))
    }
}

#[cfg(test)]
impl Visit {
    /// A visit of nobody in particular.
    pub(crate) fn sample() -> Self {
        let (parts, ()) = axum::http::Request::builder().uri("/users").body(()).unwrap().into_parts();
        Self::new(Client::sample(), Arc::default(), "csrf-token".into(), &parts)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn programs_get_json_and_people_get_pages() {
        let of = |path: &str, accept: &'static str| {
            Wants::of(path, &HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(of("/users", browser), Wants::Page);
        assert_eq!(of("/users", "*/*"), Wants::Page);
        assert_eq!(of("/v1/users", browser), Wants::Json);
        assert_eq!(of("/v1x", browser), Wants::Page);
        assert_eq!(of("/users", "application/json"), Wants::Json);
        assert_eq!(of("/users", "application/problem+json;q=1, application/json"), Wants::Json);
        assert_eq!(of("/users", "text/html, application/json"), Wants::Page);
        let key = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"))]);
        assert_eq!(Wants::of("/users", &key), Wants::Json);
    }
}
