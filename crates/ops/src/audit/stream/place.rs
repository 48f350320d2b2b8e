//! Where a stream is to lead, as it is typed.

use bailiwick_domain::entity::StreamKind;
use bailiwick_store::{Tx, audit::stream};
use bailiwick_stream::{Bucket, Identity, Place, Reach, Server, Web, host_and_port};
use zeroize::Zeroizing;

use crate::{Error, Result, valid::Fields};

/// Where a stream is to lead, as it is typed: of its kind's fields, the others stay empty.
#[derive(Clone, Default)]
pub struct NewPlace {
    /// `webhook`, `syslog` or `s3`.
    pub kind: String,
    /// Webhook: `https://…`.
    pub url: String,
    /// Authorities (PEM) that may have signed the certificate of the other side, instead of the public ones; may be empty.
    pub authorities: String,
    /// Syslog: a name with a port.
    pub server: String,
    /// Syslog: our certificate (PEM), if the server asks for one.
    pub certificate: String,
    /// Syslog: its key (PEM).
    pub key: String,
    /// S3: the address of the service.
    pub endpoint: String,
    /// S3: the region.
    pub region: String,
    /// S3: the bucket.
    pub bucket: String,
    /// S3: what names of objects begin with; may be empty.
    pub prefix: String,
    /// S3: the id of the access key.
    pub access_key: String,
    /// S3: the access key.
    pub secret_key: String,
    /// Where streams of this server may lead: without a network in it, nowhere by http.
    pub reach: Reach,
}

/// Addresses may hold tokens, and keys are keys.
impl std::fmt::Debug for NewPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPlace").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A place that can be stored.
pub(super) struct Parsed {
    pub(super) kind: StreamKind,
    pub(super) origin: String,
    pub(super) octets: Zeroizing<Vec<u8>>,
}

impl NewPlace {
    /// What is wrong with it, in `fields`; the place where nothing is.
    pub(super) fn parse(&self, fields: &mut Fields) -> Option<Parsed> {
        let kind =
            fields.take("kind", self.kind.parse::<StreamKind>().map_err(|_| "Choose one of the kinds."))?;
        let trimmed = |text: &str| text.trim().to_owned();
        let authorities = some(&self.authorities);
        let place = match kind {
            StreamKind::Webhook => Place::Webhook(Web { url: trimmed(&self.url), authorities }),
            StreamKind::Syslog => {
                let found = host_and_port(&self.server).map_err(|wrong| wrong.text);
                let (host, port) = fields.take("server", found)?;
                let identity = match (some(&self.certificate), some(&self.key)) {
                    (None, None) => None,
                    (certificate, key) => Some(Identity {
                        certificate: certificate.unwrap_or_default(),
                        key: key.unwrap_or_default(),
                    }),
                };
                Place::Syslog(Server { host, port, authorities, identity })
            }
            StreamKind::S3 => Place::S3(Bucket {
                endpoint: trimmed(&self.endpoint),
                authorities,
                region: trimmed(&self.region),
                bucket: trimmed(&self.bucket),
                prefix: trimmed(&self.prefix),
                access_key: trimmed(&self.access_key),
                secret_key: trimmed(&self.secret_key),
            }),
        };
        let clear = || place.protected(&self.reach).map_err(|wrong| vec![wrong]);
        if let Err(wrong) = place.check().and_then(|()| clear()) {
            for one in wrong {
                fields.refuse(one.field, one.text);
            }
            return None;
        }
        let octets = place.to_bytes().ok()?;
        Some(Parsed { kind, origin: place.origin(), octets })
    }

    /// As [`parse`](Self::parse), alone.
    pub(super) fn parsed(&self) -> Result<Parsed> {
        let mut fields = Fields::default();
        let parsed = self.parse(&mut fields);
        fields.done()?;
        parsed.ok_or(Error::NotFound)
    }
}

impl Parsed {
    /// The tag by which it is recorded.
    pub(super) fn tag(&self, tx: &Tx) -> String {
        stream::place_tag(tx, &self.octets)
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
