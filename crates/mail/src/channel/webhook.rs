//! To a phone number, as a short text, through the operator's message gateway: one signed POST for each message.
//!
//! The body is `{"type": "message.send", "timestamp": …, "data": {"to": "+…", "text": "…"}}`, signed as the Standard Webhooks
//! specification 1.0.0 says (symmetric, HMAC-SHA-256): headers `webhook-id`, `webhook-timestamp`, `webhook-signature`. The
//! id is that of the message, the same at every attempt, so that the gateway can drop a second copy.

mod address;
mod connect;
mod post;
mod secret;

use std::{fmt, time::Duration};

use bailiwick_domain::entity::{MailChannel, MailFault};
use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes, header};
use serde_json::json;

pub use address::WebhookUrl;
pub use post::{Answered, Post};
pub use secret::WebhookSecret;

use super::{Channel, Dispatch};
use crate::{Phone, Sending, wire::ask};
use connect::Tls;

/// Where the gateway is and what it knows us by.
pub struct WebhookSettings {
    /// Where messages are posted. Nothing else is ever connected to.
    pub url: WebhookUrl,
    /// What they are signed with.
    pub secret: WebhookSecret,
    /// Authorities (PEM) that may have signed the gateway's certificate, instead of the public ones.
    pub authorities: Option<Vec<u8>>,
    /// How long a message may take, from the connection to the answer.
    pub timeout: Duration,
}

/// Why no gateway can be reached with these settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadWebhook {
    /// Neither https, nor http to this machine, or more than an address with a path.
    #[error("not an address of https, or of http on this machine, without user, password and fragment")]
    Url,
    /// Not `whsec_` with 24 to 64 octets in base64.
    #[error("not a secret of the form whsec_…, with 24 to 64 octets in base64")]
    Secret,
    /// The authorities are no certificates.
    #[error("the authorities are not certificates in PEM")]
    Authorities,
    /// The TLS library cannot be used.
    #[error("TLS cannot be set up")]
    Tls,
}

/// A message gateway behind a webhook.
pub struct Webhook {
    url: WebhookUrl,
    secret: WebhookSecret,
    tls: Option<Tls>,
    timeout: Duration,
}

impl Webhook {
    /// Nothing is connected before the first message.
    ///
    /// # Errors
    /// [`BadWebhook`] for settings that could never work.
    pub fn new(settings: WebhookSettings) -> Result<Self, BadWebhook> {
        let WebhookSettings { url, secret, authorities, timeout } = settings;
        let tls = if url.is_https() { Some(Tls::new(&url, authorities.as_deref())?) } else { None };
        Ok(Self { url, secret, tls, timeout })
    }

    /// Whether the gateway takes connections, and TLS holds; nothing is sent.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn check(&self) -> Result<(), MailFault> {
        let connected = tokio::time::timeout(self.timeout, connect::open(&self.url, self.tls.as_ref()));
        connected.await.unwrap_or(Err(MailFault::Unreachable)).map(drop)
    }

    fn request(&self, dispatch: &Dispatch<'_>) -> Result<Request<Full<Bytes>>, MailFault> {
        let to: Phone = dispatch.to.parse().map_err(|_| MailFault::Unwritable)?;
        let text = dispatch.letter.short(dispatch.base).map_err(|_| MailFault::Unwritable)?;
        let body = json!({
            "type": "message.send",
            "timestamp": dispatch.written_at,
            "data": {"to": to.as_str(), "text": text.expose()},
        })
        .to_string();
        let (id, at) = (dispatch.id.to_string(), dispatch.now.unix_seconds());
        Request::post(self.url.target())
            .header(header::HOST, self.url.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "Bailiwick")
            .header("webhook-id", &id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", self.secret.sign(&id, at, &body))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| MailFault::Unwritable)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(), MailFault> {
        let stream = connect::open(&self.url, self.tls.as_ref()).await?;
        class(ask(stream, request).await.map_err(|_| MailFault::Unreachable)?)
    }
}

/// What an answer's status amounts to. Its body is never read: it may repeat the message, and nobody bounds it.
fn class(status: StatusCode) -> Result<(), MailFault> {
    match status.as_u16() {
        200..=299 => Ok(()),
        401 | 403 => Err(MailFault::SignIn),
        408 | 425 | 429 | 500..=599 => Err(MailFault::Postponed),
        // Nobody is there who takes messages, or somebody who says that they moved: a redirection is not followed, because
        // it would carry the code to a host that no operator has named. Both are a matter of the settings.
        300..=399 | 404 | 405 => Err(MailFault::Unreachable),
        _ => Err(MailFault::Refused),
    }
}

impl Channel for Webhook {
    fn kind(&self) -> MailChannel {
        MailChannel::Webhook
    }

    fn deliver<'a>(&'a self, dispatch: Dispatch<'a>) -> Sending<'a> {
        Box::pin(async move {
            let request = self.request(&dispatch)?;
            let exchanged = tokio::time::timeout(self.timeout, self.exchange(request));
            exchanged.await.unwrap_or(Err(MailFault::Unreachable))
        })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gateway_that_took_the_message_has_taken_it() {
        let class = |status: u16| StatusCode::from_u16(status).map(class);
        for (status, fault) in [
            (301, MailFault::Unreachable),
            (307, MailFault::Unreachable),
            (400, MailFault::Refused),
            (401, MailFault::SignIn),
            (403, MailFault::SignIn),
            (404, MailFault::Unreachable),
            (408, MailFault::Postponed),
            (410, MailFault::Refused),
            (422, MailFault::Refused),
            (429, MailFault::Postponed),
            (500, MailFault::Postponed),
            (503, MailFault::Postponed),
            (600, MailFault::Refused),
        ] {
            assert_eq!(class(status).ok(), Some(Err(fault)), "{status}");
        }
        for status in [200, 201, 202, 204] {
            assert_eq!(class(status).ok(), Some(Ok(())), "{status}");
        }
    }
}
