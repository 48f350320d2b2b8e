//! Opening the other side of streams over the network.

use std::time::Duration;

use bailiwick_domain::entity::StreamFault;
use bailiwick_mail::WebhookSecret;

use crate::{Place, Reach, Sink, Sinks, syslog::Syslog, webhook::Webhook};

/// Sinks over the network: only where [`Reach`] lets them lead, and each parcel within a time.
#[derive(Clone, Debug)]
pub struct Network {
    reach: Reach,
    /// From the connection to the last answer.
    timeout: Duration,
    /// What syslog names as the sending host.
    host: String,
}

impl Network {
    /// Sinks within `reach`; each parcel may take `timeout`, which is far below the lease of a stream. `host` is the name of this
    /// server.
    pub fn new(reach: Reach, timeout: Duration, host: impl Into<String>) -> Self {
        Self { reach, timeout, host: host.into() }
    }
}

impl Sinks for Network {
    fn open(&self, place: &Place, secrets: Vec<WebhookSecret>) -> Result<Box<dyn Sink>, StreamFault> {
        match place {
            Place::Webhook(web) => {
                Ok(Box::new(Webhook::new(self.reach.clone(), web, secrets, self.timeout)?))
            }
            Place::Syslog(server) => {
                Ok(Box::new(Syslog::new(self.reach.clone(), server, &self.host, self.timeout)?))
            }
            #[cfg(feature = "s3")]
            Place::S3(bucket) => Ok(Box::new(crate::s3::S3::new(self.reach.clone(), bucket, self.timeout)?)),
            #[cfg(not(feature = "s3"))]
            Place::S3(_) => Err(StreamFault::Unusable),
        }
    }
}
