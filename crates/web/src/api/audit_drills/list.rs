//! The tamper drills, newest first.

use axum::extract::State;
use bailiwick_domain::rule::VerifyAudit;
use bailiwick_store::{Store, audit};

use super::DrillBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<DrillBody>>> {
    let mut view = store.read(&permit).await?;
    let page = audit::drills(&mut view, before).await?;
    Ok(List::page(page, DrillBody::from))
}
