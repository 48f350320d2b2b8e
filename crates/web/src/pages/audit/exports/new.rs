//! The form with which a search is exported.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::ExportFormat, rule::ExportAudit};
use bailiwick_ops::exports::Spool;
use bailiwick_store::Permit;

use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Problem, Query, Select, Typed},
    pages::{audit::filter::Asked, parts::Chip},
    shell::{Shell, Visit},
    state::AppState,
    when::zone_of,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/exports/new.html")]
pub(super) struct NewExportPage {
    shell: Shell,
    problems: Vec<Problem>,
    chips: Vec<Chip>,
    format: Select,
    /// The search, as the address of the log has it.
    search: String,
    back: String,
}

/// Where this search is exported.
pub(in crate::pages::audit) fn path(asked: &Asked) -> String {
    match asked.query().as_str() {
        "" => "/audit/exports/new".to_owned(),
        query => format!("/audit/exports/new?{query}"),
    }
}

pub(super) async fn new(
    Access(permit): Access<ExportAudit>,
    visit: Visit,
    State(state): State<AppState>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let understood = asked.understand(&mut state.store.read(&permit).await?, &zone_of(&permit)).await?;
    let status =
        if understood.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = page(&permit, &visit, &state.spool, &asked);
    Ok((status, NewExportPage { problems: understood.problems, ..page }).into_response())
}

/// The form for this search.
pub(super) fn page(
    permit: &Permit<ExportAudit>,
    visit: &Visit,
    spool: &Spool,
    asked: &Asked,
) -> NewExportPage {
    let formats = ExportFormat::ALL.iter().filter(|format| spool.offers(**format));
    let choices = formats.map(|format| Choice::new(format.name(), format.title()));
    NewExportPage {
        shell: Shell::new(permit, visit, "New export").under("Exports", "/audit/exports"),
        problems: Vec::new(),
        chips: asked.chips(),
        format: Select::new("format", "Form", choices, ExportFormat::Csv.name())
            .hint("JSON lines hold the exact octets of every record and the way to the signed root: who has them can prove each one."),
        search: asked.query(),
        back: asked.first(),
    }
}

impl NewExportPage {
    /// The form as it was filled in, with what is wrong.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self { format: self.format.again(typed, &problems), problems, ..self }
    }
}
