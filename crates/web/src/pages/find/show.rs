//! Finding without script.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::Me};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{FindRow, people, places, records};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Query},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "find.html")]
pub(super) struct FindPage {
    shell: Shell,
    /// What this person can find, and by what.
    sentence: &'static str,
    query: Field,
    results: Vec<FindRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    q: Option<String>,
}

pub(super) async fn show(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    visit: Visit,
    Query(wanted): Query<Wanted>,
) -> Result<FindPage> {
    let text = wanted.q.unwrap_or_default();
    let folded = text.trim().to_lowercase();
    let mut results: Vec<_> = places(&permit, &visit)
        .into_iter()
        .filter(|row| row.label.to_lowercase().contains(&folded))
        .collect();
    let mut view = store.read(&permit).await?;
    results.extend(people(&mut view, &permit, text.trim()).await?);
    results.extend(records(&mut view, &permit, text.trim()).await?);
    let sentence = match (permit.may(Permission::USER_READ), permit.may(Permission::AUDIT_READ)) {
        (true, true) => {
            "Pages by title, people by name or address, audit records by the beginning of their id or hash, and anything they \
             are about by its id."
        }
        (true, false) => "Pages by title, and people by name, address or id.",
        (false, true) => {
            "Pages by title, audit records by the beginning of their id or hash, and anything they are about by its id."
        }
        (false, false) => "Pages by title.",
    };
    Ok(FindPage {
        shell: Shell::new(&permit, &visit, "Find"),
        sentence,
        query: Field::new("q", "Find").value(text),
        results,
    })
}
