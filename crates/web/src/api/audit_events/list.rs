//! Searching the audit log, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_store::{Store, audit};

use super::{
    EventBody,
    filter::{Parameters, fits},
};
use crate::{
    access::Access,
    api::List,
    error::Result,
    forms::{Json, Query},
};

/// The first page begins with the records that have no place in the tree yet, so that whoever wrote one always sees it.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<List<EventBody>>> {
    let (filter, before) = parameters.read()?;
    let mut view = store.read(&permit).await?;
    let waiting = if before.is_none() { audit::just_now(&mut view).await? } else { Vec::new() };
    let found = audit::search(&mut view, &filter, before).await?;
    let items = waiting.into_iter().filter(|listed| fits(&filter, listed)).chain(found.items);
    Ok(List::until(items.map(EventBody::from).collect(), found.older))
}
