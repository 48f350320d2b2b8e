//! One export: what it is of, how far it is, and how it is checked.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{entity::ExportState, ids::AuditExportId, permission::Permission, rule::ReadExports};
use bailiwick_store::{Scope, Store, audit::export};

use super::state::{badge, extent, is_there};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::{Badge, counted},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/exports/show.html")]
pub(super) struct ExportPage {
    shell: Shell,
    title: &'static str,
    state: Badge,
    extent: String,
    failure: Option<String>,
    /// What was searched for, in JSON.
    selection: String,
    asked: When,
    expires: When,
    downloads: String,
    digest: Option<String>,
    checkpoint: Option<String>,
    file: Option<String>,
    remove: Option<String>,
    history: Option<String>,
}

pub(super) async fn show(
    Access(permit): Access<ReadExports>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<AuditExportId>,
) -> Result<ExportPage> {
    let mut view = store.read(&permit).await?;
    let listed = export::find(&mut view, id).await?;
    let now = view.now();
    let path = format!("/audit/exports/{id}");
    let may_remove = reach::opens(&visit, &permit, "/audit/exports/new");
    let gone = listed.export.state == ExportState::Removed;
    Ok(ExportPage {
        shell: Shell::new(&permit, &visit, "Export").under("Exports", "/audit/exports"),
        title: listed.export.format.title(),
        state: badge(&listed, now),
        extent: extent(&listed),
        asked: When::moment(listed.export.created_at),
        expires: When::moment(listed.export.expires_at),
        downloads: counted(listed.export.downloads, "download"),
        file: is_there(&listed, now).then(|| format!("{path}/file")),
        remove: (may_remove && !gone).then(|| format!("{path}/remove")),
        history: permit.may(Permission::AUDIT_READ).then(|| history("audit_export", id)),
        failure: listed.export.failure,
        selection: listed.export.selection,
        digest: listed.export.digest,
        checkpoint: listed.checkpoint,
    })
}
