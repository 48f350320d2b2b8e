//! What was unusual about what people did, each note with the query that shows it.

use std::collections::{HashMap, hash_map::Entry};

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{Anomaly, AnomalyKind},
    ids::UserId,
    permission::Permission,
    rule::ReadAudit,
    time::Timestamp,
};
use bailiwick_store::{Scope, Store, audit, users};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{Badge, Pager, address, counted},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/anomalies.html")]
pub(super) struct AnomaliesPage {
    shell: Shell,
    rows: Vec<AnomalyRow>,
    pager: Pager,
}

struct AnomalyRow {
    kind: Badge,
    what: String,
    /// Who it was; the id where whoever looks may not see people.
    who: String,
    /// Of the guarded product, as the product calls them.
    of_product: bool,
    by_key: bool,
    query: String,
    at: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<AnomaliesPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let page = audit::anomalies(&mut view, before).await?;
    let called = audit::called_by_product(&mut view, &page.items).await?;
    let mut names = HashMap::new();
    if permit.may(Permission::USER_READ) {
        for note in &page.items {
            if let Entry::Vacant(place) = names.entry(note.user) {
                place.insert(users::find(&mut view, note.user).await?.name);
            }
        }
    }
    let now = view.now();
    let shown = counted(page.items.len(), "note");
    let next = page.next.map(|next| address("/audit/anomalies", &[("before", Some(&next.to_string()))]));
    Ok(AnomaliesPage {
        shell: Shell::new(&permit, &visit, "Anomalies").under("Audit log", "/audit"),
        rows: page.items.into_iter().map(|note| row(note, &names, &called, now)).collect(),
        pager: Pager::forward(
            if next.is_some() { format!("{shown} on this page, older ones follow") } else { shown },
            before.map(|_| "/audit/anomalies".to_owned()),
            next,
        ),
    })
}

fn row(
    note: Anomaly,
    names: &HashMap<UserId, String>,
    called: &HashMap<Uuid, String>,
    now: Timestamp,
) -> AnomalyRow {
    let of_product = audit::stands_for_product(note.actor);
    let somebody = names.get(&note.user).cloned().unwrap_or_else(|| note.user.to_string());
    let kind = match note.kind {
        AnomalyKind::Place | AnomalyKind::Burst => "warn",
        AnomalyKind::Device | AnomalyKind::Action | AnomalyKind::Hour => "info",
    };
    AnomalyRow {
        kind: Badge::new(kind, note.kind.title()),
        what: if note.kind == AnomalyKind::Burst {
            format!("{} records at once", note.what)
        } else {
            note.what
        },
        who: match called.get(&note.actor) {
            Some(id) => id.clone(),
            None if of_product => note.actor.to_string(),
            None => somebody,
        },
        of_product,
        by_key: !of_product && note.actor != note.user.uuid(),
        query: note.query,
        at: When::ago(note.at, now),
    }
}
