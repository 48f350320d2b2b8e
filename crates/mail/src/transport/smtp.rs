//! Handing letters to a server by SMTP (RFC 5321), over TLS (RFC 8314) except on the machine itself.

use std::{fmt, net::IpAddr, time::Duration};

use bailiwick_domain::entity::MailFault;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use zeroize::Zeroizing;

use super::{Sending, Transport};
use crate::Message;

/// A whole delivery takes at most this many times what one answer may take: connecting, TLS, signing in and the letter.
const ANSWERS: u32 = 4;

/// How the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpTls {
    /// Not at all: for a server on this very machine.
    None,
    /// TLS after STARTTLS, without which nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// Where the server is and how to sign in.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name, for which the certificate must be.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Authorities (PEM) that may have signed the certificate, instead of the public ones.
    pub authorities: Option<Vec<u8>>,
    /// User and password.
    pub sign_in: Option<(String, Zeroizing<String>)>,
    /// How long the server may take for one answer.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Why no server can be reached with these settings.
#[derive(Debug, thiserror::Error)]
pub enum BadSmtp {
    /// Without TLS, and not on this machine.
    #[error("without TLS letters go to a server on this machine only, and {0} is not this machine")]
    InTheClear(String),
    /// The authorities are no certificates.
    #[error("the authorities are not certificates in PEM")]
    Authorities,
    /// The name cannot stand in a certificate.
    #[error("{0} is no name that a certificate could be for")]
    Name(String),
}

/// A server that takes letters.
pub struct Smtp {
    server: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}

impl Smtp {
    /// Nothing is connected before the first letter.
    ///
    /// # Errors
    /// [`BadSmtp`] for settings that could never work or would show letters to the network.
    pub fn new(settings: SmtpSettings) -> Result<Self, BadSmtp> {
        if settings.tls == SmtpTls::None && !is_local(&settings.host) {
            return Err(BadSmtp::InTheClear(settings.host));
        }
        let address = settings.host.clone();
        Self::connecting(settings, address)
    }

    /// As [`new`](Self::new), connecting to this very address, to which the name was seen to lead; the certificate is for the name all
    /// the same. Whether something may go there in the clear is the caller's to say.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn pinned(settings: SmtpSettings, address: IpAddr) -> Result<Self, BadSmtp> {
        Self::connecting(settings, address.to_string())
    }

    fn connecting(settings: SmtpSettings, address: String) -> Result<Self, BadSmtp> {
        let tls = match settings.tls {
            SmtpTls::None => Tls::None,
            SmtpTls::StartTls => Tls::Required(parameters(&settings)?),
            SmtpTls::Implicit => Tls::Wrapper(parameters(&settings)?),
        };
        let patience = settings.timeout.saturating_mul(ANSWERS);
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.timeout));
        if let Some((user, password)) = settings.sign_in {
            server = server.credentials(Credentials::new(user, password.to_string()));
        }
        Ok(Self { server: server.build(), patience })
    }

    /// Whether the server answers, TLS holds and the sign-in is accepted; nothing is sent.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn check(&self) -> Result<(), MailFault> {
        match tokio::time::timeout(self.patience, self.server.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) | Err(_) => Err(MailFault::Unreachable),
            Ok(Err(error)) => Err(class(&error)),
        }
    }
}

impl Transport for Smtp {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            let message = message.to_lettre().map_err(|_| MailFault::Unwritable)?;
            match tokio::time::timeout(self.patience, self.server.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(class(&error)),
                Err(_) => Err(MailFault::Unreachable),
            }
        })
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Smtp(…)")
    }
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, BadSmtp> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.authorities {
        let authority = Certificate::from_pem(pem).map_err(|_| BadSmtp::Authorities)?;
        builder = builder
            .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
            .add_root_certificate(authority);
    }
    builder.build_rustls().map_err(|_| BadSmtp::Name(settings.host.clone()))
}

/// Whether a host is this machine: what never leaves it needs no TLS.
fn is_local(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The class of an error. The text of a server's answer is left behind: it may repeat the letter or the sign-in.
fn class(error: &Error) -> MailFault {
    let code = error.status().map(u16::from);
    match code {
        // The sign-in was refused or is missing (RFC 4954 §6): a matter of the settings, not of the letter.
        Some(530 | 534 | 535 | 538) => MailFault::SignIn,
        Some(500..) => MailFault::Refused,
        Some(_) => MailFault::Postponed,
        None if error.is_tls() => MailFault::Tls,
        None => MailFault::Unreachable,
    }
}
