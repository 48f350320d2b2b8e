//! Making an evidence bundle.

use axum::{extract::State, response::Response};
use bailiwick_domain::{disclosure::Disclosure, rule::MakeBundle};
use bailiwick_ops::audit::bundles::{self, Of, Wanted};
use serde::Deserialize;

use crate::{
    access::Access,
    api::{
        audit_events::{entity_id, is_word},
        audit_log::pace,
    },
    bundle_file,
    error::{Error, Result},
    forms::{Json, Problem},
    state::AppState,
};

/// Of which records: either a line of search or one thing, not both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Asked {
    query: Option<String>,
    entity: Option<Entity>,
    /// Paths of personal values to be shown; `*` for all of them. None where it is left out.
    #[serde(default)]
    disclose: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entity {
    r#type: String,
    id: String,
}

/// The answer is the file.
pub(in crate::api) async fn handle(
    Access(permit): Access<MakeBundle>,
    State(state): State<AppState>,
    Json(asked): Json<Asked>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let of = match (asked.query, asked.entity) {
        (Some(query), None) => Of::Search(query),
        (None, Some(Entity { r#type: kind, id })) => {
            let id = entity_id(Some(&kind), &id).filter(|_| is_word(&kind)).ok_or(Error::NotFound)?;
            Of::Entity { kind, id }
        }
        _ => return Err(wrong("query", "Name either a query or an entity.")),
    };
    let disclose = Disclosure::of(&asked.disclose)
        .map_err(|_| wrong("disclose", "Name up to 50 paths such as /name or ip, or * for all."))?;
    let made = bundles::make(&state.store, &permit, Wanted { of, disclose }).await?;
    Ok(bundle_file::answer(made))
}

fn wrong(field: &str, text: &str) -> Error {
    Error::Invalid(vec![Problem::new(field, text)])
}
