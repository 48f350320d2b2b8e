//! Filters and cursors behind the question mark.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

use crate::{error::Error, state::AppState};

/// The query of the address. A field left empty counts as absent: that is how browsers send an unused filter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Error> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// Reads what another address had behind its question mark, as if it were this one's.
    ///
    /// # Errors
    /// 400 as for the address itself.
    pub(crate) fn parse(query: &str) -> Result<T, Error> {
        read(query)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    // PostgreSQL stores no NUL, so nothing can be found by one.
    if form_urlencoded::parse(query.as_bytes()).any(|(_, value)| value.contains('\0')) {
        return Err(Error::BadRequest("The address holds a character that no record can hold."));
    }
    let used = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
    let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(used).finish();
    serde_html_form::from_str(&encoded)
        .map_err(|_| Error::BadRequest("The address holds a filter that this page does not know."))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, Default, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        q: Option<String>,
        days: Option<u8>,
    }

    #[test]
    fn an_unused_filter_is_none() {
        assert_eq!(read::<Filter>("q=&days=").unwrap(), Filter::default());
        assert_eq!(read::<Filter>("").unwrap(), Filter::default());
        assert_eq!(
            read::<Filter>("q=a%26b&days=9").unwrap(),
            Filter { q: Some("a&b".into()), days: Some(9) }
        );
    }

    #[test]
    fn a_filter_that_is_not_known_is_refused() {
        for query in ["x=1", "days=x", "days=300", "q=a&q=b"] {
            assert!(matches!(read::<Filter>(query), Err(Error::BadRequest(_))), "{query}");
        }
    }
}
