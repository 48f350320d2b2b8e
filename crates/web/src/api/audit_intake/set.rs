//! Setting what is never stored: the whole of it at once.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::SetIntake;
use bailiwick_ops::audit::intake::{self, NewRules};
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Rules {
    rules: Vec<String>,
    detectors: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SetIntake>,
    State(store): State<Store>,
    Json(new): Json<Rules>,
) -> Result<StatusCode> {
    let new = NewRules { rules: new.rules.join("\n"), detectors: new.detectors };
    intake::set_rules(&store, &permit, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
