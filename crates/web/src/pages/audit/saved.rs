//! Searches that people keep.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::SavedSearch,
    ids::SavedSearchId,
    rule::{KeepSearches, ReadAudit, Rule},
};
use bailiwick_ops::saved_searches::{self as operations, NewSearch};
use bailiwick_store::{Permit, Store, View, users};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Field, Form, Id, Problem, Query, Typed, in_order},
    pages::{confirm::ConfirmPage, parts::address, refused::Refused},
    shell::{Message, SeeOther, Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/searches.html")]
pub(super) struct SearchesPage {
    shell: Shell,
    problems: Vec<Problem>,
    /// Whether the reader is somebody who can keep any.
    may_keep: bool,
    name: Field,
    query: Field,
    shared: bool,
    rows: Vec<Row>,
}

/// A search in the list.
struct Row {
    name: String,
    query: String,
    href: String,
    /// Whose it is, where it is not the reader's own.
    owner: String,
    shared: bool,
    /// The question before it is removed; nothing for those of others.
    remove: Option<String>,
}

/// The query that is to be kept.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    q: Option<String>,
}

/// What a search is kept as.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keeping {
    name: String,
    query: String,
    /// `yes` for everybody.
    shared: Option<String>,
}

impl From<Keeping> for NewSearch {
    fn from(form: Keeping) -> Self {
        Self { name: form.name, query: form.query, shared: form.shared.as_deref() == Some("yes") }
    }
}

pub(super) async fn list(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Query(wanted): Query<Wanted>,
) -> Result<SearchesPage> {
    let mut view = store.read(&permit).await?;
    let page = page(&mut view, &permit, &visit).await?;
    Ok(SearchesPage { query: page.query.value(wanted.q.unwrap_or_default()), ..page })
}

pub(super) async fn keep(
    Access(permit): Access<KeepSearches>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<Keeping>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match operations::keep(&store, &permit, values.into()).await {
            Ok(_) => return Ok(SeeOther::to("/audit/searches").tell(Message::SearchKept).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let mut view = store.read(&permit).await?;
    let page = page(&mut view, &permit, &visit).await?.again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

pub(super) async fn ask(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let search = operations::find(&mut view, &permit, id).await?;
    let effect = if search.shared {
        "Nobody else here finds it under this name any more."
    } else {
        "Only you could see it."
    };
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Remove the search?").under("Kept searches", "/audit/searches"),
        question: format!("Remove {}?", search.name),
        sentence: "No record is touched: only the search under this name goes.".to_owned(),
        effects: vec![effect.to_owned()],
        danger: false,
        action: format!("/audit/searches/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove search",
        cancel: "/audit/searches".to_owned(),
    })
}

pub(super) async fn remove(
    Access(permit): Access<KeepSearches>,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
) -> Result<SeeOther> {
    operations::remove(&store, &permit, id).await?;
    Ok(SeeOther::to("/audit/searches").tell(Message::SearchRemoved))
}

async fn page<R: Rule>(view: &mut View, permit: &Permit<R>, visit: &Visit) -> Result<SearchesPage> {
    let me = permit.caller().map(|caller| caller.user.id);
    let searches = operations::visible(view, permit).await?;
    let owners: Vec<_> = searches.iter().map(|search| search.user.uuid()).collect();
    let names = users::names(view, &owners).await?;
    let row = |search: SavedSearch| Row {
        href: address("/audit", &[("q", Some(search.query.as_str()).filter(|query| !query.is_empty()))]),
        owner: match names.get(&search.user.uuid()) {
            Some(name) if Some(search.user) != me => name.clone(),
            _ => String::new(),
        },
        remove: (Some(search.user) == me).then(|| format!("/audit/searches/{}/remove", search.id)),
        name: search.name,
        query: search.query,
        shared: search.shared,
    };
    Ok(SearchesPage {
        shell: Shell::new(permit, visit, "Kept searches").under("Audit log", "/audit"),
        problems: Vec::new(),
        may_keep: me.is_some(),
        name: Field::new("name", "Name"),
        query: Field::new("query", "Search").hint("As it stands in the line of the audit log."),
        shared: false,
        rows: searches.into_iter().map(row).collect(),
    })
}

impl SearchesPage {
    /// The form as it was filled in, with what is wrong beside each field.
    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let fields = [self.name.named(), self.query.named()];
        Self {
            name: self.name.again(typed, &problems),
            query: self.query.again(typed, &problems),
            shared: typed.has("shared", "yes"),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn responder_keeps_a_search_and_shares_it(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let search = owner.get("/audit?q=outcome%3A%28denied%7Cfailed%29").await.page();
            let form = owner.get(href(&search, "/audit/searches?q=", "")).await.page();
            assert!(form.contains("value=\"outcome:(denied|failed)\""), "{form}");
            let fields = [("name", "Refused"), ("query", "outcome:( denied | failed )"), ("shared", "yes")];
            assert_eq!(owner.post("/audit/searches", &fields).await.led(), (303, "/audit/searches"));
            let own = [("name", "Mine"), ("query", "action:user.*")];
            assert_eq!(owner.post("/audit/searches", &own).await.led(), (303, "/audit/searches"));
            let list = owner.get("/audit/searches").await.page();
            assert!(list.contains("Refused") && list.contains("Mine") && list.contains("/audit?q=outcome%3A%28denied%7Cfailed%29"), "{list}");

            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let shared = auditor.get("/audit/searches").await.page();
            assert!(shared.contains("Refused") && shared.contains("Olive acme") && !shared.contains("Mine"), "{shared}");
            assert!(!shared.contains("/remove\""), "what others share is theirs");
            let remove = href(&list, "/audit/searches/", "/remove").to_owned();
            assert_eq!(auditor.post(&remove, &[]).await.status, 404);
            assert!(owner.get(&remove).await.shows("Remove Mine?"));
            assert_eq!(owner.post(&remove, &[]).await.led(), (303, "/audit/searches"));
            assert!(!owner.get("/audit/searches").await.shows("Mine"));
            let mut other = Browser::of(&db.tenant("other").await.owner());
            assert!(!other.get("/audit/searches").await.shows("Refused"));
        }

        async fn responder_is_told_what_is_wrong_with_a_search(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let wrong = owner.post("/audit/searches", &[("name", ""), ("query", "outcome:ok actr:x")]).await;
            assert_eq!(wrong.status, 422);
            assert!(wrong.shows("id=\"name-error\"") && wrong.shows("Column 12: There is no key of this name. Did you mean"), "{}", wrong.body);
            assert!(wrong.shows("value=\"outcome:ok actr:x\""), "{}", wrong.body);
        }
    }
}
