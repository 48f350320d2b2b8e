//! The audit log on its way to other systems.
//!
//! A [`Sink`] takes parcels of records: a webhook ([Standard Webhooks]), a syslog server over TLS (RFC 5424, RFC 5425), a bucket
//! that speaks the protocol of S3. [`Sinks`] opens one from its sealed [`Place`]; [`Network`] does so over the network, and is the
//! one way out: every name is resolved here, every address it leads to is held against [`Reach`], and the connection goes to the
//! very address that was looked at. No redirection is followed, and of an answer nothing but its status is read.
//!
//! [`Probe`] looks whether a service that a customer named answers and takes the credentials, in the same guarded way, and hands nothing
//! on.
//!
//! What is sent is put together from the stored octets of the records, which are never serialised again, and always says where a
//! record stands in its log: place in the tree, leaf hash, hash of the record before about the same thing, size of the tree.
//!
//! [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

mod line;
mod network;
mod place;
mod probe;
mod reach;
#[cfg(feature = "s3")]
mod s3;
mod sink;
mod syslog;
mod webhook;
mod wire;

pub use network::Network;
pub use place::{
    BadPlace, Bucket, Identity, Place, Server, Web, host_and_port, origin_of, service_address, web_address,
};
pub use probe::{Authentication, Bucketful, HttpService, MailServer, Probe, Protection};
pub use reach::Reach;
pub use sink::{Delivering, Sink, Sinks};
