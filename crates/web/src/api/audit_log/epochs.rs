//! The further epochs of the log: losses that were owned up to.

use axum::extract::State;
use bailiwick_domain::{entity::LogEpoch, rule::VerifyAudit};
use bailiwick_store::{Store, audit::epoch};

use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(store): State<Store>,
) -> Result<Json<List<LogEpoch>>> {
    let mut view = store.read(&permit).await?;
    Ok(List::whole(epoch::list(&mut view).await?))
}
