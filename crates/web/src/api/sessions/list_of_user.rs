//! One person's live sessions, the newest hundred.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::ReadSessions};
use bailiwick_store::{Store, sessions, users};

use super::SessionBody;
use crate::{
    access::Access,
    api::List,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSessions>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<Json<List<SessionBody>>> {
    let mut view = store.read(&permit).await?;
    users::find(&mut view, id).await?;
    Ok(List::whole(sessions::live_of(&mut view, id).await?.into_iter().map(SessionBody::from)))
}
