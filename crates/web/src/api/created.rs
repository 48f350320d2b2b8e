//! The answer to a creation.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::forms::Json;

/// 201 with the address of what was created, and the thing itself.
pub(super) struct Created<T> {
    /// A path of this API.
    pub(super) location: String,
    /// What was created.
    pub(super) body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.location)], Json(self.body)).into_response()
    }
}
