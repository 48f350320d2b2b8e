//! Requests that are done once however often they are sent: the header `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header) on what `POST` changes below `/v1`.
//!
//! Whoever sends one is admitted first, by the rule of the route, each time: a key that was revoked gets no kept answer either. What is
//! kept is what was answered to a request that had an effect, or that would be refused in the same way again; whatever says "do
//! something first" or "later" is given up, so that the same request may come once more under the same key.

mod answer;
mod key;

use std::{fmt, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    handler::Handler,
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::Rule, time::Span};
use bailiwick_store::kept_answers::{self, Asked, Begun, Claim};
use sha2::{Digest, Sha256};

use self::key::Key;
use crate::{
    access::{Access, Admitted},
    bootstrap::{Client, read_body},
    error::{self, Error, Repeated, Result},
    routes::Guarded,
    state::AppState,
};

pub(crate) use key::LONGEST;

/// Says that the answer is one that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What becomes of a request that is sent again under the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Again {
    /// It is served again: it changes nothing, its sender is not known yet, or it is known again by something else.
    #[default]
    Served,
    /// It is answered as it was before.
    Answered,
    /// It is refused: its answer held what is shown once, and is kept nowhere.
    Refused,
}

/// A handler whose requests are done once.
pub(crate) struct Once<H, T> {
    handler: H,
    again: Again,
    parameters: PhantomData<fn() -> T>,
}

impl<H, T> Once<H, T> {
    pub(crate) const fn new(handler: H, again: Again) -> Self {
        Self { handler, again, parameters: PhantomData }
    }
}

impl<H: Clone, T> Clone for Once<H, T> {
    fn clone(&self) -> Self {
        Self { handler: self.handler.clone(), again: self.again, parameters: PhantomData }
    }
}

impl<H, T> fmt::Debug for Once<H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("again", &self.again).finish_non_exhaustive()
    }
}

/// The parameters of a handler whose requests are done once.
pub(crate) struct Parameters<T>(PhantomData<fn() -> T>);

impl<H, T> Handler<Parameters<T>, AppState> for Once<H, T>
where
    H: Handler<T, AppState>,
    T: Guarded + 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, state: AppState) -> Self::Future {
        Box::pin(async move {
            let serve = self.handler;
            let key = match self.again {
                Again::Served => Ok(None),
                Again::Answered | Again::Refused => Key::of(request.headers()),
            };
            match key {
                Ok(None) => serve.call(request, state).await,
                Ok(Some(key)) => {
                    let next = |request| serve.call(request, state.clone());
                    let done = once::<T::Rule, _>(&state, self.again, key, request, next).await;
                    done.unwrap_or_else(IntoResponse::into_response)
                }
                Err(error) => error.into_response(),
            }
        })
    }
}

async fn once<R: Rule, F: Future<Output = Response>>(
    state: &AppState,
    again: Again,
    key: Key,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let client = parts.extensions.get::<Client>().copied();
    let client = client.ok_or_else(|| Error::internal("a request without the bootstrap"))?;
    let body = read_body(body, state.settings.limits.arrival).await?;
    let Access(mut permit) = Access::<R>::from_request_parts(&mut parts, state).await?;
    // Twice as long as a request may take: whoever comes later finds it ended, or its server.
    let lease =
        Span::seconds(i64::try_from(2 * state.settings.limits.time.as_secs()).unwrap_or(i64::MAX).max(1));
    let asked = Asked { key: key.digest(), request: digest(&parts, &body), lease };
    match kept_answers::begin(&state.store, &mut permit, &asked).await? {
        Begun::Fresh(claim) => {
            parts.extensions.insert(Admitted::new(permit));
            let response = next(Request::from_parts(parts, Body::from(body))).await;
            Ok(settle(state, again, claim, client, response).await)
        }
        Begun::Unknown => {
            parts.extensions.insert(Admitted::new(permit));
            Ok(next(Request::from_parts(parts, Body::from(body))).await)
        }
        Begun::Answered(Some(octets)) => answer::read(&octets),
        Begun::Answered(None) => Err(Error::Repeated(Repeated::NotKept)),
        Begun::Running => Err(Error::Repeated(Repeated::Running)),
        Begun::Different => Err(Error::Repeated(Repeated::Different)),
        Begun::Lost => Err(Error::Repeated(Repeated::Lost)),
    }
}

/// What a request asks for: the same digest is the same request. How each part ends follows from the lengths before it.
fn digest(parts: &Parts, body: &Bytes) -> [u8; 32] {
    let address = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |address| address.as_str());
    let mut digest = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), address.as_bytes(), body.as_ref()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Keeps the answer or gives the request up. A failure of that changes nothing for whoever waits for the answer: the row says by itself
/// whether there was an effect.
async fn settle(
    state: &AppState,
    again: Again,
    claim: Claim,
    client: Client,
    response: Response,
) -> Response {
    let response = as_sent(response, client);
    let status = response.status();
    if !is_final(status) {
        match kept_answers::release(&state.store, claim).await {
            // A wrong code that was counted, say: the same again would count again.
            Ok(false) if !status.is_server_error() => {}
            Ok(_) => return response,
            Err(error) => return unsettled(error, response),
        }
    }
    let whole = again == Again::Answered || !status.is_success();
    let (response, octets) = if whole { answer::write(response).await } else { (response, None) };
    match kept_answers::keep(&state.store, claim, octets.as_deref()).await {
        Ok(()) => response,
        Err(error) => unsettled(error, response),
    }
}

fn unsettled(error: bailiwick_store::Error, response: Response) -> Response {
    tracing::warn!(error = ?error, "an answer was not kept");
    response
}

/// An answer that stands for an error, as the program reads it.
fn as_sent(response: Response, client: Client) -> Response {
    let Some(error) = response.extensions().get::<Arc<Error>>().cloned() else { return response };
    if error.status().is_server_error() {
        // Written into the log further up.
        return response;
    }
    let headers = response.headers().clone();
    let mut sent = error::problem(&error, client.id);
    carry(&headers, sent.headers_mut());
    sent
}

fn carry(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [header::SET_COOKIE, header::ALLOW] {
        for value in from.get_all(&name) {
            to.append(&name, value.clone());
        }
    }
}

/// Whether the same request would be answered in the same way: it is done, or it is wrong in itself.
fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || matches!(
            status,
            StatusCode::BAD_REQUEST
                | StatusCode::NOT_FOUND
                | StatusCode::GONE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE
                | StatusCode::UNPROCESSABLE_ENTITY
        )
}
