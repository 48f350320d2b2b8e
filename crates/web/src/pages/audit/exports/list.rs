//! The exports there are, newest first.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::ReadExports;
use bailiwick_store::{
    Scope, Store,
    audit::export::{self, Listed},
};
use serde::Deserialize;

use super::state::{badge, extent};
use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{Badge, Pager, counted},
        reach,
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/exports/list.html")]
pub(super) struct ExportsPage {
    shell: Shell,
    may_ask: bool,
    rows: Vec<ExportRow>,
    pager: Pager,
}

struct ExportRow {
    href: String,
    format: &'static str,
    state: Badge,
    extent: String,
    asked: When,
    expires: When,
    downloads: String,
}

pub(super) async fn list(
    Access(permit): Access<ReadExports>,
    visit: Visit,
    State(store): State<Store>,
    Query(place): Query<Place>,
) -> Result<ExportsPage> {
    let before = cursor(place.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let page = export::list(&mut view, before).await?;
    let now = view.now();
    let row = |listed: &Listed| ExportRow {
        href: format!("/audit/exports/{}", listed.export.id),
        format: listed.export.format.title(),
        state: badge(listed, now),
        extent: extent(listed),
        asked: When::ago(listed.export.created_at, now),
        expires: When::moment(listed.export.expires_at),
        downloads: counted(listed.export.downloads, "download"),
    };
    let next = page.next.map(|next| format!("/audit/exports?before={next}"));
    Ok(ExportsPage {
        shell: Shell::new(&permit, &visit, "Exports").under("Audit log", "/audit"),
        may_ask: reach::opens(&visit, &permit, "/audit/exports/new"),
        rows: page.items.iter().map(row).collect(),
        pager: Pager::forward(
            counted(page.items.len(), "export"),
            before.map(|_| "/audit/exports".to_owned()),
            next,
        ),
    })
}
