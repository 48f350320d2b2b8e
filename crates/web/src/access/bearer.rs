//! How a program shows the session of the person who signed in with it: as `Authorization: Bearer` (RFC 6750), under a word that
//! says what it is. No browser attaches it by itself, so nothing of it asks for a CSRF token.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bailiwick_store::gate::Credential;
use bailiwick_vault::token::SessionToken;
use zeroize::Zeroizing;

/// In front of a whole session's token. No API key holds a dot.
const WHOLE: &str = "session.";
/// In front of the token of a session that waits for its second factor, which is taken for that step alone.
const WAITING: &str = "pending.";

/// In an answer: the token that takes the place of the one that was shown.
pub(crate) const SESSION_TOKEN: HeaderName = HeaderName::from_static("session-token");
/// In a request: what lets the device of a program be known again. It lets nobody in.
const KNOWN_DEVICE: HeaderName = HeaderName::from_static("known-device");

/// A session's token as it goes behind `Bearer`.
pub(crate) fn whole(token: &SessionToken) -> Zeroizing<String> {
    Zeroizing::new(format!("{WHOLE}{}", token.expose().as_str()))
}

/// The value of [`SESSION_TOKEN`], which no log prints.
pub(crate) fn header(token: &SessionToken) -> HeaderValue {
    // Base64url and a dot are always a value; an empty one opens nothing.
    let mut value = HeaderValue::from_str(&whole(token)).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// As [`whole`], of a session that waits for its second factor.
pub(crate) fn waiting(token: &SessionToken) -> Zeroizing<String> {
    Zeroizing::new(format!("{WAITING}{}", token.expose().as_str()))
}

/// The session behind `Bearer`; nothing for what is none.
pub(super) fn session(text: &str) -> Option<Credential> {
    let parsed = |token: &str| SessionToken::parse(token).ok();
    match text.strip_prefix(WHOLE) {
        Some(token) => parsed(token).map(Credential::Bearer),
        None => text.strip_prefix(WAITING).and_then(parsed).map(Credential::Pending),
    }
}

/// What a program carries to be known again, if it is there exactly once.
pub(super) fn device(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(KNOWN_DEVICE).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_device_that_is_named_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(KNOWN_DEVICE, HeaderValue::from_static("a"));
        assert_eq!(device(&headers), Some("a"));
        headers.append(KNOWN_DEVICE, HeaderValue::from_static("b"));
        assert_eq!(device(&headers), None);
    }
}
