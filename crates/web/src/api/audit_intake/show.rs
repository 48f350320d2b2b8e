//! What is never stored.

use axum::extract::State;
use bailiwick_domain::{entity::EventRules, redaction::Detector, rule::ReadIntake};
use bailiwick_store::{Scope, Store, intake};
use serde::Serialize;

use crate::{access::Access, error::Result, matching::Versioned};

#[derive(Serialize)]
pub(in crate::api) struct IntakeBody {
    /// `secret /card/number` and so on, in the order in which they were written.
    rules: Vec<String>,
    detectors: Vec<Detector>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadIntake>,
    State(store): State<Store>,
) -> Result<Versioned<IntakeBody>> {
    let mut view = store.read(&permit).await?;
    let redaction = intake::find(&mut view).await?.redaction;
    let rules = EventRules { id: view.tenant(), redaction: redaction.clone() };
    Versioned::of(&mut view, &rules, || IntakeBody {
        rules: redaction.text().lines().map(str::to_owned).collect(),
        detectors: redaction.detectors,
    })
    .await
}
