//! How long records are kept, and what was taken.

use axum::extract::State;
use bailiwick_domain::{
    entity::AuditRetirement,
    retention::{Days, FLOOR_DAYS},
    rule::ReadRetention,
};
use bailiwick_store::{Store, audit::retention};
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

/// Takings that are listed.
const SHOWN: i64 = 50;

#[derive(Serialize)]
pub(in crate::api) struct RetentionBody {
    /// Days by class of action; a class that is not named is kept for good.
    days: Days,
    /// Days that every record stays at least.
    floor_days: i64,
    /// Records that left the database in all.
    taken: i64,
    /// The newest takings, newest first.
    takings: Vec<AuditRetirement>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRetention>,
    State(store): State<Store>,
) -> Result<Json<RetentionBody>> {
    let mut view = store.read(&permit).await?;
    Ok(Json(RetentionBody {
        days: retention::days(&mut view).await?,
        floor_days: FLOOR_DAYS,
        taken: retention::retired(&mut view).await?,
        takings: retention::retirements(&mut view, SHOWN).await?,
    }))
}
