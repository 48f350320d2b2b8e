//! Everybody's live sessions, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadSessions;
use bailiwick_store::{Store, sessions};

use super::SessionBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSessions>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<SessionBody>>> {
    let mut view = store.read(&permit).await?;
    Ok(List::page(sessions::list(&mut view, before).await?, |listed| listed.session.into()))
}
