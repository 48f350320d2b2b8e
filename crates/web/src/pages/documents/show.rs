//! One document: its versions, and for whoever may see it the evidence of each.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState},
    ids::DocumentId,
    permission::Permission,
    rule::ReadDocuments,
};
use bailiwick_ops::documents::is_shown;
use bailiwick_store::documents;

use super::size;
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
    /// The document that gets another version.
    into: String,
    name: String,
    may_add: bool,
    largest: String,
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
    place: &'static str,
}

pub(super) async fn show(
    Access(permit): Access<ReadDocuments>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<DocumentId>,
) -> Result<DocumentPage> {
    let mut view = state.store.read(&permit).await?;
    let document = documents::kept(&mut view, id).await?;
    let versions = documents::versions(&mut view, id, i64::MAX).await?;
    Ok(DocumentPage {
        shell: Shell::new(&permit, &visit, "Document").under("Documents", "/documents"),
        into: id.to_string(),
        name: document.name,
        may_add: permit.may(Permission::DOCUMENT_WRITE),
        largest: size(i64::try_from(state.cabinet.largest).unwrap_or(i64::MAX)),
        delete: permit.may(Permission::DOCUMENT_DELETE).then(|| format!("/documents/{id}/delete")),
        history: permit.may(Permission::AUDIT_READ).then(|| history("document", id)),
        evidence: permit.may(Permission::DOCUMENT_STORE_READ),
        versions: versions.into_iter().map(row).collect(),
    })
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
        place: if version.place == "local" { "A folder of the installation" } else { "Elsewhere" },
        media: version.media,
        damage: version.damage,
        algorithm: version.algorithm,
        digest: version.digest,
    }
}
