//! Everybody's sessions, newest first, or those of the people whom a text finds.

use axum::extract::State;
use bailiwick_domain::rule::ReadSessions;
use bailiwick_store::{
    Page, Result as Stored, Scope, Store, View,
    sessions::{self, Listed},
    users,
};
use serde::Deserialize;

use super::page::{SessionRow, SessionsPage, Who};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Query},
    pages::{
        cursor,
        parts::{Pager, address, counted},
    },
    shell::{Shell, Visit, initials},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    q: Option<String>,
    before: Option<String>,
}

pub(super) async fn all(
    Access(permit): Access<ReadSessions>,
    State(store): State<Store>,
    visit: Visit,
    Query(filter): Query<Filter>,
) -> Result<SessionsPage> {
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let found = match filter.q.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => of_people(&mut view, text).await?,
        _ => sessions::list(&mut view, before).await?,
    };
    let now = view.now();
    let row = |listed: &Listed| SessionRow {
        who: Some(Who {
            name: listed.name.clone(),
            address: listed.email.clone(),
            initials: initials(&listed.name),
            href: format!("/users/{}/sessions", listed.session.user),
        }),
        ..SessionRow::of(&listed.session, now)
    };
    let shown = counted(found.items.len(), "session");
    let next = found.next.map(|next| address("/sessions", &[("before", Some(&next.to_string()))]));
    Ok(SessionsPage {
        shell: Shell::new(&permit, &visit, "Sessions"),
        title: "Sessions".to_owned(),
        sentence: "Who is signed in, how, and where from. Open a person to end what should not be there.",
        query: Some(
            Field::new("q", "Find").hint("Name or address").value(filter.q.as_deref().unwrap_or_default()),
        ),
        rows: found.items.iter().map(row).collect(),
        nobody: "Nobody whom you looked for is signed in.",
        end_all: None,
        pager: Some(Pager::forward(shown, before.map(|_| "/sessions".to_owned()), next)),
    })
}

/// The sessions of the few people whose name or address holds `text`.
async fn of_people(view: &mut View, text: &str) -> Stored<Page<Listed>> {
    let mut items = Vec::new();
    for user in users::matching(view, text).await? {
        let live = sessions::live_of(view, user.id).await?;
        items.extend(live.into_iter().map(|session| Listed {
            session,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role,
        }));
    }
    Ok(Page { items, next: None })
}
