//! What one person uses of what they have.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::ReadAudit, time::Timestamp};
use bailiwick_ops::unused;
use bailiwick_store::Store;
use serde::Serialize;

use super::{LineBody, measured};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    shell::Visit,
};

#[derive(Serialize)]
pub(in crate::api) struct PersonBody {
    id: UserId,
    name: String,
    recording_since: Option<Timestamp>,
    permissions: Vec<LineBody>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<Json<PersonBody>> {
    let found = unused::of_person(&store, &permit, id, measured(&visit)).await?;
    Ok(Json(PersonBody {
        id,
        recording_since: found.recording,
        permissions: found.lines.iter().map(|line| LineBody::of(store.catalogue(), line)).collect(),
        name: found.user.name,
    }))
}
