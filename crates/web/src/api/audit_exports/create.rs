//! Asking for an export.

use axum::extract::State;
use bailiwick_domain::rule::ExportAudit;
use bailiwick_ops::exports;
use bailiwick_store::audit::Place;
use serde::Deserialize;

use super::ExportBody;
use crate::{
    access::Access,
    api::{Created, audit_events::Parameters},
    error::{Error, Result},
    forms::{Json, Problem},
    state::AppState,
    when::zone_of,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewExport {
    /// `csv`, `jsonl`, `ocsf` or, where the server was built with it, `parquet`.
    format: String,
    /// The parameters of a search, without a cursor; everything where there are none.
    #[serde(default)]
    search: Parameters,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ExportAudit>,
    State(state): State<AppState>,
    Json(new): Json<NewExport>,
) -> Result<Created<ExportBody>> {
    let wanted = new.search.read().map_err(within)?;
    if wanted.place != Place::Newest {
        return Err(Error::BadRequest("An export has no cursor: it holds everything that was found."));
    }
    let zone = zone_of(&permit);
    let sought = wanted.sought(&mut state.store.read(&permit).await?, &zone).await.map_err(within)?;
    let export = exports::ask(&state.store, &permit, &state.spool, &new.format, &sought).await?;
    Ok(Created { location: format!("/v1/audit/exports/{}", export.id), body: export.into() })
}

/// The parameters of the search lie within the body.
fn within(error: Error) -> Error {
    match error {
        Error::Invalid(problems) => {
            let within = |problem: Problem| Problem { field: format!("search/{}", problem.field), ..problem };
            Error::Invalid(problems.into_iter().map(within).collect())
        }
        other => other,
    }
}
