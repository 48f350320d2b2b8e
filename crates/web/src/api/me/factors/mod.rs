//! The caller's own second factors.

pub(in crate::api) mod begin;
pub(in crate::api) mod list;
pub(in crate::api) mod remove;
pub(in crate::api) mod verify;

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState},
    ids::FactorId,
    time::Timestamp,
};
use serde::Serialize;

/// A factor as the API shows it.
#[derive(Serialize)]
pub(super) struct FactorBody {
    id: FactorId,
    kind: FactorKind,
    name: String,
    state: FactorState,
    created_at: Timestamp,
    verified_at: Option<Timestamp>,
}

impl From<Factor> for FactorBody {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id,
            kind: factor.kind,
            name: factor.name,
            state: factor.state,
            created_at: factor.created_at,
            verified_at: factor.verified_at,
        }
    }
}
