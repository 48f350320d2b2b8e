//! A rule of a tenant's own people opens another tenant.
use bailiwick_domain::{ids::TenantId, rule::Invite};
use bailiwick_store::Permit;

fn trespass(permit: &Permit<Invite>, elsewhere: TenantId) -> Permit<Invite> {
    permit.step_into(elsewhere)
}

fn main() {}
