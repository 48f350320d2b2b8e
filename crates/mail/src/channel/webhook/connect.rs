//! One connection for one message: HTTP/1.1, with TLS but on this machine itself.

use std::{pin::pin, sync::Arc};

use bailiwick_domain::entity::MailFault;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{BadWebhook, WebhookUrl};

/// Octets of an answer's head at most; more end the connection.
const HEAD: usize = 16 * 1024;

/// Anything to speak over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// How a gateway's certificate is checked.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// By the public authorities, or by those of `pem` alone; always for the name in the address.
    pub(super) fn new(url: &WebhookUrl, pem: Option<&[u8]>) -> Result<Self, BadWebhook> {
        let mut roots = RootCertStore::empty();
        match pem {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                for authority in CertificateDer::pem_slice_iter(pem) {
                    let authority = authority.map_err(|_| BadWebhook::Authorities)?;
                    roots.add(authority).map_err(|_| BadWebhook::Authorities)?;
                }
            }
        }
        if roots.is_empty() {
            return Err(BadWebhook::Authorities);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| BadWebhook::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(url.host()).map_err(|_| BadWebhook::Url)?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }
}

/// Connects to the one host that the operator named.
pub(super) async fn open(url: &WebhookUrl, tls: Option<&Tls>) -> Result<Box<dyn Wire>, MailFault> {
    let stream = TcpStream::connect((url.host(), url.port())).await.map_err(|_| MailFault::Unreachable)?;
    match tls {
        None => Ok(Box::new(stream)),
        Some(tls) => {
            let protected = tls.connector.connect(tls.name.clone(), stream).await;
            Ok(Box::new(protected.map_err(|_| MailFault::Tls)?))
        }
    }
}

/// Sends the request and reads the head of the answer. Dropping it closes the connection.
pub(super) async fn ask(
    stream: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, MailFault> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| MailFault::Unreachable)?;
    let mut answer = pin!(async move {
        let answer = sender.send_request(request).await.map_err(|_| MailFault::Unreachable)?;
        Ok(answer.status())
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The other side has closed; what it said before is still there.
        _ = connection => answer.await,
    }
}

/// As [`ask`], and reads the body too: up to `most` octets, and a longer one is refused.
pub(super) async fn ask_whole(
    stream: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
    most: usize,
) -> Result<(StatusCode, Vec<u8>), MailFault> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| MailFault::Unreachable)?;
    let mut answer = pin!(async move {
        let answer = sender.send_request(request).await.map_err(|_| MailFault::Unreachable)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), most).collect().await;
        Ok((status, body.map_err(|_| MailFault::Unreachable)?.to_bytes().to_vec()))
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The other side has closed; what it said before is still there.
        _ = connection => answer.await,
    }
}
