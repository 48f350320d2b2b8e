//! Reading the body of a change before anything is decided about it: a form's CSRF token is part of it, and whoever sends slowly
//! shall not be admitted before the last octet is there. Who they are is asked afterwards.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::{app::Ground, limits::MostOctets, upload};
use crate::error::Error;

/// The fields of a form, in the order in which they came.
#[derive(Clone)]
pub(crate) struct FormFields(Arc<[(String, String)]>);

impl FormFields {
    /// Reads `application/x-www-form-urlencoded` (WHATWG URL §5.1).
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Fields that were read elsewhere.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields.into())
    }

    /// The value of a field, if it is there exactly once.
    pub(crate) fn only(&self, field: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// The fields but for those of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// Every field.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }
}

#[cfg(test)]
impl From<Vec<(String, String)>> for FormFields {
    fn from(fields: Vec<(String, String)>) -> Self {
        Self(fields.into())
    }
}

/// Reads the body and leaves it in place; beside it the fields, where it is a form.
pub(super) async fn read(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let limits = &ground.settings.limits;
    if upload::is_upload(request.method(), request.uri().path(), request.headers()) {
        return match upload::begin(limits, request).await {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        };
    }
    let form = is_form(request.headers());
    // Whatever it is, the limits bound it already to what any body may have.
    let allowed = request.extensions().get::<MostOctets>().map_or(limits.body, |most| most.0);
    let most = if form { limits.form } else { allowed };
    let (mut parts, body) = request.into_parts();
    if body.size_hint().lower() > most as u64 {
        return Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    }
    let bytes = match read_body(Body::new(Limited::new(body, most)), limits.arrival).await {
        Ok(bytes) => bytes,
        Err(error) => return error.into_response(),
    };
    if form {
        if bytes.iter().filter(|byte| **byte == b'&').count() >= limits.form_fields {
            return Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE).into_response();
        }
        parts.extensions.insert(FormFields::parse(&bytes));
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads a whole body, whose size is bounded by now.
///
/// # Errors
/// 413 when it is larger than its bound, 408 when it takes longer than `arrival`, 400 when it breaks off.
pub(crate) async fn read_body(body: Body, arrival: Duration) -> Result<Bytes, Error> {
    let collected = tokio::time::timeout(arrival, body.collect()).await;
    match collected.map_err(|_| Error::Protocol(StatusCode::REQUEST_TIMEOUT))? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_too_long(&error) => Err(Error::Protocol(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(Error::BadRequest("The body did not arrive completely.")),
    }
}

pub(super) fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<LengthLimitError>() {
            return true;
        }
        next = error.source();
    }
    false
}
