//! The complete service behind a socket of this machine, and the programs that ask it.

use std::{net::SocketAddr, num::NonZeroUsize};

use axum::Router;
use bailiwick_store::DatabaseKind;
use bailiwick_web::bootstrap::App;
use http::{Request, StatusCode, request::Builder};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{Result, service::app, stage::Open};

/// A service that answers until it is dropped.
pub(crate) struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// Serves the stage's store on a port that is free.
    pub(crate) async fn start(open: &Open, kind: DatabaseKind) -> Result<Self> {
        Self::app(app(open, kind, NonZeroUsize::MIN).await?).await
    }

    /// Serves a complete service on a port that is free.
    pub(crate) async fn app(app: App) -> Result<Self> {
        let (listener, address) = listener().await?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app.into_make_service()).await {
                eprintln!("the listener ended: {error}");
            }
        });
        Ok(Self { address, task })
    }

    /// Serves routes without anything around them on a port that is free.
    pub(crate) async fn bare(router: Router) -> Result<Self> {
        let (listener, address) = listener().await?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the listener ended: {error}");
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn listener() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A program with a key and a connection that stays.
pub(crate) struct Program {
    sender: SendRequest<Full<Bytes>>,
    bearer: String,
}

impl Program {
    /// Connects.
    pub(crate) async fn connect(served: &Served, key: &str) -> Result<Self> {
        Self::connect_to(served.address, key).await
    }

    /// Connects to a service that may be another process.
    pub(crate) async fn connect_to(address: SocketAddr, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, or with the service; either shows where something is sent.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, bearer: format!("Bearer {key}") })
    }

    /// Sends JSON and waits for the answer, which is one of success.
    pub(crate) async fn send(&mut self, path: &str, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let (status, body) = self.ask(path, body).await?;
        if status.is_success() {
            Ok((status, body))
        } else {
            Err(format!("POST {path} answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    /// Sends JSON and waits for the answer, whatever it is.
    pub(crate) async fn ask(&mut self, path: &str, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let request = Request::post(path).header("content-type", "application/json");
        self.exchange(request, body).await
    }

    /// Sends octets and waits for the answer, which is one of success; `range` says which of a whole they are.
    pub(crate) async fn put(&mut self, path: &str, range: &str, octets: Bytes) -> Result<Bytes> {
        let request = Request::put(path)
            .header("content-type", "application/octet-stream")
            .header("content-range", range);
        let (status, body) = self.exchange(request, octets).await?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("PUT {path} answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    async fn exchange(&mut self, request: Builder, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let request = request
            .header("host", "localhost")
            .header("authorization", &self.bearer)
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
