//! Operations that need nothing said.

use axum::extract::{FromRequest, Request};

use crate::{bootstrap::read_body, error::Error, state::AppState};

/// An empty body. An empty object counts as one, because many clients send it; anything else was meant for another
/// operation, and is refused.
pub(super) struct NoBody;

impl crate::description::Described for NoBody {}

impl FromRequest<AppState> for NoBody {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let body = read_body(request.into_body(), state.settings.limits.arrival).await?;
        if is_nothing(&body) { Ok(Self) } else { Err(Error::BadRequest("This operation takes no body.")) }
    }
}

fn is_nothing(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    body.is_empty()
        || body
            .strip_prefix(b"{")
            .and_then(|rest| rest.strip_suffix(b"}"))
            .is_some_and(|inside| inside.trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_is_nothing() {
        for body in ["", " ", "{}", " { }\n"] {
            assert!(is_nothing(body.as_bytes()), "{body}");
        }
        for body in ["{\"a\":1}", "[]", "null", "0", "{}{}", "{", "x=1"] {
            assert!(!is_nothing(body.as_bytes()), "{body}");
        }
    }
}
