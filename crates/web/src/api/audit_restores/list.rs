//! Every segment that was asked back, newest first.

use axum::extract::State;
use bailiwick_domain::{entity::AuditRestore, rule::ReadRetention};
use bailiwick_store::{Store, audit::restore};

use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRetention>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<AuditRestore>>> {
    Ok(List::page(restore::list(&mut store.read(&permit).await?, before).await?, |one| one))
}
