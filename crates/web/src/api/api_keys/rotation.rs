//! How far the callers of a key have moved to the one that takes its place.

use axum::extract::State;
use bailiwick_domain::{entity::Browser, ids::ApiKeyId, rule::ReadApiKeys, time::Timestamp};
use bailiwick_ops::api_keys::{self, Moving};
use bailiwick_store::Store;
use serde::Serialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct RotationBody {
    /// The key that takes its place.
    to: ApiKeyId,
    /// When the old one ceases to work at the latest.
    ends_at: Option<Timestamp>,
    /// Whether everybody has moved, so that the old one is retired.
    complete: bool,
    /// Whether there were more callers than are kept.
    incomplete: bool,
    callers: Vec<MovingBody>,
}

#[derive(Serialize)]
struct MovingBody {
    address: String,
    agent: Browser,
    last_seen_with_old: Timestamp,
    last_seen_with_new: Option<Timestamp>,
    moved: bool,
}

impl From<Moving> for MovingBody {
    fn from(moving: Moving) -> Self {
        Self {
            address: moving.address,
            agent: moving.agent,
            last_seen_with_old: moving.with_old,
            last_seen_with_new: moving.with_new,
            moved: moving.moved,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
) -> Result<Json<RotationBody>> {
    let key = bailiwick_store::api_keys::find(&mut store.read(&permit).await?, id).await?;
    let movement = api_keys::movement(&store, &permit, &key).await?.ok_or(Error::NotFound)?;
    Ok(Json(RotationBody {
        to: movement.to.id,
        ends_at: key.expires_at,
        complete: movement.complete,
        incomplete: movement.incomplete,
        callers: movement.callers.into_iter().map(MovingBody::from).collect(),
    }))
}
