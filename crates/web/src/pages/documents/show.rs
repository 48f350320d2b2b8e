//! One document: its versions, and for whoever may see it the evidence of each.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState},
    ids::DocumentId,
    permission::Permission,
    rule::{ReadDocumentEvidence, ReadDocuments, Rule},
};
use bailiwick_ops::documents::{Cabinet, is_shown};
use bailiwick_store::{Permit, documents};

use super::{list::Adding, size};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::{Badge, counted, grouped},
    },
    shell::{Shell, Visit},
    state::AppState,
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "documents/show.html")]
pub(super) struct DocumentPage {
    shell: Shell,
    name: String,
    adding: Option<Adding>,
    /// Whether what the versions hold may be opened.
    opens: bool,
    delete: Option<String>,
    history: Option<String>,
    evidence: bool,
    versions: Vec<VersionRow>,
}

struct VersionRow {
    number: i64,
    id: String,
    media: String,
    size: String,
    state: Badge,
    damage: Option<String>,
    added: When,
    downloads: String,
    file: String,
    preview: Option<String>,
    statement: String,
    algorithm: String,
    key: String,
    digest: String,
    octets: String,
    sealed: String,
    place: String,
}

pub(super) async fn show(
    Access(permit): Access<ReadDocuments>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<DocumentId>,
) -> Result<DocumentPage> {
    page(&permit, &visit, &state, id, None).await
}

/// The page, with what was wrong with a version that somebody tried to add.
pub(super) async fn page<R: Rule>(
    permit: &Permit<R>,
    visit: &Visit,
    state: &AppState,
    id: DocumentId,
    problem: Option<String>,
) -> Result<DocumentPage> {
    let mut view = state.store.read(permit).await?;
    let document = documents::kept(&mut view, id).await?;
    let versions = documents::versions(&mut view, id, i64::MAX).await?;
    Ok(DocumentPage {
        shell: Shell::new(permit, visit, "Document").under("Documents", "/documents"),
        name: document.name,
        adding: permit.may(Permission::DOCUMENT_WRITE).then(|| Adding::of(state, Some(id), problem)),
        opens: true,
        delete: permit.may(Permission::DOCUMENT_DELETE).then(|| format!("/documents/{id}/delete")),
        history: permit.may(Permission::AUDIT_READ).then(|| history("document", id)),
        evidence: permit.may(Permission::DOCUMENT_STORE_READ),
        versions: versions.into_iter().map(row).collect(),
    })
}

/// The evidence of a document's versions, for whoever may see that and not what they hold.
pub(super) async fn evidence(
    permit: &Permit<ReadDocumentEvidence>,
    visit: &Visit,
    state: &AppState,
    id: DocumentId,
) -> Result<DocumentPage> {
    let mut view = state.store.read(permit).await?;
    let document = documents::kept(&mut view, id).await?;
    let versions = documents::versions(&mut view, id, i64::MAX).await?;
    let opens = permit.may(Permission::DOCUMENT_READ);
    Ok(DocumentPage {
        shell: Shell::new(permit, visit, "Document").under("Document evidence", "/documents/evidence"),
        name: if opens { document.name } else { unnamed(id) },
        adding: None,
        opens,
        delete: None,
        history: permit.may(Permission::AUDIT_READ).then(|| history("document", id)),
        evidence: true,
        versions: versions.into_iter().map(row).collect(),
    })
}

/// How a document is called to whoever may not know its name, which may name people.
pub(super) fn unnamed(id: DocumentId) -> String {
    format!("Document {id}")
}

fn row(version: DocumentVersion) -> VersionRow {
    let file = format!("/files/{}", version.id);
    VersionRow {
        number: version.number,
        id: format!("digest-{}", version.number),
        size: size(version.octets),
        state: match version.state {
            DocumentVersionState::Available => Badge::new("ok", "Available"),
            DocumentVersionState::Damaged => Badge::new("bad", "Damaged"),
            DocumentVersionState::Deleted => Badge::new("mute", "Deleted"),
        },
        added: When::moment(version.created_at),
        downloads: counted(version.downloads, "download"),
        preview: is_shown(&version).then(|| format!("{file}/preview")),
        statement: format!("{file}/statement"),
        file,
        key: format!("version {} of the organisation's key", version.key_version),
        octets: grouped(version.octets),
        sealed: grouped(version.sealed_octets),
        place: if version.place == Cabinet::LOCAL {
            "A folder of the installation".to_owned()
        } else {
            version.place
        },
        media: version.media,
        damage: version.damage,
        algorithm: version.algorithm,
        digest: version.digest,
    }
}
