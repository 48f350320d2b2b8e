//! The answer to a form that was done: another page, with a message and perhaps a cookie.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use axum_extra::extract::cookie::Cookie;

use super::Message;
use crate::forms::LocalPath;

/// 303 to another page of this site (RFC 9110 §15.4.4), so that reloading that page repeats nothing.
#[derive(Debug)]
#[must_use = "return it from the handler"]
pub struct SeeOther {
    to: LocalPath,
    cookies: Vec<Cookie<'static>>,
}

impl SeeOther {
    /// Leads to `path`, or to the start page when that is not a place on this site.
    pub fn to(path: &str) -> Self {
        Self { to: LocalPath::parse(path).unwrap_or_else(LocalPath::start), cookies: Vec::new() }
    }

    /// The page shows this message once.
    pub fn tell(self, message: Message) -> Self {
        self.cookie(message.cookie())
    }

    /// Sets a cookie with the answer.
    pub fn cookie(mut self, cookie: Cookie<'static>) -> Self {
        self.cookies.push(cookie);
        self
    }
}

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        let cookies =
            self.cookies.iter().filter_map(|cookie| HeaderValue::from_str(&cookie.to_string()).ok());
        let cookies = AppendHeaders(cookies.map(|value| (header::SET_COOKIE, value)).collect::<Vec<_>>());
        (StatusCode::SEE_OTHER, [(header::LOCATION, self.to.to_string())], cookies).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::cookies;

    #[test]
    fn person_is_led_on_with_a_message_and_a_cookie() {
        let answer =
            SeeOther::to("/sign-in").tell(Message::SignedOut).cookie(cookies::end_session()).into_response();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/sign-in");
        let set: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(set.len(), 2);
        assert!(set[0].to_str().unwrap().starts_with("__Host-bailiwick-flash=signed-out; HttpOnly"));
    }

    #[test]
    fn nobody_is_led_to_another_site() {
        for path in ["https://evil.example", "//evil.example", "/\\evil.example", ""] {
            assert_eq!(SeeOther::to(path).into_response().headers()[header::LOCATION], "/");
        }
    }
}
