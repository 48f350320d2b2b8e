//! Two parameters of one path.

use std::str::FromStr;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use crate::{error::Error, state::AppState};

/// The two parameters of the path, in its order. What cannot be read names nothing: 404.
#[derive(Debug)]
pub(crate) struct Pair<A, B>(pub(crate) A, pub(crate) B);

impl<A: FromStr, B: FromStr> FromRequestParts<AppState> for Pair<A, B> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        let mut values = params.iter().map(|(_, value)| value);
        let (Some(first), Some(second), None) = (values.next(), values.next(), values.next()) else {
            return Err(Error::internal("`Pair` stands for exactly two parameters of the path"));
        };
        Ok(Self(first.parse().map_err(|_| Error::NotFound)?, second.parse().map_err(|_| Error::NotFound)?))
    }
}
