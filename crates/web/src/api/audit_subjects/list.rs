//! Every data-subject request, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadSubjects;
use bailiwick_store::{Store, audit::subject};

use super::RequestBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSubjects>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<RequestBody>>> {
    let page = subject::list(&mut store.read(&permit).await?, before).await?;
    Ok(List::page(page, RequestBody::from))
}
