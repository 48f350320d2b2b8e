use std::sync::atomic::{AtomicI64, Ordering};

use bailiwick_domain::time::Timestamp;

use super::*;

struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

fn rates(requests: Measures) -> (Rates, Arc<Set>) {
    let clock = Arc::new(Set(AtomicI64::new(0)));
    let limits = RateLimits { requests, product: Measures::default() };
    (Rates::new(&limits, Arc::clone(&clock) as _), clock)
}

fn told(metered: &Metered) -> String {
    let mut headers = HeaderMap::new();
    metered.tell(&mut headers);
    headers.get(REMAINING).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn an_address_that_asks_too_fast_waits_and_keeps_nobody_else_waiting() {
    let (rates, clock) =
        rates(Measures { address: Some("2/s burst 3".parse().unwrap()), ..Measures::default() });
    let ask = |from: &str| {
        let metered = rates.of("/v1/users").unwrap();
        let done = metered.arrive(Some(from.parse().unwrap()));
        (done.is_ok(), told(&metered))
    };
    assert_eq!(ask("192.0.2.1"), (true, "\"address\";r=2;t=1".into()));
    assert_eq!(ask("::ffff:192.0.2.1"), (true, "\"address\";r=1;t=1".into()));
    assert_eq!(ask("192.0.2.1"), (true, "\"address\";r=0;t=2".into()));
    assert_eq!(ask("192.0.2.1"), (false, "\"address\";r=0;t=1".into()));
    assert!(ask("192.0.2.2").0);
    assert!(ask("2001:db8::1").0 && ask("2001:db8::2").0 && ask("2001:db8::3").0);
    assert!(!ask("2001:db8::4").0, "whoever has one address of a /64 has all of them");
    assert!(ask("2001:db8:0:1::4").0);
    clock.0.store(500_000, Ordering::Relaxed);
    assert!(ask("192.0.2.1").0 && !ask("192.0.2.1").0);
    clock.0.store(60_000_000, Ordering::Relaxed);
    assert_eq!(ask("192.0.2.1"), (true, "\"address\";r=2;t=1".into()));
}

#[test]
fn each_limit_has_its_name() {
    let rate = |text: &str| Some(text.parse().unwrap());
    let (rates, _) =
        rates(Measures { caller: rate("1/s burst 2"), tenant: rate("1/m burst 3"), address: None });
    let (tenant, other) = (TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16]));
    let ask = |tenant: TenantId, caller: u128| {
        let metered = rates.of("/v1/users").unwrap();
        metered.arrive(Some("192.0.2.1".parse().unwrap())).unwrap();
        (metered.count(Some(tenant), Some(Uuid::from_u128(caller))), told(&metered))
    };
    let (done, left) = ask(tenant, 1);
    assert!(done.is_ok());
    assert_eq!(left, "\"caller\";r=1;t=1, \"tenant\";r=2;t=60");
    assert!(ask(tenant, 1).0.is_ok());
    assert!(matches!(ask(tenant, 1).0, Err(Error::TooFast { retry_after_seconds: 1, of: Whose::Caller })));
    assert!(ask(tenant, 2).0.is_ok());
    assert!(matches!(ask(tenant, 2).0, Err(Error::TooFast { retry_after_seconds: 60, of: Whose::Tenant })));
    assert!(ask(other, 3).0.is_ok());
    let mut headers = HeaderMap::new();
    rates.of("/v1/users").unwrap().tell(&mut headers);
    assert_eq!(headers[POLICY], "\"caller\";q=2;w=2, \"tenant\";q=3;w=180");
    assert!(!headers.contains_key(REMAINING));
}

#[test]
fn what_is_unlimited_costs_nothing() {
    let (rates, _) = rates(Measures { address: Some(Rate::a_second(1, 1)), ..Measures::default() });
    for path in PRODUCT.into_iter().chain(["/users", "/", "/v1", "/health/live"]) {
        assert!(rates.of(path).is_none(), "{path}");
    }
    assert!(rates.of("/v1/audit/events/1").is_some());
    for path in PRODUCT {
        let table = crate::routes().table();
        assert!(table.iter().any(|row| row.path == path), "{path} is no route any more");
    }
}
