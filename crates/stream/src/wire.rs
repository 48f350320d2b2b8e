//! The one way out: a guarded, pinned and, but for networks that the operator has named, protected connection.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bailiwick_domain::entity::StreamFault;
use bailiwick_mail::wire::{Wire, ask, authorities};
use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use crate::{Reach, place::Identity};

/// Where a connection leads, and how it is protected.
pub(crate) struct Door {
    reach: Reach,
    host: String,
    port: u16,
    /// Nothing where it is not.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    /// For one parcel, from the connection to the last answer.
    timeout: Duration,
}

impl Door {
    /// To the host of an address of the web.
    pub(crate) fn of_url(
        reach: Reach,
        url: &Url,
        pem: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, StreamFault> {
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => return Err(StreamFault::Unusable),
        };
        let port = url.port_or_known_default().ok_or(StreamFault::Unusable)?;
        let tls = match url.scheme() {
            "https" => Some(tls(&host, pem, None)?),
            "http" => None,
            _ => return Err(StreamFault::Unusable),
        };
        Ok(Self { reach, host, port, tls, timeout })
    }

    /// To a host, always protected.
    pub(crate) fn of_host(
        reach: Reach,
        host: &str,
        port: u16,
        pem: Option<&str>,
        identity: Option<&Identity>,
        timeout: Duration,
    ) -> Result<Self, StreamFault> {
        let tls = Some(tls(host, pem, identity)?);
        Ok(Self { reach, host: host.to_owned(), port, tls, timeout })
    }

    /// Resolves the name, looks at every address that it leads to, and connects to one of these.
    pub(crate) async fn open(&self) -> Result<Box<dyn Wire>, StreamFault> {
        let stream = self.connect().await?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => Ok(Box::new(protect(tls, stream).await?)),
        }
    }

    /// As [`open`](Self::open), for whoever has to know how the connection ends below TLS; and how long it took, which is two round
    /// trips at least.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is measured is the network, and no rule depends on it"
    )]
    pub(crate) async fn open_protected(&self) -> Result<(TlsStream<TcpStream>, Duration), StreamFault> {
        let began = Instant::now();
        let tls = self.tls.as_ref().ok_or(StreamFault::Unusable)?;
        let stream = protect(tls, self.connect().await?).await?;
        Ok((stream, began.elapsed()))
    }

    async fn connect(&self) -> Result<TcpStream, StreamFault> {
        let addresses = self.reach.resolve(&self.host, self.port).await?;
        if self.tls.is_none() && !addresses.iter().all(|address| self.reach.names(address.ip())) {
            return Err(StreamFault::Forbidden);
        }
        for address in addresses {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Ok(stream);
            }
        }
        Err(StreamFault::Unreachable)
    }

    /// Opens, asks, and says what the answer's status amounts to, all of it in time. The answer's body is never read.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<(), StreamFault> {
        self.in_time(async {
            let stream = self.open().await?;
            class(ask(stream, request).await.map_err(|_| StreamFault::Unreachable)?)
        })
        .await
    }

    /// What comes of it, or that nobody was reached once the time for a parcel is over.
    pub(crate) async fn in_time(
        &self,
        sent: impl Future<Output = Result<(), StreamFault>>,
    ) -> Result<(), StreamFault> {
        tokio::time::timeout(self.timeout, sent).await.unwrap_or(Err(StreamFault::Unreachable))
    }
}

async fn protect(
    (connector, name): &(TlsConnector, ServerName<'static>),
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, StreamFault> {
    connector.connect(name.clone(), stream).await.map_err(|_| StreamFault::Tls)
}

/// By the public authorities or those of `pem` alone, and for this very name.
fn tls(
    host: &str,
    pem: Option<&str>,
    identity: Option<&Identity>,
) -> Result<(TlsConnector, ServerName<'static>), StreamFault> {
    let roots = authorities(pem.map(str::as_bytes)).map_err(|_| StreamFault::Unusable)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| StreamFault::Unusable)?
        .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let chain = identity.chain().ok_or(StreamFault::Unusable)?;
            let key = identity.private_key().ok_or(StreamFault::Unusable)?;
            config.with_client_auth_cert(chain, key).map_err(|_| StreamFault::Unusable)?
        }
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|_| StreamFault::Unusable)?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// What an answer's status amounts to.
fn class(status: StatusCode) -> Result<(), StreamFault> {
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(StreamFault::Moved),
        401 | 403 => Err(StreamFault::SignIn),
        410 => Err(StreamFault::Gone),
        // A place that is not there, or takes no such requests, is a matter of the settings and not of the records.
        404 | 405 | 408 | 425 | 429 | 500..=599 => Err(StreamFault::Postponed),
        _ => Err(StreamFault::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_taken_has_arrived() {
        let class = |status: u16| StatusCode::from_u16(status).map(class);
        for (status, fault) in [
            (301, StreamFault::Moved),
            (307, StreamFault::Moved),
            (400, StreamFault::Refused),
            (401, StreamFault::SignIn),
            (403, StreamFault::SignIn),
            (404, StreamFault::Postponed),
            (410, StreamFault::Gone),
            (413, StreamFault::Refused),
            (422, StreamFault::Refused),
            (429, StreamFault::Postponed),
            (500, StreamFault::Postponed),
            (503, StreamFault::Postponed),
        ] {
            assert_eq!(class(status).ok(), Some(Err(fault)), "{status}");
        }
        for status in [200, 201, 202, 204] {
            assert_eq!(class(status).ok(), Some(Ok(())), "{status}");
        }
    }
}
