//! What a key uses of its scopes.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::ReadApiKeys};
use bailiwick_ops::{api_keys, unused::UseLine};
use bailiwick_store::Store;
use serde::Serialize;

use super::measured;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    shell::Visit,
};

#[derive(Serialize)]
pub(in crate::api) struct ScopesBody {
    /// Since when uses are recorded.
    recording: Option<String>,
    scopes: Vec<ScopeBody>,
}

#[derive(Serialize)]
struct ScopeBody {
    scope: String,
    /// The day of the last use (UTC).
    last_used_on: Option<String>,
    /// `used`, `unused`, `too_early` or `not_measured`.
    judgement: &'static str,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
) -> Result<Json<ScopesBody>> {
    let found = api_keys::uses(&store, &permit, id, measured(&visit)).await?;
    let line = |line: UseLine| ScopeBody {
        scope: store.catalogue().name(line.permission).to_owned(),
        last_used_on: line.last.map(day),
        judgement: line.judgement.name(),
    };
    Ok(Json(ScopesBody {
        recording: found.recording.map(|since| since.to_string()),
        scopes: found.lines.into_iter().map(line).collect(),
    }))
}

fn day(at: bailiwick_domain::time::Timestamp) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}
