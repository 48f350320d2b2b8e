//! The token that every state-changing request of a browser carries (OWASP "synchronizer token", derived instead of
//! stored), beside the `Origin` and `Sec-Fetch-Site` checks of the bootstrap.
//!
//! The token follows from the cookie that the browser holds: the session, or before sign-in the visitor's cookie. A
//! page of another site can read neither, and with the `__Host-` prefix it cannot plant one either.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, header};
use bailiwick_vault::token::{RandomToken, SessionToken, TokenHash};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use crate::{access::cookies, bootstrap::FormFields, error::Error};

/// The header that carries the token of a request made by script.
pub const HEADER: &str = "x-csrf-token";
/// The form field that carries the token of a form.
pub const FIELD: &str = "csrf";

const STALE: &str = "This form is out of date. Go back, reload the page, and send it again.";

/// The cookie from which a browser's CSRF token follows.
pub(crate) enum Holder {
    /// A signed-in browser, or one whose session has ended but whose cookie is still there.
    Session(SessionToken),
    /// A browser that has not signed in.
    Visitor(RandomToken),
    /// No browser, or one that has not opened a page yet.
    Nobody,
}

impl Holder {
    /// Reads the cookies. A session counts before a visitor's cookie, whether the session is live or not, so that the
    /// page that shows the token and the request that brings it back agree without asking the database.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let session =
            cookies::value(headers, cookies::SESSION).and_then(|text| SessionToken::parse(text).ok());
        let visitor =
            || cookies::value(headers, cookies::VISITOR).and_then(|text| RandomToken::parse(text).ok());
        match session {
            Some(token) => Self::Session(token),
            None => visitor().map_or(Self::Nobody, Self::Visitor),
        }
    }

    /// The token for the pages of this browser; empty for nobody.
    pub(crate) fn token(&self) -> Arc<str> {
        match self {
            Self::Session(token) => token.csrf().as_str().into(),
            Self::Visitor(token) => BASE64_URL_SAFE_NO_PAD.encode(token.hash().as_bytes()).into(),
            Self::Nobody => "".into(),
        }
    }

    /// Whether `submitted` is the token of this browser, in a time that does not depend on where they differ.
    fn matches(&self, submitted: &str) -> bool {
        match self {
            Self::Session(token) => token.csrf_matches(submitted),
            Self::Visitor(token) => hash(submitted).is_some_and(|hash| hash == token.hash()),
            Self::Nobody => false,
        }
    }
}

fn hash(text: &str) -> Option<TokenHash> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    bytes.try_into().ok().map(TokenHash::from_bytes)
}

/// Refuses a state-changing request of a browser that does not carry the browser's token.
///
/// Reading needs none. A request with an `Authorization` header needs none: no browser attaches one by itself, and one beside
/// a session cookie was refused before. Without any cookie a token is asked of whatever a plain HTML form can send, which is how an
/// attacker's page would sign a victim in as somebody else.
pub(crate) fn check(method: &Method, headers: &HeaderMap, form: Option<&FormFields>) -> Result<(), Error> {
    if matches!(*method, Method::GET | Method::HEAD) || headers.contains_key(header::AUTHORIZATION) {
        return Ok(());
    }
    let holder = Holder::of(headers);
    if matches!(holder, Holder::Nobody) && !sent_by_a_form(headers) {
        return Ok(());
    }
    let in_header = headers.get(HEADER).and_then(|value| value.to_str().ok());
    let submitted = in_header.or_else(|| form.and_then(|fields| fields.only(FIELD)));
    if submitted.is_some_and(|token| holder.matches(token)) { Ok(()) } else { Err(Error::Forbidden(STALE)) }
}

/// Whether an HTML form, or a script without leave of this server, could have sent it (WHATWG Fetch, CORS-safelisted).
fn sent_by_a_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
        .iter()
        .any(|form| kind.eq_ignore_ascii_case(form))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use bailiwick_vault::entropy::SystemEntropy;

    use super::*;

    fn cookie(name: &str, value: &str) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("{name}={value}")).unwrap();
        HeaderMap::from_iter([(header::COOKIE, value)])
    }

    fn signed_in() -> HeaderMap {
        cookie(cookies::SESSION, &SessionToken::generate(&[3; 16], &SystemEntropy).expose())
    }

    fn visiting() -> HeaderMap {
        cookie(cookies::VISITOR, &RandomToken::generate(&SystemEntropy).expose())
    }

    fn with_header(mut headers: HeaderMap, token: &str) -> HeaderMap {
        headers.insert(HEADER, HeaderValue::from_str(token).unwrap());
        headers
    }

    fn form(token: &str) -> FormFields {
        FormFields::from(vec![("name".to_owned(), "x".to_owned()), (FIELD.to_owned(), token.to_owned())])
    }

    fn refused(headers: &HeaderMap, form: Option<&FormFields>) -> bool {
        let post = check(&Method::POST, headers, form).is_err();
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(check(&method, headers, form).is_err(), post, "{method}");
        }
        assert!(check(&Method::GET, headers, form).is_ok() && check(&Method::HEAD, headers, form).is_ok());
        post
    }

    #[test]
    fn browser_sends_its_own_token_back_in_the_form_or_the_header() {
        for headers in [signed_in(), visiting()] {
            let token = Holder::of(&headers).token();
            assert!(!refused(&headers, Some(&form(&token))));
            assert!(!refused(&with_header(headers, &token), None));
        }
    }

    #[test]
    fn a_missing_wrong_or_foreign_token_is_refused() {
        for (mine, theirs) in
            [(signed_in(), signed_in()), (visiting(), visiting()), (signed_in(), visiting())]
        {
            let (my_token, their_token) = (Holder::of(&mine).token(), Holder::of(&theirs).token());
            assert!(refused(&mine, None));
            assert!(refused(&mine, Some(&FormFields::from(Vec::new()))));
            assert!(refused(&mine, Some(&form(""))));
            assert!(refused(&mine, Some(&form(&their_token))));
            assert!(refused(&mine, Some(&form(my_token.get(1..).unwrap()))));
            assert!(
                refused(&with_header(mine.clone(), &their_token), Some(&form(&my_token))),
                "the header decides"
            );
        }
    }

    #[test]
    fn a_token_that_is_there_twice_is_refused() {
        let headers = signed_in();
        let token = Holder::of(&headers).token();
        let twice =
            FormFields::from(vec![(FIELD.to_owned(), "x".to_owned()), (FIELD.to_owned(), token.to_string())]);
        assert!(refused(&headers, Some(&twice)));
    }

    #[test]
    fn the_cookie_itself_is_no_token() {
        let token = RandomToken::generate(&SystemEntropy);
        assert!(refused(&cookie(cookies::VISITOR, &token.expose()), Some(&form(&token.expose()))));
        let token = SessionToken::generate(&[3; 16], &SystemEntropy);
        assert!(refused(&cookie(cookies::SESSION, &token.expose()), Some(&form(&token.expose()))));
    }

    #[test]
    fn a_form_without_any_cookie_is_refused_and_a_program_without_any_is_not() {
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "Text/Plain;charset=utf-8",
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert!(refused(&headers, Some(&form(""))), "{kind}");
        }
        let json =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        assert!(!refused(&json, None));
        assert!(!refused(&HeaderMap::new(), None), "the gate asks for a credential");
    }

    #[test]
    fn a_key_needs_no_token() {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"))]);
        assert!(!refused(&headers, None));
    }
}
