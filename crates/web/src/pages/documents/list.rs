//! The documents there are, the one that changed last first, and the form that adds one.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::ReadDocuments};
use bailiwick_store::{Scope, documents};
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "documents/list.html")]
pub(super) struct DocumentsPage {
    shell: Shell,
    may_add: bool,
    largest: String,
    /// The document that gets another version: none here.
    into: String,
    rows: Vec<DocumentRow>,
    pager: Pager,
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
    let before = cursor(place.before.as_deref())?;
    let mut view = state.store.read(&permit).await?;
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
        shell: Shell::new(&permit, &visit, "Documents"),
        may_add: permit.may(Permission::DOCUMENT_WRITE),
        largest: size(i64::try_from(state.cabinet.largest).unwrap_or(i64::MAX)),
        into: String::new(),
        rows: rows.collect(),
        pager: Pager::forward(
            counted(page.items.len(), "document"),
            before.map(|_| "/documents".to_owned()),
            next,
        ),
    })
}
