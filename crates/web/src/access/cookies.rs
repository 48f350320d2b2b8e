//! The cookies of the product. The `__Host-` prefix (RFC 6265bis §4.1.3.2) makes browsers refuse them unless they are
//! Secure, for `/`, and set by this very host: no sibling domain can plant one.

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use bailiwick_domain::time::Span;
use bailiwick_store::gate::CarriedDevices;
use bailiwick_vault::token::{RandomToken, SessionToken};

/// The session of a signed-in browser.
pub const SESSION: &str = "__Host-bailiwick";
/// What a browser holds before it signs in: the sign-in form's CSRF token is derived from it.
pub const VISITOR: &str = "__Host-bailiwick-pre";
/// By which a browser is known again after its sessions have ended.
pub const DEVICE: &str = "__Host-bailiwick-device";
/// The message that the next page shows once.
pub const FLASH: &str = "__Host-bailiwick-flash";
/// The look that the person chose; scripts read it before the first paint, so it is not HttpOnly.
pub const THEME: &str = "theme";

/// Hands a session to the browser. It ends with the browser, or earlier when the server ends it.
pub fn session(token: &SessionToken) -> Cookie<'static> {
    host(SESSION, token.expose().to_string())
}

/// Takes the session cookie away.
pub fn end_session() -> Cookie<'static> {
    gone(SESSION)
}

/// Lets the browser be known again: by what follows from the session in which somebody has just proved who they are, beside
/// what it carries for other organisations. Unlike the others it outlasts the browser's window, for `lasts` at most.
pub fn device(carried: &CarriedDevices, token: &SessionToken, lasts: Span) -> Cookie<'static> {
    let cookie = host(DEVICE, carried.with(&token.device()));
    // The setter takes a type of a library that is none of ours; the text is read back by the same rules.
    let lasting = Cookie::parse(format!("{cookie}; Max-Age={}", lasts.as_seconds()));
    lasting.unwrap_or(cookie)
}

/// Hands a visitor's token to a browser that has not signed in.
pub fn visitor(token: &RandomToken) -> Cookie<'static> {
    host(VISITOR, token.expose().to_string())
}

/// A `__Host-` cookie: Secure, HttpOnly, SameSite=Lax, for the whole site, until the browser closes.
pub(crate) fn host(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Lax).build()
}

/// Removes a cookie that [`host`] made.
pub(crate) fn gone(name: &'static str) -> Cookie<'static> {
    let mut cookie = host(name, String::new());
    cookie.make_removal();
    cookie
}

/// Every value that the request carries under `name`, over all its cookie headers.
pub(crate) fn values<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// The value under `name`, if the request carries exactly one.
pub(crate) fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = values(headers, name);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use bailiwick_vault::entropy::SystemEntropy;

    use super::*;

    #[test]
    fn browser_is_told_to_guard_the_session_cookie() {
        let token = SessionToken::generate(&[1; 16], &SystemEntropy);
        let text = session(&token).to_string();
        let attributes =
            text.strip_prefix(&format!("__Host-bailiwick={}; ", token.expose().as_str())).unwrap();
        assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/");
        let gone = end_session().to_string();
        assert!(
            gone.starts_with("__Host-bailiwick=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"),
            "{gone}"
        );
    }

    #[test]
    fn browser_keeps_the_cookie_of_a_known_device_for_a_bounded_time() {
        let token = SessionToken::generate(&[1; 16], &SystemEntropy);
        let text = device(&CarriedDevices::default(), &token, Span::days(180)).to_string();
        let device = token.device();
        let rest =
            text.strip_prefix(&format!("__Host-bailiwick-device={}; ", device.expose().as_str())).unwrap();
        let mut attributes: Vec<_> = rest.split("; ").collect();
        attributes.sort_unstable();
        assert_eq!(attributes, ["HttpOnly", "Max-Age=15552000", "Path=/", "SameSite=Lax", "Secure"]);
        assert!(!text.contains(token.expose().as_str()), "the session's token is not in it");
    }

    #[test]
    fn a_cookie_that_is_there_twice_counts_as_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-bailiwick=x;theme=dark"));
        assert_eq!(value(&headers, SESSION), Some("x"));
        assert_eq!(value(&headers, THEME), Some("dark"));
        assert_eq!(value(&headers, "bailiwick"), None);
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-bailiwick=y"));
        assert_eq!(value(&headers, SESSION), None);
        assert_eq!(values(&headers, SESSION).count(), 2);
    }
}
