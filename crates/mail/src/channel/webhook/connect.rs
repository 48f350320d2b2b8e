//! One connection for one message: with TLS but on this machine itself.

use std::sync::Arc;

use bailiwick_domain::entity::MailFault;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{BadWebhook, WebhookUrl};
use crate::wire::{Wire, authorities};

/// How a gateway's certificate is checked.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// By the public authorities, or by those of `pem` alone; always for the name in the address.
    pub(super) fn new(url: &WebhookUrl, pem: Option<&[u8]>) -> Result<Self, BadWebhook> {
        let roots = authorities(pem).map_err(|_| BadWebhook::Authorities)?;
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
