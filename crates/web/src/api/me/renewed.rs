//! The answer that hands out a session under its new id.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::AppendHeaders,
};
use axum_extra::extract::cookie::Cookie;
use bailiwick_domain::rule::Rule;
use bailiwick_store::{Permit, Store};
use bailiwick_vault::token::SessionToken;

use crate::{
    access::cookies,
    error::{Error, Result},
    pages::known_device,
};

/// 204, with the cookies of the session and of the device that is known from now on.
pub(super) type Renewed = (StatusCode, AppendHeaders<[(HeaderName, HeaderValue); 2]>);

pub(super) fn renewed<R: Rule>(store: &Store, permit: &Permit<R>, token: &SessionToken) -> Result<Renewed> {
    let set = |cookie: Cookie<'_>| {
        let value = HeaderValue::from_str(&cookie.to_string());
        value.map(|value| (header::SET_COOKIE, value)).map_err(|error| Error::Internal(Box::new(error)))
    };
    let cookies = [set(cookies::session(token))?, set(known_device(store, permit, token))?];
    Ok((StatusCode::NO_CONTENT, AppendHeaders(cookies)))
}
