//! An evidence bundle as it leaves the product: a file to be kept, never a page of this site.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_ops::audit::bundles::Made;

/// The file under a name that says when it was made.
pub(crate) fn answer(made: Made) -> Response {
    let made_at = made.bundle.made_at.to_string();
    let at: String = made_at.chars().take(19).filter(char::is_ascii_alphanumeric).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"evidence-{at}Z.html\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, made.file).into_response()
}
