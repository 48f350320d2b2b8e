//! One connection for one question to a key service.

use std::fmt;
use std::net::IpAddr;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::{BadHolder, Trouble};

/// Octets of an answer's head, and of its body, at most.
const HEAD: usize = 16 * 1024;
const BODY: usize = 64 * 1024;

/// Where a key service is: https, or http on this very machine; a host and perhaps a port, nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    fn host(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => String::new(),
        }
    }
}

impl FromStr for ServiceUrl {
    type Err = BadHolder;

    fn from_str(text: &str) -> Result<Self, BadHolder> {
        let url = Url::parse(text).map_err(|_| BadHolder::Address)?;
        let protected = match (url.scheme(), url.host()) {
            ("https", Some(_)) => true,
            // What never leaves this machine needs no TLS.
            ("http", Some(Host::Domain(name))) => name == "localhost",
            ("http", Some(Host::Ipv4(ip))) => IpAddr::from(ip).is_loopback(),
            ("http", Some(Host::Ipv6(ip))) => IpAddr::from(ip).is_loopback(),
            _ => false,
        };
        let bare = url.username().is_empty() && url.password().is_none() && url.path() == "/";
        let bare = bare && url.query().is_none() && url.fragment().is_none();
        if protected && bare { Ok(Self(url)) } else { Err(BadHolder::Address) }
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// Asks one service, and connects to nothing else: no redirection is followed.
pub(super) struct Client {
    url: ServiceUrl,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Client {
    /// Trusts the public authorities, or those of `authorities` (PEM) alone. Nothing is connected yet.
    pub(super) fn new(url: ServiceUrl, authorities: Option<&[u8]>) -> Result<Self, BadHolder> {
        if url.0.scheme() != "https" {
            return Ok(Self { url, tls: None });
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| BadHolder::Tls)?
            .with_root_certificates(trusted(authorities)?)
            .with_no_client_auth();
        let name = ServerName::try_from(url.host()).map_err(|_| BadHolder::Address)?;
        Ok(Self { url, tls: Some((TlsConnector::from(Arc::new(config)), name)) })
    }

    /// Where questions go.
    pub(super) fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// Asks, and reads the whole answer: its status and its body.
    ///
    /// The body that is sent is overwritten once it was sent, and so is the one that is returned when it is dropped; what the
    /// network libraries copied on the way is not.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(HeaderName, &str)],
        body: Zeroizing<Vec<u8>>,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), Trouble> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.url.0.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "Bailiwick");
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| Trouble::Credential)?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from_owner(body))).map_err(|_| Trouble::Unexpected)?;
        let stream = TcpStream::connect((self.url.host(), self.url.0.port_or_known_default().unwrap_or(443)));
        let stream = stream.await.map_err(|_| Trouble::Unreachable)?;
        match &self.tls {
            None => exchange(stream, request).await,
            Some((connector, name)) => {
                let protected = connector.connect(name.clone(), stream).await.map_err(|_| Trouble::Tls)?;
                exchange(protected, request).await
            }
        }
    }
}

fn trusted(pem: Option<&[u8]>) -> Result<RootCertStore, BadHolder> {
    let mut roots = RootCertStore::empty();
    match pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for authority in CertificateDer::pem_slice_iter(pem) {
                let authority = authority.map_err(|_| BadHolder::Authorities)?;
                roots.add(authority).map_err(|_| BadHolder::Authorities)?;
            }
        }
    }
    if roots.is_empty() { Err(BadHolder::Authorities) } else { Ok(roots) }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(u16, Zeroizing<Vec<u8>>), Trouble> {
    let handshake = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Trouble::Unreachable)?;
    let mut answer = pin!(async move {
        let answer = sender.send_request(request).await.map_err(|_| Trouble::Unreachable)?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), BODY).collect().await;
        Ok((status, Zeroizing::new(body.map_err(|_| Trouble::Unexpected)?.to_bytes().to_vec())))
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The other side has closed; what it said before is still there.
        _ = connection => answer.await,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_key_service_is_reached_by_tls_or_on_this_machine() {
        for text in [
            "https://bao.example.com:8200",
            "https://bao.example.com/",
            "http://127.0.0.1:8200",
            "http://[::1]:8200",
        ] {
            assert!(text.parse::<ServiceUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "bao.example.com",
            "http://bao.example.com:8200",
            "http://10.0.0.1:8200",
            "https://user:word@bao.example.com",
            "https://bao.example.com/v1",
            "https://bao.example.com/?a=b",
            "unix:///run/bao.sock",
        ] {
            assert_eq!(text.parse::<ServiceUrl>(), Err(BadHolder::Address), "{text}");
        }
    }

    #[tokio::test]
    async fn nobody_at_home_and_endless_answers_are_told_apart() {
        let ask = |port: u16| async move {
            let url: ServiceUrl = format!("http://127.0.0.1:{port}").parse().unwrap();
            let client = Client::new(url, None).unwrap();
            client.ask(Method::GET, "/", &[], Zeroizing::default()).await.map(|(status, _)| status)
        };
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        assert_eq!(ask(gone).await, Err(Trouble::Unreachable));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let endless = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", BODY + 1, "x".repeat(BODY + 1));
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await);
        });
        assert_eq!(ask(port).await, Err(Trouble::Unexpected));
        endless.await.unwrap();
    }
}
