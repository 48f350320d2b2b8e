//! The server's authority passes for the permission of a person.
use bailiwick_domain::{ids::TenantId, rule::Invite};
use bailiwick_store::{Job, Jobs, Permit};

fn pass(jobs: &Jobs, tenant: TenantId) -> Permit<Invite> {
    jobs.permit(Job::Init, tenant)
}

fn main() {}
