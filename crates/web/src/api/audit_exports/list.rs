//! The organisation's exports, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadExports;
use bailiwick_store::{Store, audit::export};

use super::ExportBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadExports>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<ExportBody>>> {
    Ok(List::page(export::list(&mut store.read(&permit).await?, before).await?, ExportBody::from))
}
