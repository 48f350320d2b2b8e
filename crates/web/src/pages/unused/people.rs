//! Everybody with how much of what they have they use.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_ops::unused::{self, PersonUse};
use bailiwick_store::Store;
use serde::Deserialize;

use super::line;
use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{self, Pager, Tab, address},
    },
    shell::{Shell, Visit, initials},
};

const PATH: &str = "/access/unused/users";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    after: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "unused/people.html")]
pub(super) struct PeoplePage {
    shell: Shell,
    tabs: Vec<Tab>,
    recorded: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    address: String,
    initials: String,
    href: String,
    held: usize,
    unused: usize,
}

pub(super) async fn people(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<PeoplePage> {
    let after = cursor(filter.after.as_deref())?;
    let (found, recording) = unused::people(&store, &permit, after, line::measured(&visit)).await?;
    let shown = parts::people(found.items.len());
    let next = found.next.map(|next| address(PATH, &[("after", Some(&next.to_string()))]));
    Ok(PeoplePage {
        shell: Shell::new(&permit, &visit, "Unused permissions").under("People and access", "/users"),
        tabs: line::tabs(true, true),
        recorded: line::recorded(recording, visit.now()),
        rows: found.items.iter().map(row).collect(),
        pager: Pager::forward(shown, after.map(|_| PATH.to_owned()), next),
    })
}

fn row(found: &PersonUse) -> Row {
    Row {
        name: found.user.name.clone(),
        address: found.user.email.clone(),
        initials: initials(&found.user.name),
        href: format!("{PATH}/{}", found.user.id),
        held: found.held,
        unused: found.unused,
    }
}
