//! Whether something is still what its reader has: `ETag`, `If-None-Match` and `If-Match` below `/v1` (RFC 9110, §8.8 and §13).
//!
//! A validator is the number of the newest record of the thing and the beginning of the digest of what is shown of it, so it is a strong
//! one: it differs wherever what is shown differs. Reading compares all of it; a change compares the number, in its own transaction.
//! What is shown beside the thing, such as when a key was used last, moves the digest and keeps nobody from changing the thing.

mod read;
mod tag;

use axum::response::{IntoResponse, Response};
use bailiwick_domain::entity::Entity;
use bailiwick_store::{Scope, audit};
use serde::Serialize;

use crate::{error::Result, forms::Json};

pub(crate) use read::Tagged;
pub(crate) use tag::expected;

/// Something with its revision.
#[derive(Debug)]
pub(crate) struct Versioned<T> {
    revision: i64,
    body: T,
}

/// The number of the newest record of what an answer shows, among its extensions.
#[derive(Clone, Copy, Debug)]
struct Revision(i64);

impl<T> Versioned<T> {
    /// `body`, which shows `thing`, as it is in `scope`.
    pub(crate) async fn of<E: Entity>(
        scope: &mut impl Scope,
        thing: &E,
        body: impl FnOnce() -> T,
    ) -> Result<Self> {
        let revision = audit::revision::<E>(scope, thing.entity_id()).await?;
        Ok(Self { revision, body: body() })
    }
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        response.extensions_mut().insert(Revision(self.revision));
        response
    }
}

/// Among the extensions of a request: the route changes only what its sender says to have read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MustMatch;
