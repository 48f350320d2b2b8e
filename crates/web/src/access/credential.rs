//! Reading what a request shows to prove who sent it.

use axum::http::{HeaderMap, header};
use bailiwick_store::gate::Credential;
use bailiwick_vault::{api_key::ApiKey, token::SessionToken};

use super::{bearer, cookies};
use crate::error::Error;

/// Reads the credential.
///
/// # Errors
/// [`Error::BadRequest`] for a session cookie and an `Authorization` header together, since then it is unclear who asks;
/// [`Error::WrongKey`] for an `Authorization` header that can be neither a key nor a session, which is found out by its
/// form, of a key by its checksum, and costs no look-up. A session cookie that is not one counts as none: a public page
/// is served whatever comes along.
pub(super) fn read(headers: &HeaderMap) -> Result<Credential, Error> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = authorizations.next();
    if authorizations.next().is_some() {
        return Err(Error::BadRequest("The request has more than one Authorization header."));
    }
    let mut sessions = cookies::values(headers, cookies::SESSION);
    let session = sessions.next();
    if sessions.next().is_some() {
        return Err(Error::BadRequest("The request has more than one session cookie."));
    }
    match (authorization, session) {
        (Some(_), Some(_)) => Err(Error::BadRequest("Send an API key or a session cookie, not both.")),
        (Some(value), None) => {
            let text = value.to_str().ok().and_then(token).ok_or(Error::WrongKey)?;
            let key = || ApiKey::parse(text).ok().map(|key| Credential::Key(key.hash()));
            bearer::session(text).or_else(key).ok_or(Error::WrongKey)
        }
        (None, Some(text)) => Ok(SessionToken::parse(text).map_or(Credential::None, Credential::Session)),
        (None, None) => Ok(Credential::None),
    }
}

/// The token of `Bearer <token>` (RFC 6750 §2.1); the scheme's name is case-insensitive (RFC 9110 §11.1).
fn token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use bailiwick_vault::{
        api_key::{Brand, Environment},
        entropy::SystemEntropy,
    };

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn session() -> String {
        let token = SessionToken::generate(&[7; 16], &SystemEntropy);
        format!("{}={}", cookies::SESSION, token.expose().as_str())
    }

    #[test]
    fn program_shows_its_key_as_a_bearer_token() {
        let key = ApiKey::generate(&Brand::default(), Environment::Live, None, &SystemEntropy);
        for scheme in ["Bearer", "bearer", "BEARER "] {
            let headers = headers(&[(header::AUTHORIZATION, &format!("{scheme} {}", key.expose()))]);
            assert!(matches!(read(&headers), Ok(Credential::Key(hash)) if hash == key.hash()), "{scheme}");
        }
    }

    #[test]
    fn program_shows_a_session_under_the_word_that_says_what_it_is() {
        let token = SessionToken::generate(&[7; 16], &SystemEntropy);
        let shown = |text: &str| read(&headers(&[(header::AUTHORIZATION, &format!("Bearer {text}"))]));
        let (whole, waiting) = (bearer::whole(&token), bearer::waiting(&token));
        assert!(matches!(shown(&whole), Ok(Credential::Bearer(read)) if read.hash() == token.hash()));
        assert!(matches!(shown(&waiting), Ok(Credential::Pending(read)) if read.hash() == token.hash()));
        let bare = token.expose();
        for wrong in
            [bare.as_str(), whole.get(1..).unwrap(), &format!("{}x", *whole), "session.", "pending.x"]
        {
            assert!(matches!(shown(wrong), Err(Error::WrongKey)), "{wrong}");
        }
    }

    #[test]
    fn a_mistyped_key_is_refused_by_its_checksum() {
        let key = ApiKey::generate(&Brand::default(), Environment::Live, None, &SystemEntropy);
        let typo = format!("Bearer {}_", key.expose());
        for value in [typo.as_str(), "Bearer", "Bearer ", "Basic dTpw", key.expose(), ""] {
            assert!(
                matches!(read(&headers(&[(header::AUTHORIZATION, value)])), Err(Error::WrongKey)),
                "{value}"
            );
        }
    }

    #[test]
    fn a_key_and_a_session_together_are_refused() {
        let both = headers(&[(header::COOKIE, &session()), (header::AUTHORIZATION, "Bearer x")]);
        assert!(matches!(read(&both), Err(Error::BadRequest(_))));
        let twice = headers(&[(header::COOKIE, &format!("{}; {}", session(), session()))]);
        assert!(matches!(read(&twice), Err(Error::BadRequest(_))));
        let two_keys = headers(&[(header::AUTHORIZATION, "Bearer x"), (header::AUTHORIZATION, "Bearer y")]);
        assert!(matches!(read(&two_keys), Err(Error::BadRequest(_))));
    }

    #[test]
    fn visitor_with_a_broken_cookie_is_a_visitor() {
        assert!(matches!(read(&headers(&[])), Ok(Credential::None)));
        assert!(matches!(read(&headers(&[(header::COOKIE, "__Host-bailiwick=junk")])), Ok(Credential::None)));
        assert!(matches!(read(&headers(&[(header::COOKIE, &session())])), Ok(Credential::Session(_))));
    }
}
