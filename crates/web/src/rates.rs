//! How fast programs may ask the API: for each address, each key or person, and each organisation.
//!
//! The arithmetic is the generic cell rate algorithm of `governor`: so many requests at once after a pause, and so many in a time from
//! then on. The memory behind it has an end ([`Bounded`](memory::Bounded)), and so has what a clock that is set back can do
//! ([`Beat`](beat::Beat)). Each server counts for itself.

mod beat;
mod limiter;
mod memory;
mod metered;
mod rate;

pub use rate::{BadRate, Rate};

pub(crate) use metered::{Metered, POLICY, REMAINING, Rates};

/// The limits of one kind of request; nothing is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// Of one IPv4 address, or of the first 64 bits of an IPv6 address.
    pub address: Option<Rate>,
    /// Of one API key, or of one person whatever their sessions.
    pub caller: Option<Rate>,
    /// Of one organisation.
    pub tenant: Option<Rate>,
}

/// The limits of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Of every request below `/v1` but those of the other kind.
    pub requests: Measures,
    /// Of what the guarded product asks while it serves its own people, and of the events that it records.
    pub product: Measures,
}

impl Default for RateLimits {
    fn default() -> Self {
        let requests = Measures {
            address: Some(Rate::a_second(500, 5_000)),
            caller: Some(Rate::a_second(500, 5_000)),
            tenant: Some(Rate::a_second(2_000, 20_000)),
        };
        Self { requests, product: Measures::default() }
    }
}
