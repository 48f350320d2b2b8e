//! One request and the limits that it counts for.

use std::{
    fmt::{self, Write as _},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bailiwick_domain::{clock::Clock, ids::TenantId};
use uuid::Uuid;

use super::{
    Measures, Rate, RateLimits,
    beat::Beat,
    limiter::{Limiter, Reading},
};
use crate::error::{Error, Result, Whose};

/// The limits in force (draft-ietf-httpapi-ratelimit-headers).
pub(crate) const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of them.
pub(crate) const REMAINING: HeaderName = HeaderName::from_static("ratelimit");

/// What the guarded product asks while it serves its own people.
const PRODUCT: [&str; 5] =
    ["/v1/audit/events", "/v1/auth/check", "/v1/authorize", "/v1/keys/verify", "/v1/sessions/introspect"];

/// Every limit of this server.
#[derive(Debug)]
pub(crate) struct Rates {
    requests: Option<Arc<Limits>>,
    product: Option<Arc<Limits>>,
}

#[derive(Debug)]
struct Limits {
    address: Option<Limiter<IpAddr>>,
    caller: Option<Limiter<Uuid>>,
    tenant: Option<Limiter<TenantId>>,
    policy: HeaderValue,
}

impl Rates {
    pub(crate) fn new(limits: &RateLimits, clock: Arc<dyn Clock>) -> Self {
        let beat = Beat::new(clock);
        Self {
            requests: Limits::new(&limits.requests, &beat).map(Arc::new),
            product: Limits::new(&limits.product, &beat).map(Arc::new),
        }
    }

    /// What a request for this path counts for; nothing where it is of no kind that is limited.
    pub(crate) fn of(&self, path: &str) -> Option<Metered> {
        let limits = if PRODUCT.contains(&path) {
            self.product.as_ref()
        } else if path.starts_with("/v1/") {
            self.requests.as_ref()
        } else {
            None
        };
        limits.map(|limits| Metered { limits: Arc::clone(limits), left: Arc::default() })
    }
}

impl Limits {
    fn new(measures: &Measures, beat: &Beat) -> Option<Self> {
        let named = [("address", measures.address), ("caller", measures.caller), ("tenant", measures.tenant)];
        let policies = named.into_iter().filter_map(|(name, rate)| Some(policy(name, rate?)));
        let policies: Vec<_> = policies.collect();
        if policies.is_empty() {
            return None;
        }
        Some(Self {
            address: measures.address.map(|rate| Limiter::new(rate, beat)),
            caller: measures.caller.map(|rate| Limiter::new(rate, beat)),
            tenant: measures.tenant.map(|rate| Limiter::new(rate, beat)),
            policy: HeaderValue::from_str(&policies.join(", ")).ok()?,
        })
    }
}

fn policy(name: &str, rate: Rate) -> String {
    format!("\"{name}\";q={};w={}", rate.burst(), rate.window())
}

/// One request on its way. Whoever admits it counts it for its sender.
#[derive(Clone)]
pub(crate) struct Metered {
    limits: Arc<Limits>,
    left: Arc<Mutex<Left>>,
}

#[derive(Default)]
struct Left {
    address: Option<Reading>,
    caller: Option<Reading>,
    tenant: Option<Reading>,
}

impl Metered {
    /// Counts it for the address that it came from.
    ///
    /// # Errors
    /// 429 where that has sent too many.
    pub(crate) fn arrive(&self, from: Option<IpAddr>) -> Result<()> {
        let (Some(limiter), Some(from)) = (&self.limits.address, from) else { return Ok(()) };
        let reading = limiter.count(&source(from));
        self.note(|left| left.address = Some(either(reading)));
        judged(reading, Whose::Address)
    }

    /// Counts it for whoever was admitted.
    ///
    /// # Errors
    /// 429 where they, or their organisation, have sent too many.
    pub(crate) fn count(&self, tenant: Option<TenantId>, caller: Option<Uuid>) -> Result<()> {
        if let (Some(limiter), Some(caller)) = (&self.limits.caller, caller) {
            let reading = limiter.count(&caller);
            self.note(|left| left.caller = Some(either(reading)));
            judged(reading, Whose::Caller)?;
        }
        if let (Some(limiter), Some(tenant)) = (&self.limits.tenant, tenant) {
            let reading = limiter.count(&tenant);
            self.note(|left| left.tenant = Some(either(reading)));
            judged(reading, Whose::Tenant)?;
        }
        Ok(())
    }

    /// Says in the answer which limits there are, and what is left of those that it counted for.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(POLICY, self.limits.policy.clone());
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::with_capacity(96);
        for (name, reading) in [("address", left.address), ("caller", left.caller), ("tenant", left.tenant)] {
            if let Some(Reading { remaining, seconds }) = reading {
                let comma = if text.is_empty() { "" } else { ", " };
                // A text takes everything.
                let _ = write!(text, "{comma}\"{name}\";r={remaining};t={seconds}");
            }
        }
        if let (false, Ok(value)) = (text.is_empty(), HeaderValue::try_from(text)) {
            headers.insert(REMAINING, value);
        }
    }

    fn note(&self, note: impl FnOnce(&mut Left)) {
        note(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

const fn either(reading: Result<Reading, Reading>) -> Reading {
    match reading {
        Ok(reading) | Err(reading) => reading,
    }
}

fn judged(reading: Result<Reading, Reading>, of: Whose) -> Result<()> {
    reading.map(drop).map_err(|refused| Error::TooFast { retry_after_seconds: refused.seconds, of })
}

/// Of an IPv6 address, the first 64 bits: that is the least that a customer is given (RFC 6177).
fn source(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metered(…)")
    }
}

#[cfg(test)]
mod tests;
