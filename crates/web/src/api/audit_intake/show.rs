//! What is never stored.

use axum::extract::State;
use bailiwick_domain::{redaction::Detector, rule::ReadIntake};
use bailiwick_store::{Store, intake};
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct IntakeBody {
    /// `secret /card/number` and so on, in the order in which they were written.
    rules: Vec<String>,
    detectors: Vec<Detector>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadIntake>,
    State(store): State<Store>,
) -> Result<Json<IntakeBody>> {
    let settings = intake::find(&mut store.read(&permit).await?).await?;
    Ok(Json(IntakeBody {
        rules: settings.redaction.text().lines().map(str::to_owned).collect(),
        detectors: settings.redaction.detectors,
    }))
}
