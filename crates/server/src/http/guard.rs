//! What a connection may cost before its first request: a place among those open, and time. And what is no request.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Request, StatusCode, Version, header},
    response::Response,
};
use axum_server::accept::Accept;
use rustix::process::{Resource, getrlimit};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tower::Service;

/// Files and sockets that are kept for everything else: the database, its readers, the log, the metrics.
const KEPT_FREE: u64 = 128;
/// Connections at most, however many files the system allows: each costs memory too.
const MOST: usize = 10_000;
/// Connections even where the system allows next to no files.
const FEWEST: usize = 16;

/// As many places as the listeners of people and programs may have connections open between them, by what the system lets
/// this process open.
pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(within(getrlimit(Resource::Nofile).current)))
}

fn within(files: Option<u64>) -> usize {
    let files = files.unwrap_or(u64::MAX).saturating_sub(KEPT_FREE);
    usize::try_from(files).unwrap_or(MOST).clamp(FEWEST, MOST)
}

/// Lets connections in: as many at once as there are places, and each only for so long without a request.
///
/// A server that looks at the first bytes to tell HTTP/1 from HTTP/2 begins to count the time of a request's head only
/// after them. The time here runs from the moment that the connection stands until a request has reached the service.
#[derive(Clone)]
pub(super) struct Guard<A> {
    inner: A,
    places: Arc<Semaphore>,
    first: Duration,
}

impl<A> Guard<A> {
    /// Lets as many in through `inner` as there are `places`, each with `first` for its first request.
    pub(super) const fn new(inner: A, places: Arc<Semaphore>, first: Duration) -> Self {
        Self { inner, places, first }
    }
}

impl<A, S> Accept<TcpStream, S> for Guard<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
    A::Stream: Send + 'static,
    A::Service: Send + 'static,
{
    type Stream = Guarded<A::Stream>;
    type Service = Heard<A::Service>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            // Nothing is answered: there may be no TLS yet to answer under. The stream is closed as it is dropped.
            drop(stream);
            return Box::pin(std::future::ready(Err(io::Error::other("too many connections"))));
        };
        let first = self.first;
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let heard = Arc::new(AtomicBool::new(false));
            let deadline = Some(Box::pin(sleep(first)));
            Ok((
                Guarded { stream, heard: Arc::clone(&heard), deadline, _place: place },
                Heard { inner: service, heard },
            ))
        })
    }
}

/// A connection with its place, which cannot be read any more once its time for a first request is over.
pub(super) struct Guarded<S> {
    stream: S,
    heard: Arc<AtomicBool>,
    /// Until a request was heard.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Given back when the connection ends.
    _place: OwnedSemaphorePermit,
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.heard.load(Ordering::Relaxed) {
            this.deadline = None;
        }
        // Polled before the stream: whoever sends a byte at a time would otherwise never be out of time.
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A service that notes that a request has reached it, and refuses one that does not say whom it asks.
#[derive(Clone)]
pub(super) struct Heard<S> {
    inner: S,
    heard: Arc<AtomicBool>,
}

impl<S, B> Service<Request<B>> for Heard<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.heard.store(true, Ordering::Relaxed);
        if !names_one_host(request.version(), request.headers()) {
            return Box::pin(async { Ok(malformed()) });
        }
        Box::pin(self.inner.call(request))
    }
}

/// Whether a request has the Host field that RFC 9112 (section 3.2) demands. Where two machines could each take another of
/// two fields for the right one, a request could pass the first as something else than it is to the second.
fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let fields = headers.get_all(header::HOST).iter().count();
    match version {
        Version::HTTP_09 | Version::HTTP_10 => fields <= 1,
        Version::HTTP_11 => fields == 1,
        // HTTP/2 has `:authority` instead.
        _ => true,
    }
}

/// As bare as the answer to octets that are no HTTP at all, and like it the end of the connection.
fn malformed() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_keeps_its_files_however_many_connections_come() {
        for (files, connections) in
            [(Some(1024), 896), (Some(1_048_576), 10_000), (None, 10_000), (Some(100), 16), (Some(144), 16)]
        {
            assert_eq!(within(files), connections, "{files:?}");
        }
    }

    #[test]
    fn a_request_of_http_1_names_one_host() {
        let headers = |hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            headers
        };
        let (none, one, two) = (headers(&[]), headers(&["a"]), headers(&["a", "a"]));
        for (version, fits) in [
            (Version::HTTP_10, [true, true, false]),
            (Version::HTTP_11, [false, true, false]),
            (Version::HTTP_2, [true, true, true]),
        ] {
            let found = [&none, &one, &two].map(|headers| names_one_host(version, headers));
            assert_eq!(found, fits, "{version:?}");
        }
    }
}
