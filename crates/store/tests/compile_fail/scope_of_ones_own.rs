//! Something else that claims to be a place to read from.
use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_store::Scope;

struct Mine;

impl Scope for Mine {
    fn tenant(&self) -> TenantId {
        TenantId::from_bytes([0; 16])
    }
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }
}

fn main() {}
