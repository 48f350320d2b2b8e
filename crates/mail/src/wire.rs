//! One connection for one message of HTTP/1.1, and who may have signed the other side's certificate: for every client of ours
//! that speaks to an address that somebody named.

use std::{future::ready, pin::pin};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Octets of an answer's head at most; more end the connection.
const HEAD: usize = 16 * 1024;

/// Anything to speak over.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// The authorities are no certificates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the authorities are not certificates in PEM")]
pub struct BadAuthorities;

/// The other side closed the connection, or said what is no HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there was no answer")]
pub struct NoAnswer;

/// The public authorities, or those of `pem` alone.
///
/// # Errors
/// [`BadAuthorities`] where `pem` holds something else than certificates, or nothing.
pub fn authorities(pem: Option<&[u8]>) -> Result<RootCertStore, BadAuthorities> {
    let mut roots = RootCertStore::empty();
    match pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for authority in CertificateDer::pem_slice_iter(pem) {
                let authority = authority.map_err(|_| BadAuthorities)?;
                roots.add(authority).map_err(|_| BadAuthorities)?;
            }
        }
    }
    if roots.is_empty() { Err(BadAuthorities) } else { Ok(roots) }
}

/// Sends the request and reads the head of the answer, never its body. Dropping it closes the connection.
///
/// # Errors
/// [`NoAnswer`] where none came.
pub async fn ask(stream: Box<dyn Wire>, request: Request<Full<Bytes>>) -> Result<StatusCode, NoAnswer> {
    exchange(stream, request, |answer| ready(Ok(answer.status()))).await
}

/// As [`ask`], and reads the body too: up to `most` octets, and a longer one is no answer.
///
/// # Errors
/// [`NoAnswer`] where none came, or not all of it.
pub async fn ask_whole(
    stream: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<(StatusCode, Vec<u8>), NoAnswer> {
    exchange(stream, request, move |answer| async move {
        let status = answer.status();
        let body = Limited::new(answer.into_body(), most).collect().await;
        Ok((status, body.map_err(|_| NoAnswer)?.to_bytes().to_vec()))
    })
    .await
}

/// Sends the request, and has the answer read.
async fn exchange<T, R>(
    stream: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
    read: impl FnOnce(Response<Incoming>) -> R,
) -> Result<T, NoAnswer>
where
    R: Future<Output = Result<T, NoAnswer>>,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| NoAnswer)?;
    let mut answer = pin!(async move {
        let answer = sender.send_request(request).await.map_err(|_| NoAnswer)?;
        read(answer).await
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The other side has closed; what it said before is still there.
        _ = connection => answer.await,
    }
}
