//! Records that the other side of a stream does not take, the last ones first.

use axum::extract::State;
use bailiwick_domain::{
    entity::StreamFault,
    ids::{EventId, StreamId},
    rule::ReadAudit,
    time::Timestamp,
};
use bailiwick_store::{
    Store,
    audit::stream::{self, Dead},
};
use serde::Serialize;

use crate::{
    access::Access,
    api::{After, List, cursor::Before},
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct DeadBody {
    index: i64,
    event: EventId,
    fault: Option<StreamFault>,
    attempts: i64,
    at: Timestamp,
}

impl From<Dead> for DeadBody {
    fn from(dead: Dead) -> Self {
        Self {
            index: dead.leaf_index,
            event: dead.event,
            fault: dead.fault,
            attempts: dead.attempts,
            at: dead.at,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    After(before): After<Before>,
) -> Result<Json<List<DeadBody>>> {
    let mut view = store.read(&permit).await?;
    stream::find(&mut view, id).await?;
    let (dead, older) = stream::dead_letters(&mut view, id, before.map(|Before(index)| index)).await?;
    Ok(List::until(dead.into_iter().map(DeadBody::from).collect(), older))
}
