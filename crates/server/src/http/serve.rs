//! Serving connections on a listener, within limits, until told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{Router, ServiceExt, extract::Request};
use axum_server::{
    Handle, Server,
    accept::DefaultAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use bailiwick_web::bootstrap::App;
use hyper_util::rt::TokioTimer;
use tokio::sync::Semaphore;

use super::guard::{self, Guard};
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
/// Connections at once to a witness, which a few logs speak to.
const LOGS: usize = 64;
/// Connections at once to the metrics. They come out of what the other listener leaves free.
const SCRAPERS: usize = 16;

/// What the bytes of a connection are wrapped in.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// Nothing: on this machine, or behind a proxy that speaks TLS.
    Plain,
    /// TLS.
    Tls(RustlsConfig),
}

/// The connections that people and programs may have open at once, on all their listeners together.
pub(crate) fn places() -> Arc<Semaphore> {
    guard::places()
}

/// Serves `app` on `listener` until `handle` ends it. Handlers find the peer in `ConnectInfo<SocketAddr>`.
///
/// The listeners of people and programs take the finished service of the web side and nothing else, so no route can be
/// put beside the guarded ones.
pub(crate) async fn serve(
    listener: TcpListener,
    transport: Transport,
    app: Counted<App>,
    places: Arc<Semaphore>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let app = <Counted<App> as ServiceExt<Request>>::into_make_service_with_connect_info::<SocketAddr>(app);
    let server = limited(axum_server::from_tcp(listener)?.handle(handle), HEAD);
    match transport {
        Transport::Plain => {
            server.acceptor(Guard::new(DefaultAcceptor::new(), places, HEAD)).serve(app).await
        }
        Transport::Tls(config) => {
            let tls = RustlsAcceptor::new(config).handshake_timeout(HANDSHAKE);
            server.acceptor(Guard::new(tls, places, HEAD)).serve(app).await
        }
    }
}

/// Serves the metrics on a listener of their own, in the clear, until `handle` ends it.
pub(crate) async fn serve_metrics(
    listener: TcpListener,
    metrics: Router,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    serve_router(listener, metrics, handle, SCRAPERS, HEAD).await
}

/// Serves a witness on a listener, in the clear, until `handle` ends it.
pub(crate) async fn serve_witness(
    listener: TcpListener,
    witness: Router,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    serve_router(listener, witness, handle, LOGS, HEAD).await
}

/// Serves a router in the clear, to so many connections, each with so much time for the head of a request.
async fn serve_router(
    listener: TcpListener,
    router: Router,
    handle: Handle<SocketAddr>,
    connections: usize,
    head: Duration,
) -> io::Result<()> {
    limited(axum_server::from_tcp(listener)?.handle(handle), head)
        .acceptor(Guard::new(DefaultAcceptor::new(), Arc::new(Semaphore::new(connections)), head))
        .serve(router.into_make_service())
        .await
}

/// Bounds what one connection can cost before any handler sees it.
fn limited(mut server: Server<SocketAddr>, head: Duration) -> Server<SocketAddr> {
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    };

    use super::*;
    use crate::http::{listen::listen, tls::Files};

    /// Ends a test that hangs, and nothing else.
    const PATIENCE: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(300);

    fn router() -> Router {
        Router::new().route("/", get(async || "here"))
    }

    /// A server with this many places and this much time for a first request.
    fn up(connections: usize, head: Duration) -> SocketAddr {
        let listener = listen("127.0.0.1:0".parse().unwrap(), "server.listen").unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_router(listener, router(), Handle::new(), connections, head));
        address
    }

    /// Reads to the end of the connection.
    async fn rest(stream: &mut TcpStream) -> Vec<u8> {
        let mut read = Vec::new();
        // Closed with octets unread, a connection is reset rather than ended.
        drop(timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("the connection is not closed"));
        read
    }

    async fn asked(stream: &mut TcpStream) -> String {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"here") {
            assert!(
                timeout(PATIENCE, stream.read_buf(&mut answer)).await.unwrap().unwrap() > 0,
                "{answer:?}"
            );
        }
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn whoever_connects_and_asks_for_nothing_is_let_go() {
        let address = up(16, SHORT);
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
        for sent in [b"".as_slice(), b"P", b"PRI * HT", b"GET / HTTP/1.1\r\nHost", preface] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(sent).await.unwrap();
            rest(&mut stream).await;
        }
    }

    #[tokio::test]
    async fn whoever_sends_an_octet_at_a_time_is_let_go() {
        let mut stream = TcpStream::connect(up(16, SHORT)).await.unwrap();
        let sending = async {
            for octet in b"GET / HTTP/1.1\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'a')) {
                if stream.write_all(&[*octet]).await.is_err() {
                    return;
                }
                tokio::time::sleep(SHORT / 20).await;
            }
        };
        timeout(PATIENCE, sending).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_connects_beyond_the_places_until_one_is_free() {
        let address = up(2, PATIENCE * 2);
        let mut kept = TcpStream::connect(address).await.unwrap();
        asked(&mut kept).await;
        let silent = TcpStream::connect(address).await.unwrap();
        // Connections are taken up in the order in which they came.
        let mut beyond = TcpStream::connect(address).await.unwrap();
        assert!(rest(&mut beyond).await.is_empty());
        asked(&mut kept).await;
        drop(silent);
        let served = async {
            loop {
                let mut next = TcpStream::connect(address).await.unwrap();
                let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                if next.write_all(request).await.is_ok() && rest(&mut next).await.ends_with(b"here") {
                    return;
                }
            }
        };
        timeout(PATIENCE, served).await.unwrap();
    }

    #[tokio::test]
    async fn under_tls_too_whoever_asks_for_nothing_is_let_go() {
        // Another test of this process may have chosen the same one before.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = Files { certificate: folder.path().join("a.pem"), key: folder.path().join("a.key") };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(files.load().unwrap()));
        let listener = listen("127.0.0.1:0".parse().unwrap(), "server.listen").unwrap();
        let address = listener.local_addr().unwrap();
        let server = limited(axum_server::from_tcp(listener).unwrap(), SHORT).acceptor(Guard::new(
            acceptor.handshake_timeout(SHORT),
            Arc::new(Semaphore::new(16)),
            SHORT,
        ));
        tokio::spawn(server.serve(router().into_make_service()));

        let mut silent = TcpStream::connect(address).await.unwrap();
        rest(&mut silent).await;

        // The handshake done, and then nothing.
        let socket = tokio::task::spawn_blocking(move || handshake(address, &made.cert)).await.unwrap();
        assert!(socket.is_ok(), "{socket:?}");
    }

    /// Shakes hands and waits for the server to close the connection.
    fn handshake(address: SocketAddr, trusted: &rcgen::Certificate) -> io::Result<()> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(trusted.der().clone()).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut client =
            rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut socket = std::net::TcpStream::connect(address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        while client.is_handshaking() {
            client.complete_io(&mut socket)?;
        }
        // Nothing but the end of the connection makes this return without an error of time.
        while client.read_tls(&mut socket)? > 0 {}
        Ok(())
    }
}
