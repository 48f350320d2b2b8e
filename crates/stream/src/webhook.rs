//! Signed requests to an address of the web, after the Standard Webhooks specification 1.0.0 (symmetric, HMAC-SHA-256).
//!
//! The body is `{"data": {"events": […], "first": …, "stream": …, "tree_size": …, "upto": …}, "timestamp": …, "type": "audit.events"}`,
//! the headers are `webhook-id`, `webhook-timestamp` and `webhook-signature`. The id is that of the parcel, the same at every
//! attempt. While two secrets are good, both sign.

use std::time::Duration;

use bailiwick_domain::{
    entity::StreamFault,
    stream::{Contents, Parcel},
};
use bailiwick_mail::WebhookSecret;
use http_body_util::Full;
use hyper::{Request, body::Bytes, header};
use serde_json::json;
use url::Url;

use crate::{Delivering, Reach, Sink, line::line, place::Web, wire::Door};

/// An address of the web.
pub(crate) struct Webhook {
    door: Door,
    url: Url,
    secrets: Vec<WebhookSecret>,
}

impl Webhook {
    /// Nothing is connected before the first parcel.
    pub(crate) fn new(
        reach: Reach,
        web: &Web,
        secrets: Vec<WebhookSecret>,
        timeout: Duration,
    ) -> Result<Self, StreamFault> {
        let url = Url::parse(&web.url).map_err(|_| StreamFault::Unusable)?;
        if secrets.is_empty() {
            return Err(StreamFault::Unusable);
        }
        let door = Door::of_url(reach, &url, web.authorities.as_deref(), timeout)?;
        Ok(Self { door, url, secrets })
    }

    fn request(&self, parcel: &Parcel) -> Result<Request<Full<Bytes>>, StreamFault> {
        let (id, at, body) = (parcel.id(), parcel.now.unix_seconds(), body(parcel));
        let signatures: Vec<_> = self.secrets.iter().map(|secret| secret.sign(&id, at, &body)).collect();
        Request::post(target(&self.url))
            .header(header::HOST, self.url.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "Bailiwick")
            .header("webhook-id", &id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signatures.join(" "))
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| StreamFault::Unusable)
    }
}

/// Path and query.
pub(crate) fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn body(parcel: &Parcel) -> String {
    let (stream, size, now) = (parcel.stream, parcel.tree_size, json!(parcel.now));
    match &parcel.contents {
        Contents::Test { number } => format!(
            r#"{{"data":{{"number":{number},"stream":"{stream}"}},"timestamp":{now},"type":"audit.test"}}"#
        ),
        Contents::Leaves { first, upto, leaves } => {
            let events: Vec<_> = leaves.iter().map(|leaf| line(parcel, leaf)).collect();
            format!(
                r#"{{"data":{{"events":[{}],"first":{first},"stream":"{stream}","tree_size":{size},"upto":{upto}}},"timestamp":{now},"type":"audit.events"}}"#,
                events.join(",")
            )
        }
    }
}

impl Sink for Webhook {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Delivering<'a> {
        Box::pin(async move { self.door.ask(self.request(parcel)?).await })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use serde_json::Value;

    use super::*;
    use crate::line::tests::{leaf, parcel};

    #[test]
    fn body_is_json_that_holds_every_record_with_its_place() {
        let value: Value = serde_json::from_str(&body(&parcel(vec![leaf(), leaf()]))).unwrap();
        assert_eq!(
            (value["type"].as_str(), value["data"]["events"].as_array().map(Vec::len)),
            (Some("audit.events"), Some(2))
        );
        assert_eq!((value["data"]["first"].as_i64(), value["data"]["upto"].as_i64()), (Some(7), Some(8)));
        assert_eq!(value["data"]["events"][0]["event"]["v"], 1);
        let test = Parcel { contents: Contents::Test { number: 3 }, ..parcel(Vec::new()) };
        let value: Value = serde_json::from_str(&body(&test)).unwrap();
        assert_eq!((value["type"].as_str(), value["data"]["number"].as_i64()), (Some("audit.test"), Some(3)));
    }
}
