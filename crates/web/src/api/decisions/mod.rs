//! What the guarded product asks: may somebody do something, what is a session, and may a request pass a proxy.

pub(super) mod authorize;
pub(super) mod check;
pub(super) mod introspect;
