//! How documents lie in the store, for whoever checks that and may not read what they hold.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{ids::DocumentId, permission::Permission, rule::ReadDocumentEvidence};
use bailiwick_store::{Scope, documents};

use super::{
    list::Place,
    show::{self, DocumentPage, unnamed},
};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Query},
    pages::{
        cursor,
        parts::{Pager, counted},
    },
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "documents/evidence.html")]
pub(super) struct EvidencePage {
    shell: Shell,
    rows: Vec<EvidenceRow>,
    pager: Pager,
}

struct EvidenceRow {
    href: String,
    name: String,
    versions: String,
    changed: When,
    added: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadDocumentEvidence>,
    visit: Visit,
    State(state): State<AppState>,
    Query(place): Query<Place>,
) -> Result<EvidencePage> {
    let before = cursor(place.before.as_deref())?;
    let mut view = state.store.read(&permit).await?;
    let page = documents::list(&mut view, before).await?;
    let (now, named) = (view.now(), permit.may(Permission::DOCUMENT_READ));
    let rows = page.items.iter().map(|document| EvidenceRow {
        href: format!("/documents/{}/evidence", document.id),
        name: if named { document.name.clone() } else { unnamed(document.id) },
        versions: counted(document.versions, "version"),
        changed: When::ago(document.changed_at, now),
        added: When::moment(document.created_at),
    });
    let next = page.next.map(|next| format!("/documents/evidence?before={next}"));
    Ok(EvidencePage {
        shell: Shell::new(&permit, &visit, "Document evidence"),
        rows: rows.collect(),
        pager: Pager::forward(
            counted(page.items.len(), "document"),
            before.map(|_| "/documents/evidence".to_owned()),
            next,
        ),
    })
}

pub(super) async fn show(
    Access(permit): Access<ReadDocumentEvidence>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<DocumentId>,
) -> Result<DocumentPage> {
    show::evidence(&permit, &visit, &state, id).await
}
