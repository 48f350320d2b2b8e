//! What takes parcels.

use std::pin::Pin;

use bailiwick_domain::{entity::StreamFault, stream::Parcel};
use bailiwick_mail::WebhookSecret;

use crate::Place;

/// A parcel being handed on.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Result<(), StreamFault>> + Send + 'a>>;

/// The other side of a stream.
pub trait Sink: Send + Sync {
    /// Hands a parcel on: done once the other side has taken all of it, or a class of what went wrong. It ends by itself, in a time
    /// far below the lease of a stream.
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Delivering<'a>;
}

/// What opens the other side of a stream.
pub trait Sinks: Send + Sync {
    /// Nothing is connected before the first parcel.
    ///
    /// # Errors
    /// [`StreamFault::Unusable`] for settings that this server cannot use.
    fn open(&self, place: &Place, secrets: Vec<WebhookSecret>) -> Result<Box<dyn Sink>, StreamFault>;
}
