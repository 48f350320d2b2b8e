//! The fields of a place, and of a filter.

use bailiwick_domain::entity::{StreamFilter, StreamKind};
use serde::Deserialize;

use crate::forms::{Choice, Field, Problem, Select, Typed};

/// The fields of a place as the template shows them: those of its kind.
pub(super) struct PlaceFields {
    pub(super) kind: &'static str,
    pub(super) url: Field,
    pub(super) authorities: Field,
    pub(super) server: Field,
    pub(super) certificate: Field,
    pub(super) key: Field,
    pub(super) endpoint: Field,
    pub(super) region: Field,
    pub(super) bucket: Field,
    pub(super) prefix: Field,
    pub(super) access_key: Field,
    pub(super) secret_key: Field,
}

impl PlaceFields {
    /// Empty ones.
    pub(super) fn of(kind: StreamKind) -> Self {
        Self {
            kind: kind.name(),
            url: Field::new("url", "Address")
                .hint("Begins with https. Records are posted there, signed, and no redirection is followed."),
            authorities: Field::new("authorities", "Certificates of the authority")
                .hint("In PEM, where the other side's certificate is not one of a public authority."),
            server: Field::new("server", "Server").hint("A name and a port, such as logs.example.com:6514."),
            certificate: Field::new("certificate", "Certificate of this sender")
                .hint("In PEM, where the server asks who is sending."),
            key: Field::new("key", "Its private key")
                .hint("In PEM. It is kept sealed, and never shown again."),
            endpoint: Field::new("endpoint", "Address of the service")
                .hint("Such as https://s3.eu-central-1.amazonaws.com."),
            region: Field::new("region", "Region").value("us-east-1"),
            bucket: Field::new("bucket", "Bucket"),
            prefix: Field::new("prefix", "Prefix").hint("What the names of objects begin with."),
            access_key: Field::new("access_key", "Id of the access key"),
            secret_key: Field::new("secret_key", "Access key")
                .hint("It is kept sealed, and never shown again."),
        }
    }

    /// The names and labels of its fields, in order.
    pub(super) fn named(&self) -> Vec<(&'static str, &'static str)> {
        [
            &self.url,
            &self.server,
            &self.endpoint,
            &self.region,
            &self.bucket,
            &self.prefix,
            &self.access_key,
            &self.secret_key,
            &self.authorities,
            &self.certificate,
            &self.key,
        ]
        .map(Field::named)
        .to_vec()
    }

    /// As they were filled in, with what is wrong beside each; of keys only what is wrong.
    pub(super) fn again(self, typed: &Typed, problems: &[Problem]) -> Self {
        Self {
            kind: self.kind,
            url: self.url.again(typed, problems),
            authorities: self.authorities.again(typed, problems),
            server: self.server.again(typed, problems),
            certificate: self.certificate.again(typed, problems),
            key: self.key.emptied(problems),
            endpoint: self.endpoint.again(typed, problems),
            region: self.region.again(typed, problems),
            bucket: self.bucket.again(typed, problems),
            prefix: self.prefix.again(typed, problems),
            access_key: self.access_key.again(typed, problems),
            secret_key: self.secret_key.emptied(problems),
        }
    }
}

/// What narrows a stream, as a form sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateForm {
    pub(super) name: String,
    #[serde(default)]
    pub(super) action: String,
    #[serde(default)]
    pub(super) entity_type: String,
    #[serde(default)]
    pub(super) outcome: String,
}

/// A filter of what was typed; empty parts are none.
pub(super) fn filter(action: String, entity_type: String, outcome: String) -> StreamFilter {
    StreamFilter { action: Some(action), entity_type: Some(entity_type), outcome: Some(outcome) }
}

/// Name and filter as the template shows them.
pub(super) struct FilterFields {
    pub(super) name: Field,
    pub(super) action: Field,
    pub(super) entity_type: Field,
    pub(super) outcome: Select,
}

impl FilterFields {
    /// With these values.
    pub(super) fn of(name: &str, filter: &StreamFilter) -> Self {
        let outcomes = [("", "Every outcome"), ("ok", "Done"), ("denied", "Denied"), ("failed", "Failed")];
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        Self {
            name: Field::new("name", "Name").value(name),
            action: Field::new("action", "Only actions that begin with")
                .hint("Such as “user.” or “invitation.created”. Empty for every action.")
                .value(part(&filter.action)),
            entity_type: Field::new("entity_type", "Only this kind of thing")
                .hint("Such as “user”. Empty for every kind.")
                .value(part(&filter.entity_type)),
            outcome: Select::new(
                "outcome",
                "Outcome",
                outcomes.map(|(value, label)| Choice::new(value, label)),
                &part(&filter.outcome),
            ),
        }
    }

    /// The names and labels of its fields, in order.
    pub(super) fn named(&self) -> Vec<(&'static str, &'static str)> {
        vec![self.name.named(), self.action.named(), self.entity_type.named(), self.outcome.named()]
    }

    /// As they were filled in, with what is wrong beside each.
    pub(super) fn again(self, typed: &Typed, problems: &[Problem]) -> Self {
        Self {
            name: self.name.again(typed, problems),
            action: self.action.again(typed, problems),
            entity_type: self.entity_type.again(typed, problems),
            outcome: self.outcome.again(typed, problems),
        }
    }
}
