//! The documents there are, the one that changed last first, and the form that adds one.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    ids::DocumentId,
    permission::Permission,
    rule::{ReadDocuments, Rule},
};
use bailiwick_store::{Permit, Scope, documents};
use serde::Deserialize;

use super::size;
use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{Pager, counted},
    },
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "documents/list.html")]
pub(super) struct DocumentsPage {
    shell: Shell,
    adding: Option<Adding>,
    rows: Vec<DocumentRow>,
    pager: Pager,
}

/// The form that adds a document, or a version of one.
pub(super) struct Adding {
    /// The document that gets another version; empty for a new document.
    pub(super) into: String,
    /// How large a version may be, and what comes in one request.
    pub(super) largest: String,
    pub(super) at_once: String,
    /// What was wrong with the last one.
    pub(super) problem: Option<String>,
}

impl Adding {
    pub(super) fn of(state: &AppState, into: Option<DocumentId>, problem: Option<String>) -> Self {
        let octets = |octets: u64| size(i64::try_from(octets).unwrap_or(i64::MAX));
        let largest = state.cabinet.largest;
        Self {
            into: into.map(|id| id.to_string()).unwrap_or_default(),
            largest: octets(largest),
            at_once: octets(largest.min(state.settings.limits.upload as u64)),
            problem,
        }
    }
}

struct DocumentRow {
    href: String,
    name: String,
    versions: String,
    changed: When,
    added: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadDocuments>,
    visit: Visit,
    State(state): State<AppState>,
    Query(place): Query<Place>,
) -> Result<DocumentsPage> {
    page(&permit, &visit, &state, place, None).await
}

/// The page, with what was wrong with a document that somebody tried to add.
pub(super) async fn page<R: Rule>(
    permit: &Permit<R>,
    visit: &Visit,
    state: &AppState,
    place: Place,
    problem: Option<String>,
) -> Result<DocumentsPage> {
    let before = cursor(place.before.as_deref())?;
    let mut view = state.store.read(permit).await?;
    let page = documents::list(&mut view, before).await?;
    let now = view.now();
    let rows = page.items.iter().map(|document| DocumentRow {
        href: format!("/documents/{}", document.id),
        name: document.name.clone(),
        versions: counted(document.versions, "version"),
        changed: When::ago(document.changed_at, now),
        added: When::moment(document.created_at),
    });
    let next = page.next.map(|next| format!("/documents?before={next}"));
    Ok(DocumentsPage {
        shell: Shell::new(permit, visit, "Documents"),
        adding: permit.may(Permission::DOCUMENT_WRITE).then(|| Adding::of(state, None, problem)),
        rows: rows.collect(),
        pager: Pager::forward(
            counted(page.items.len(), "document"),
            before.map(|_| "/documents".to_owned()),
            next,
        ),
    })
}
