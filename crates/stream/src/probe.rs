//! Looking whether a service that a customer named is there and takes the credentials. Nothing is sent but that, and of an answer
//! nothing but its status is read.

use std::time::Duration;

use bailiwick_domain::entity::{MailFault, StreamFault};
use bailiwick_mail::{Smtp, SmtpSettings, SmtpTls};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::Full;
use hyper::{Method, Request, body::Bytes, header};
use url::Url;
use zeroize::Zeroizing;

use crate::{Reach, webhook::target, wire::Door};

/// Tries services: only where [`Reach`] lets them lead, and each within a time.
#[derive(Clone, Debug)]
pub struct Probe {
    reach: Reach,
    timeout: Duration,
}

/// How a request says who asks.
pub enum Authentication {
    /// It does not.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Zeroizing<String>),
    /// `Authorization: Basic …`, with the key as the user and no password.
    Basic(Zeroizing<String>),
    /// In a header of its own.
    Header(String, Zeroizing<String>),
}

/// A service that is reached by HTTP.
pub struct HttpService {
    /// What is asked for; it changes nothing.
    pub url: String,
    /// Whether its head alone is asked for.
    pub head: bool,
    /// Who asks.
    pub authentication: Authentication,
}

/// A server that takes letters.
pub struct MailServer {
    /// Its name, for which its certificate must be.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub protection: Protection,
    /// User and password.
    pub sign_in: Option<(String, Zeroizing<String>)>,
    /// Authorities (PEM) that may have signed its certificate, instead of the public ones.
    pub authorities: Option<Vec<u8>>,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// Not at all: in networks that the operator has named only.
    None,
    /// TLS after STARTTLS.
    StartTls,
    /// TLS from the first octet.
    Implicit,
}

/// A bucket that speaks the protocol of S3.
pub struct Bucketful {
    /// The address of the service, without a path.
    pub endpoint: String,
    /// The region that signatures name.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The id of the access key.
    pub access_key: Zeroizing<String>,
    /// The access key.
    pub secret_key: Zeroizing<String>,
    /// When it is asked, in seconds since 1970: signatures name it.
    pub now: u64,
}

impl Probe {
    /// Within `reach`; each look may take `timeout`.
    pub const fn new(reach: Reach, timeout: Duration) -> Self {
        Self { reach, timeout }
    }

    /// Where it may lead.
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Asks a service for one address.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn http(&self, service: HttpService) -> Result<(), StreamFault> {
        let url = Url::parse(&service.url).map_err(|_| StreamFault::Unusable)?;
        let door = Door::of_url(self.reach.clone(), &url, None, self.timeout)?;
        let request = Request::builder()
            .method(if service.head { Method::HEAD } else { Method::GET })
            .uri(target(&url))
            .header(header::HOST, url.authority())
            .header(header::ACCEPT, "*/*")
            .header(header::USER_AGENT, "Bailiwick");
        let request = match &service.authentication {
            Authentication::None => request,
            Authentication::Bearer(token) => {
                let value = Zeroizing::new(format!("Bearer {}", token.as_str()));
                request.header(header::AUTHORIZATION, value.as_str())
            }
            Authentication::Basic(user) => {
                let pair = Zeroizing::new(format!("{}:", user.as_str()));
                let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                request.header(header::AUTHORIZATION, value.as_str())
            }
            Authentication::Header(name, value) => request.header(name.as_str(), value.as_str()),
        };
        door.ask(request.body(Full::new(Bytes::new())).map_err(|_| StreamFault::Unusable)?).await
    }

    /// Connects to a mail server, greets it, protects the connection and signs in.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn smtp(&self, server: MailServer) -> Result<(), StreamFault> {
        let look = async {
            let addresses = self.reach.resolve(&server.host, server.port).await?;
            let clear = server.protection == Protection::None;
            if clear && !addresses.iter().all(|address| self.reach.names(address.ip())) {
                return Err(StreamFault::Forbidden);
            }
            let mut last = StreamFault::Unreachable;
            for address in addresses {
                let settings = SmtpSettings {
                    host: server.host.clone(),
                    port: server.port,
                    tls: match server.protection {
                        Protection::None => SmtpTls::None,
                        Protection::StartTls => SmtpTls::StartTls,
                        Protection::Implicit => SmtpTls::Implicit,
                    },
                    authorities: server.authorities.clone(),
                    sign_in: server.sign_in.clone(),
                    timeout: self.timeout,
                };
                let smtp = Smtp::pinned(settings, address.ip()).map_err(|_| StreamFault::Unusable)?;
                match smtp.check().await.map_err(class) {
                    Ok(()) => return Ok(()),
                    Err(StreamFault::Unreachable) => last = StreamFault::Unreachable,
                    Err(fault) => return Err(fault),
                }
            }
            Err(last)
        };
        tokio::time::timeout(self.timeout, look).await.unwrap_or(Err(StreamFault::Unreachable))
    }

    /// Asks whether a bucket is there and open to the key, by HEAD.
    ///
    /// # Errors
    /// The class of what went wrong; `Unusable` from a program that was built without the feature `s3`.
    pub async fn bucket(&self, bucket: Bucketful) -> Result<(), StreamFault> {
        #[cfg(feature = "s3")]
        return crate::s3::look(self.reach.clone(), self.timeout, &bucket).await;
        #[cfg(not(feature = "s3"))]
        {
            drop(bucket);
            Err(StreamFault::Unusable)
        }
    }
}

const fn class(fault: MailFault) -> StreamFault {
    match fault {
        MailFault::Tls => StreamFault::Tls,
        MailFault::SignIn => StreamFault::SignIn,
        MailFault::Postponed => StreamFault::Postponed,
        MailFault::Refused => StreamFault::Refused,
        MailFault::Unwritable => StreamFault::Unusable,
        _ => StreamFault::Unreachable,
    }
}
