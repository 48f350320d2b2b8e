//! Serving connections on a listener, within limits, until told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use axum::{Router, ServiceExt, extract::Request};
use axum_server::{Handle, Server, tls_rustls::RustlsConfig};
use bailiwick_web::bootstrap::App;
use hyper_util::rt::TokioTimer;

use crate::metrics::http::Counted;

/// How long the head of a request may take to arrive, and how long a connection may stay without one.
const HEAD: Duration = Duration::from_secs(30);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The head of a request at most, in bytes.
const HEAD_BYTES: u32 = 64 * 1024;
/// Header lines at most.
const HEADERS: usize = 128;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;
/// How often a silent HTTP/2 connection is asked whether anybody is there, and how long it may take to answer.
const ALIVE: Duration = Duration::from_secs(20);

/// What the bytes of a connection are wrapped in.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// Nothing: on this machine, or behind a proxy that speaks TLS.
    Plain,
    /// TLS.
    Tls(RustlsConfig),
}

/// Serves `app` on `listener` until `handle` ends it. Handlers find the peer in `ConnectInfo<SocketAddr>`.
///
/// The one listener of people and programs takes the finished service of the web side and nothing else, so no route can be
/// put beside the guarded ones.
pub(crate) async fn serve(
    listener: TcpListener,
    transport: Transport,
    app: Counted<App>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let app = <Counted<App> as ServiceExt<Request>>::into_make_service_with_connect_info::<SocketAddr>(app);
    let server = axum_server::from_tcp(listener)?.handle(handle);
    match transport {
        Transport::Plain => limited(server).serve(app).await,
        Transport::Tls(config) => {
            let acceptor = axum_server::tls_rustls::RustlsAcceptor::new(config).handshake_timeout(HANDSHAKE);
            limited(server).acceptor(acceptor).serve(app).await
        }
    }
}

/// Serves the metrics on a listener of their own, in the clear, until `handle` ends it.
pub(crate) async fn serve_metrics(
    listener: TcpListener,
    metrics: Router,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    limited(axum_server::from_tcp(listener)?.handle(handle)).serve(metrics.into_make_service()).await
}

/// Bounds what one connection can cost before any handler sees it.
fn limited(mut server: Server<SocketAddr>) -> Server<SocketAddr> {
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES as usize)
        .max_headers(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES)
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    server
}
