//! The two files that programs ask for by fixed names, without being told of them by a page.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use bailiwick_domain::rule::Public;

use crate::{access::Access, assets, routes::Routes};

/// `/robots.txt` and `/favicon.ico`.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/robots.txt", robots).get("/favicon.ico", favicon)
}

/// Nothing here is for a search engine (RFC 9309).
async fn robots(_: Access<Public>) -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

/// The icon that the pages name themselves. Its address says nothing of its content, so it is kept for a day only.
async fn favicon(_: Access<Public>, headers: HeaderMap) -> Response {
    let mut answer = assets::serve(assets::href("favicon.svg"), &headers);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    answer
}
