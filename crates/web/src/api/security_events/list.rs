//! Security events, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadSecurityEvents;
use bailiwick_store::{Page, Store, security_events};

use super::SecurityEventBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

/// As many as every other list gives.
const LIMIT: i64 = 50;

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSecurityEvents>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<SecurityEventBody>>> {
    let mut view = store.read(&permit).await?;
    let page = security_events::list(&mut view, before, LIMIT).await?;
    let items = SecurityEventBody::of(&mut view, &page.items).await?;
    Ok(List::page(Page { items, next: page.next }, |body| body))
}
