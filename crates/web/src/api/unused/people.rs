//! Everybody with how much of what they have they use.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::ReadAudit, time::Timestamp};
use bailiwick_ops::unused::{self, PersonUse};
use bailiwick_store::Store;
use serde::Serialize;

use super::measured;
use crate::{access::Access, api::After, error::Result, forms::Json, shell::Visit};

#[derive(Serialize)]
pub(in crate::api) struct PeopleBody {
    recording_since: Option<Timestamp>,
    items: Vec<PersonBody>,
    next: Option<String>,
}

#[derive(Serialize)]
struct PersonBody {
    id: UserId,
    name: String,
    permissions: usize,
    unused: usize,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    visit: Visit,
    After(after): After,
) -> Result<Json<PeopleBody>> {
    let (found, recording_since) = unused::people(&store, &permit, after, measured(&visit)).await?;
    let next = found.next.map(|cursor| cursor.to_string());
    let body = |found: PersonUse| PersonBody {
        id: found.user.id,
        name: found.user.name,
        permissions: found.held,
        unused: found.unused,
    };
    Ok(Json(PeopleBody { recording_since, items: found.items.into_iter().map(body).collect(), next }))
}
