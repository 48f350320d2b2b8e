//! Alarms about the keeping of the logs, newest first; those that are over, too.

use axum::extract::State;
use bailiwick_domain::{entity::AuditAlarm, rule::ReadJobs};
use bailiwick_store::{Store, audit::alarms};

use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadJobs>,
    State(store): State<Store>,
) -> Result<Json<List<AuditAlarm>>> {
    Ok(List::whole(alarms::newest(&mut store.read(&permit).await?).await?))
}
