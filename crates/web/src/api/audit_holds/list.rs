//! Every legal hold, newest first; lifted ones stay as evidence.

use axum::extract::State;
use bailiwick_domain::rule::ReadHolds;
use bailiwick_store::{Store, audit::hold};

use super::HoldBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadHolds>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<HoldBody>>> {
    let page = hold::list(&mut store.read(&permit).await?, before).await?;
    Ok(List::page(page, HoldBody::from))
}
