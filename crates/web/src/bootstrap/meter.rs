//! How fast the API is asked.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Client, app::Ground};

/// Counts a request below `/v1` for the address that it came from, and hands it on to be counted for whoever sent it. Whatever is
/// answered says what is left.
pub(super) async fn meter(State(ground): State<Arc<Ground>>, mut request: Request, next: Next) -> Response {
    let Some(metered) = ground.rates.of(request.uri().path()) else { return next.run(request).await };
    let from = request.extensions().get::<Client>().and_then(|client| client.ip);
    let mut response = match metered.arrive(from) {
        Ok(()) => {
            request.extensions_mut().insert(metered.clone());
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    metered.tell(response.headers_mut());
    response
}
