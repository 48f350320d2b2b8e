//! A kept answer: a line of JSON with its status and header fields, and behind it its body.

use axum::{
    body::{Body, HttpBody, to_bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::REPLAYED;
use crate::error::{Error, Result};

/// Octets of a body that are kept at most. Of a longer one, the fact is.
const MOST: usize = 256 * 1024;
/// Header fields that belong to an answer and not to the moment at which it was given; no cookie and no token.
const FIELDS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CONTENT_DISPOSITION];

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    fields: Vec<(String, String)>,
}

/// The octets to be kept of an answer, and the answer itself; no octets where it is too long, or does not say how long it is.
pub(super) async fn write(response: Response) -> (Response, Option<Vec<u8>>) {
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_none_or(|length| length > MOST as u64) {
        return (Response::from_parts(parts, body), None);
    }
    // Its length is known and small, so it is in memory already.
    let Ok(body) = to_bytes(body, MOST).await else {
        return (Response::from_parts(parts, Body::empty()), None);
    };
    let said =
        |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    let head = Head { status: parts.status.as_u16(), fields: FIELDS.iter().filter_map(said).collect() };
    let octets = serde_json::to_vec(&head).ok().map(|mut octets| {
        octets.push(b'\n');
        octets.extend_from_slice(&body);
        octets
    });
    (Response::from_parts(parts, Body::from(body)), octets)
}

/// The answer once more, with a word that it is not the first time.
pub(super) fn read(octets: &[u8]) -> Result<Response> {
    const CORRUPT: &str = "a kept answer cannot be read";
    let at = octets.iter().position(|octet| *octet == b'\n').ok_or_else(|| Error::internal(CORRUPT))?;
    let (head, body) = octets.split_at(at);
    let head: Head = serde_json::from_slice(head).map_err(|error| Error::Internal(Box::new(error)))?;
    let status = StatusCode::from_u16(head.status).map_err(|error| Error::Internal(Box::new(error)))?;
    let mut response = Response::new(Body::from(body.get(1..).unwrap_or_default().to_vec()));
    *response.status_mut() = status;
    for (name, value) in head.fields {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[tokio::test]
    async fn an_answer_comes_back_as_it_was() {
        let sent = (
            StatusCode::CREATED,
            [
                (header::LOCATION, "/v1/teams/7"),
                (header::CONTENT_TYPE, "application/json"),
                (header::SET_COOKIE, "a=b"),
            ],
            "{\"a\":\n1}",
        );
        let (first, octets) = write(sent.into_response()).await;
        assert_eq!(first.status(), StatusCode::CREATED);
        assert_eq!(to_bytes(first.into_body(), MOST).await.unwrap(), "{\"a\":\n1}");
        let again = read(&octets.unwrap()).unwrap();
        assert_eq!(
            (again.status(), &again.headers()[header::LOCATION]),
            (StatusCode::CREATED, &HeaderValue::from_static("/v1/teams/7"))
        );
        assert_eq!(again.headers()[REPLAYED], "true");
        assert!(!again.headers().contains_key(header::SET_COOKIE));
        assert_eq!(to_bytes(again.into_body(), MOST).await.unwrap(), "{\"a\":\n1}");
    }

    #[tokio::test]
    async fn of_a_long_answer_nothing_is_kept() {
        let (first, octets) = write("a".repeat(MOST + 1).into_response()).await;
        assert!(octets.is_none());
        assert_eq!(to_bytes(first.into_body(), 2 * MOST).await.unwrap().len(), MOST + 1);
    }

    #[test]
    fn what_is_no_kept_answer_is_our_fault() {
        for octets in [b"".as_slice(), b"{}", b"{}\n", b"{\"status\":9999,\"fields\":[]}\n"] {
            assert!(matches!(read(octets), Err(Error::Internal(_))), "{octets:?}");
        }
    }
}
