//! An approval that no code turned into.
use bailiwick_domain::{
    ids::{SessionId, UserId},
    rule::SuspendTenant,
};
use bailiwick_store::Approved;

fn forge(user: UserId, session: SessionId) -> Approved<SuspendTenant> {
    Approved { user, session, digest: [0; 32], rule: std::marker::PhantomData }
}

fn main() {}
