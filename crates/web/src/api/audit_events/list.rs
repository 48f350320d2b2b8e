//! Searching the audit log, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_store::{
    Store,
    audit::{self, Place},
};
use serde::Serialize;

use super::{EventBody, filter::Parameters};
use crate::{
    access::Access,
    error::Result,
    forms::{Json, Query},
    searching,
    when::zone_of,
};

/// A page of a search.
#[derive(Serialize)]
pub(in crate::api) struct Body {
    items: Vec<EventBody>,
    /// The page of older ones.
    next: Option<String>,
    /// The page of newer ones.
    previous: Option<String>,
    /// Whether the page ends before it is full because enough was looked at: `next` goes on.
    unfinished: bool,
}

/// The first page begins with the records that have no place in the tree yet, so that whoever wrote one always sees it.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Body>> {
    let wanted = parameters.read()?;
    let mut view = store.read(&permit).await?;
    let sought = wanted.sought(&mut view, &zone_of(&permit)).await?;
    let waiting = match wanted.place {
        Place::Newest => audit::just_now(&mut view, &sought).await?,
        _ => Vec::new(),
    };
    let found = audit::search(&mut view, &sought, wanted.place).await?;
    let cursor = |place| searching::cursor(&wanted.bound, place);
    Ok(Json(Body {
        next: found.older.and_then(cursor),
        previous: found.newer.and_then(cursor),
        unfinished: found.unfinished,
        items: waiting.into_iter().chain(found.items).map(EventBody::from).collect(),
    }))
}
