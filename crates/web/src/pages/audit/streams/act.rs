//! Pausing, resuming and testing a stream: one button each.

use axum::extract::State;
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;

use super::LIST;
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    shell::{Message, SeeOther},
};

pub(super) async fn pause(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<SeeOther> {
    stream::pause(&store, &permit, id).await?;
    Ok(back(id, Message::StreamPaused))
}

pub(super) async fn resume(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<SeeOther> {
    stream::resume(&store, &permit, id).await?;
    Ok(back(id, Message::StreamResumed))
}

pub(super) async fn try_out(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<SeeOther> {
    stream::try_out(&store, &permit, id).await?;
    Ok(back(id, Message::StreamTested))
}

fn back(id: StreamId, message: Message) -> SeeOther {
    SeeOther::to(&format!("{LIST}/{id}")).tell(message)
}
