//! Where a page of a list begins.

use std::str::FromStr;

use axum::{extract::FromRequestParts, http::request::Parts};
use bailiwick_store::Cursor;
use serde::Deserialize;

use crate::{
    description::{Described, Says},
    error::Error,
    forms::Query,
    state::AppState,
};

/// The `cursor` of the address, the only parameter that plain lists know.
pub(super) struct After<C = Cursor>(pub(super) Option<C>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    cursor: Option<String>,
}

impl<C> Described for After<C> {
    fn describe(takes: &mut Says<'_>) {
        Query::<Parameters>::describe(takes);
    }
}

impl<C: FromStr> FromRequestParts<AppState> for After<C> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let Query(Parameters { cursor }) = Query::from_request_parts(parts, state).await?;
        read(cursor.as_deref()).map(Self)
    }
}

/// Reads a cursor.
///
/// # Errors
/// 400 for what no list of this API gave: starting over in silence would show the first page twice.
pub(super) fn read<C: FromStr>(text: Option<&str>) -> Result<Option<C>, Error> {
    let parse = |text: &str| {
        text.parse().map_err(|_| Error::BadRequest("The cursor is not one that this list gave."))
    };
    text.map(parse).transpose()
}

/// A leaf or a revision before which a page begins: a whole number, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before(pub(super) i64);

impl FromStr for Before {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // No tree has more leaves than an `i64` counts; a larger number is beyond its end just as well.
        text.parse::<u64>().map(|n| Self(i64::try_from(n).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_told_that_a_cursor_is_not_ours() {
        for text in [
            "x",
            "1.",
            ".0193a7c27b1e70008000000000000001",
            "1.x",
            "9999999999999999999.0193a7c27b1e70008000000000000001",
        ] {
            assert!(matches!(read::<Cursor>(Some(text)), Err(Error::BadRequest(_))), "{text}");
        }
        for text in ["-1", "1.5", "x", "18446744073709551616"] {
            assert!(matches!(read::<Before>(Some(text)), Err(Error::BadRequest(_))), "{text}");
        }
    }

    #[test]
    fn program_that_sends_none_gets_the_first_page() {
        assert!(matches!(read::<Cursor>(None), Ok(None)));
        assert!(matches!(read::<Before>(Some("7")), Ok(Some(Before(7)))));
    }
}
