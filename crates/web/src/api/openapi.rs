//! The description of this API (OpenAPI 3.1).

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::Me;

use crate::access::Access;

/// Made once: it follows from the program alone.
static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi);

pub(in crate::api) async fn handle(_: Access<Me>) -> Response {
    ([(header::CONTENT_TYPE, "application/vnd.oai.openapi+json;version=3.1")], DOCUMENT.as_str())
        .into_response()
}
