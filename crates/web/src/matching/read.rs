//! Reading: each answer in JSON has a validator, and whoever has it already gets nothing but that.

use std::{fmt, future::Future, marker::PhantomData, pin::Pin};

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    handler::Handler,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Revision, tag};
use crate::state::AppState;

/// Octets of an answer that are looked at. None that lists or shows is longer.
const MOST: u64 = 4 * 1024 * 1024;

/// A handler that reads.
pub(crate) struct Tagged<H, T> {
    handler: H,
    parameters: PhantomData<fn() -> T>,
}

impl<H, T> Tagged<H, T> {
    pub(crate) const fn new(handler: H) -> Self {
        Self { handler, parameters: PhantomData }
    }
}

impl<H: Clone, T> Clone for Tagged<H, T> {
    fn clone(&self) -> Self {
        Self { handler: self.handler.clone(), parameters: PhantomData }
    }
}

impl<H, T> fmt::Debug for Tagged<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tagged(…)")
    }
}

/// The parameters of a handler that reads.
pub(crate) struct Parameters<T>(PhantomData<fn() -> T>);

impl<H, T> Handler<Parameters<T>, AppState> for Tagged<H, T>
where
    H: Handler<T, AppState>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: AppState) -> Self::Future {
        Box::pin(async move {
            let mut known = HeaderMap::new();
            for value in request.headers().get_all(header::IF_NONE_MATCH) {
                known.append(header::IF_NONE_MATCH, value.clone());
            }
            tagged(&known, self.handler.call(request, state).await).await
        })
    }
}

async fn tagged(known: &HeaderMap, response: Response) -> Response {
    let in_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let own = response.headers().contains_key(header::ETAG);
    let long = response.body().size_hint().exact().is_none_or(|length| length > MOST);
    if response.status() != StatusCode::OK || !in_json || own || long {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Its length is known, so it is in memory already.
    let Ok(body) = to_bytes(body, usize::try_from(MOST).unwrap_or(usize::MAX)).await else {
        return crate::error::Error::internal("an answer in memory cannot be read").into_response();
    };
    let revision = parts.extensions.get::<Revision>().map(|revision| revision.0);
    let tag = tag::tag(revision, &body);
    let Ok(value) = HeaderValue::from_str(&tag) else {
        return Response::from_parts(parts, Body::from(body));
    };
    parts.headers.insert(header::ETAG, value);
    if tag::has(known, &tag) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::Json;

    #[tokio::test]
    async fn whoever_has_it_gets_nothing_but_its_validator() {
        let answer = || {
            let mut answer = Json(serde_json::json!({"a": 1})).into_response();
            answer.extensions_mut().insert(Revision(3));
            answer
        };
        let first = tagged(&HeaderMap::new(), answer()).await;
        let tag = first.headers()[header::ETAG].clone();
        assert!(tag.to_str().unwrap().starts_with("\"3-"));
        assert_eq!(to_bytes(first.into_body(), 100).await.unwrap(), "{\"a\":1}");
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.clone())]);
        let second = tagged(&known, answer()).await;
        assert_eq!((second.status(), &second.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &tag));
        assert!(to_bytes(second.into_body(), 100).await.unwrap().is_empty());
        let other = tagged(&known, Json(serde_json::json!({"a": 2})).into_response()).await;
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_is_no_answer_in_json_has_none() {
        for answer in [
            StatusCode::NO_CONTENT.into_response(),
            StatusCode::NOT_FOUND.into_response(),
            "text".into_response(),
        ] {
            assert!(!tagged(&HeaderMap::new(), answer).await.headers().contains_key(header::ETAG));
        }
    }
}
