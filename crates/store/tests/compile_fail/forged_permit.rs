//! A permit that no gate made.
use bailiwick_domain::{permission::PermissionSet, rule::Invite};
use bailiwick_store::{Actor, Permit, RequestContext};

fn forge(actor: Actor, request: RequestContext) -> Permit<Invite> {
    Permit { actor, tenant: None, permissions: PermissionSet::empty(), request, caller: None, renewed: None, seen: None, rule: std::marker::PhantomData }
}

fn main() {}
