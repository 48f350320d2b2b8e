//! The finished service.

use std::{
    convert::Infallible,
    fmt,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    BoxError, Router, ServiceExt,
    body::{Body, Bytes, HttpBody},
    extract::{Request, connect_info::IntoMakeServiceWithConnectInfo},
    middleware::from_fn_with_state,
    response::Response,
};
use bailiwick_domain::clock::{Clock, Entropy};
use tokio::sync::Semaphore;
use tower::{Service, ServiceBuilder, util::BoxCloneSyncService};
use tower_http::{catch_panic::CatchPanicLayer, csrf::CsrfLayer};

use super::{cookies, form, headers, host, https, limits, meter, paths, proxies, render, run, stamp};
use crate::{
    rates::Rates,
    routes::AccessRow,
    shell::Site,
    state::{AppState, Settings},
};

/// What the layers share.
pub(super) struct Ground {
    pub(super) settings: Arc<Settings>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) site: Arc<Site>,
    pub(super) in_flight: Arc<Semaphore>,
    pub(super) large: Arc<Semaphore>,
    pub(super) rates: Rates,
}

/// How a listener's connections arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In the clear.
    Plain,
    /// Under TLS that ends in this process.
    Tls,
}

/// The finished service: every route behind the whole bootstrap. Nothing can be added to it.
#[derive(Clone)]
pub struct App {
    service: BoxCloneSyncService<Request, Response, Infallible>,
    transport: Transport,
}

impl App {
    pub(crate) fn new(router: Router, table: Vec<AccessRow>, state: &AppState) -> Self {
        let in_flight = Arc::new(Semaphore::new(state.settings.limits.in_flight));
        let large = Arc::new(Semaphore::new(state.settings.limits.large));
        Self::behind(
            Ground {
                settings: Arc::clone(&state.settings),
                clock: Arc::clone(&state.clock),
                entropy: Arc::clone(&state.entropy),
                site: Arc::new(Site { table }),
                in_flight,
                large,
                rates: Rates::new(&state.settings.limits.rates, Arc::clone(&state.clock)),
            },
            router,
        )
    }

    /// Puts the bootstrap in front of `router`.
    pub(super) fn behind(ground: Ground, router: Router) -> Self {
        let ground = Arc::new(ground);
        let layer = |g: &Arc<Ground>| Arc::clone(g);
        // The public address is an origin already, so it cannot be refused as one.
        let origins = ground.settings.public_url.origins();
        let same_site = origins
            .iter()
            .try_fold(CsrfLayer::new(), |layer, origin| layer.add_trusted_origin(origin))
            .unwrap_or_default();
        let service = ServiceBuilder::new()
            .layer(from_fn_with_state(layer(&ground), stamp::stamp))
            .layer(from_fn_with_state(layer(&ground), proxies::resolve))
            .layer(from_fn_with_state(layer(&ground), headers::protect))
            .layer(from_fn_with_state(layer(&ground), cookies::greet))
            .layer(from_fn_with_state(layer(&ground), render::render))
            .layer(from_fn_with_state(layer(&ground), https::enforce))
            .layer(from_fn_with_state(layer(&ground), host::match_public))
            .layer(from_fn_with_state(layer(&ground), meter::meter))
            .layer(from_fn_with_state(layer(&ground), limits::bound))
            .layer(axum::middleware::from_fn(paths::judge))
            .layer(same_site)
            .layer(from_fn_with_state(layer(&ground), form::read))
            .layer(axum::middleware::from_fn(run::detach))
            .layer(CatchPanicLayer::custom(run::panicked))
            .service(router.layer(axum::middleware::from_fn(stamp::name_route)));
        Self { service: BoxCloneSyncService::new(service), transport: Transport::Plain }
    }

    /// The same service for connections that arrive in another way.
    #[must_use]
    pub fn over(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// For `axum::serve` and `axum_server`: one service a connection, which knows the peer's address.
    pub fn into_make_service(self) -> IntoMakeServiceWithConnectInfo<Self, SocketAddr> {
        <Self as ServiceExt<Request>>::into_make_service_with_connect_info(self)
    }
}

impl<B> Service<Request<B>> for App
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = <BoxCloneSyncService<Request, Response, Infallible> as Service<Request>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.transport);
        self.service.call(request)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("transport", &self.transport).finish_non_exhaustive()
    }
}
