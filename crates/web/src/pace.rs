//! How fast one organisation may ask for proofs, and for the values of secrets: programs ask for either in thousands.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bailiwick_domain::{ids::TenantId, time::Timestamp};

use crate::error::{Error, Result};

/// Requests for proofs at once, after a while without any. Each costs a handful of reads.
const BURST: i64 = 2_000;
/// Requests in a second after that.
const A_SECOND: i64 = 200;
/// Requests for values of secrets at once, after a while without any. Each writes a record.
const VALUES_BURST: i64 = 300;
/// Requests in a second after that.
const VALUES_A_SECOND: i64 = 20;
/// Organisations that are counted at once. Beyond, those that have waited longest begin anew, with a full measure.
const TENANTS: usize = 10_000;

/// What is left to each organisation.
#[derive(Debug, Default)]
pub struct Pace {
    proofs: Measure,
    values: Measure,
}

type Measure = Mutex<HashMap<TenantId, Left>>;

#[derive(Clone, Copy, Debug)]
struct Left {
    /// In millionths of a request, so that time in microseconds adds to it without rounding.
    millionths: i64,
    at: Timestamp,
}

impl Pace {
    /// Counts a request of an organisation for a proof.
    ///
    /// # Errors
    /// 429 where it has asked for too many.
    pub(crate) fn count(&self, tenant: Option<TenantId>, now: Timestamp) -> Result<()> {
        counted(&self.proofs, tenant, now, BURST, A_SECOND)
    }

    /// Counts a request of an organisation for values of secrets.
    ///
    /// # Errors
    /// 429 where it has asked for too many.
    pub(crate) fn count_values(&self, tenant: Option<TenantId>, now: Timestamp) -> Result<()> {
        counted(&self.values, tenant, now, VALUES_BURST, VALUES_A_SECOND)
    }
}

fn counted(
    measure: &Measure,
    tenant: Option<TenantId>,
    now: Timestamp,
    burst: i64,
    a_second: i64,
) -> Result<()> {
    let Some(tenant) = tenant else { return Ok(()) };
    let mut all = measure.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= TENANTS && !all.contains_key(&tenant) {
        let oldest = all.iter().min_by_key(|(_, left)| left.at).map(|(tenant, _)| *tenant);
        oldest.map(|oldest| all.remove(&oldest));
    }
    let full = burst * 1_000_000;
    let left = all.entry(tenant).or_insert(Left { millionths: full, at: now });
    let passed = now.micros().saturating_sub(left.at.micros()).max(0);
    left.millionths = left.millionths.saturating_add(passed.saturating_mul(a_second)).min(full);
    left.at = now;
    if left.millionths < 1_000_000 {
        return Err(Error::Limited { retry_after_seconds: 1 });
    }
    left.millionths -= 1_000_000;
    Ok(())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    #[test]
    fn an_organisation_that_asks_for_too_many_is_told_to_wait_and_keeps_nobody_else_waiting() {
        let (pace, start) = (Pace::default(), Timestamp::from_micros(0));
        let of = |n: u8| Some(TenantId::from_bytes([n; 16]));
        for _ in 0..BURST {
            assert!(pace.count(of(1), start).is_ok());
        }
        assert!(matches!(pace.count(of(1), start), Err(Error::Limited { .. })));
        assert!(pace.count(of(2), start).is_ok());
        let later = start + Span::seconds(1);
        let passed = (0..2 * A_SECOND).filter(|_| pace.count(of(1), later).is_ok()).count();
        assert_eq!(passed, usize::try_from(A_SECOND).unwrap());
        assert!(pace.count(of(1), start).is_err(), "a clock that goes back gives nothing");
    }

    #[test]
    fn values_of_secrets_have_a_measure_of_their_own() {
        let (pace, start) = (Pace::default(), Timestamp::from_micros(0));
        let acme = Some(TenantId::from_bytes([1; 16]));
        let given = (0..2 * VALUES_BURST).filter(|_| pace.count_values(acme, start).is_ok()).count();
        assert_eq!(given, usize::try_from(VALUES_BURST).unwrap());
        assert!(pace.count(acme, start).is_ok(), "proofs are counted apart");
        let later = start + Span::seconds(1);
        let given = (0..VALUES_BURST).filter(|_| pace.count_values(acme, later).is_ok()).count();
        assert_eq!(given, usize::try_from(VALUES_A_SECOND).unwrap());
    }

    #[test]
    fn nobody_fills_the_memory_with_organisations() {
        let (pace, now) = (Pace::default(), Timestamp::from_micros(7));
        for n in 0..TENANTS + 100 {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(n as u64).to_be_bytes());
            assert!(pace.count(Some(TenantId::from_bytes(id)), now).is_ok());
        }
        assert_eq!(pace.proofs.lock().unwrap().len(), TENANTS);
    }
}
