//! Finding without script.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::Me;
use bailiwick_store::Store;
use serde::Deserialize;

use super::{FindRow, people, places};
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
    results.extend(people(&store, &permit, text.trim()).await?);
    Ok(FindPage {
        shell: Shell::new(&permit, &visit, "Find"),
        query: Field::new("q", "Find").value(text),
        results,
    })
}
