//! Running the handler to its end.

use std::{any::Any, sync::Arc};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use crate::error::Error;

/// A request's place among those served at once. It is given back when the request is done, which for a change may be
/// after the client has gone.
#[derive(Clone)]
pub(super) struct InFlight {
    _place: Arc<OwnedSemaphorePermit>,
}

impl InFlight {
    pub(super) fn new(place: OwnedSemaphorePermit) -> Self {
        Self { _place: Arc::new(place) }
    }
}

/// Lets a change run to its end although the client has gone or the time is up: otherwise it would stop at whatever
/// point it happened to wait. What only reads is dropped with its client.
pub(super) async fn detach(mut request: Request, next: Next) -> Response {
    let place = request.extensions_mut().remove::<InFlight>();
    if request.method().is_safe() {
        let response = next.run(request).await;
        drop(place);
        return response;
    }
    let work = async move {
        let response = next.run(request).await;
        drop(place);
        response
    };
    match tokio::spawn(work.in_current_span()).await {
        Ok(response) => response,
        Err(cause) => Error::Internal(Box::new(cause)).into_response(),
    }
}

/// The answer to a request whose handler panicked. The place and text are in the log by the panic hook.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::internal("a handler panicked").into_response()
}
