//! The complete service behind a socket of this machine, and the programs that ask it.

use std::{net::SocketAddr, num::NonZeroUsize};

use bailiwick_store::DatabaseKind;
use http::{Request, StatusCode};
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
        let app = app(open, kind, NonZeroUsize::MIN).await?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app.into_make_service()).await {
                eprintln!("the listener ended: {error}");
            }
        });
        Ok(Self { address, task })
    }
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
        let stream = TcpStream::connect(served.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, or with the service; either shows where something is sent.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, bearer: format!("Bearer {key}") })
    }

    /// Sends JSON and waits for the answer, which is one of success.
    pub(crate) async fn send(&mut self, path: &str, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("authorization", &self.bearer)
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok((status, body))
        } else {
            Err(format!("POST {path} answered {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }
}
