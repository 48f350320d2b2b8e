//! An approval by the constructor that the store keeps for itself.
use bailiwick_domain::{
    ids::{SessionId, UserId},
    rule::SuspendTenant,
};
use bailiwick_store::Approved;

fn forge(user: UserId, session: SessionId) -> Approved<SuspendTenant> {
    Approved::new(user, session, [0; 32])
}

fn main() {}
