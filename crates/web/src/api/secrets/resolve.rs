//! Giving values out, to keys that are bound to addresses. Each use is recorded before the answer leaves.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::SecretStage, rule::UseSecrets, secret::SecretName};
use bailiwick_ops::secrets::{self, Resolved, Wanted};
use serde::{Deserialize, Serialize};

use crate::{access::Access, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Names {
    names: Vec<String>,
    /// The current one, if not given.
    stage: Option<SecretStage>,
}

#[derive(Serialize)]
struct Values<'v> {
    items: Vec<ValueBody<'v>>,
}

#[derive(Serialize)]
struct ValueBody<'v> {
    name: &'v SecretName,
    version: i64,
    stage: SecretStage,
    value: &'v str,
}

impl<'v> From<&'v Resolved> for ValueBody<'v> {
    fn from(resolved: &'v Resolved) -> Self {
        Self {
            name: &resolved.name,
            version: resolved.version,
            stage: resolved.stage,
            value: resolved.value.as_str().unwrap_or_default(),
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UseSecrets>,
    State(state): State<AppState>,
    Json(asked): Json<Names>,
) -> Result<Response> {
    state.pace.count_values(permit.tenant(), state.clock.now())?;
    let stage = asked.stage.unwrap_or(SecretStage::Current);
    let wanted: Vec<_> = asked.names.into_iter().map(|name| Wanted { name, stage }).collect();
    let resolved = secrets::resolve(&state.store, &permit, &wanted).await?;
    let values = Values { items: resolved.iter().map(ValueBody::from).collect() };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(values)).into_response())
}
