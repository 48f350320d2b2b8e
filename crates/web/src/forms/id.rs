//! The id in a path.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use crate::{error::Error, state::AppState};

/// The one parameter of the path, as a typed id. What is not an id names nothing: 404.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: FromStr> FromRequestParts<AppState> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        let mut values = params.iter().map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(text), None) => text.parse().map(Self).map_err(|_| Error::NotFound),
            _ => Err(Error::internal("`Id` stands for exactly one parameter of the path")),
        }
    }
}
