//! What changed of one thing between two moments, and the records that did it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    rule::ReadAudit,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Scope, Store,
    audit::{self, Moment},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    actors::Names,
    as_of::{as_of_at, notes, past, rights_at, status_of},
    beside::{BesideRow, rows},
    difference::{self, Change},
    fields::{self, Reader},
    history, moment,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Problem, Query},
    looking_back::changed,
    pages::{
        parts::{Badge, address},
        titles::Titles,
    },
    shell::{Shell, Visit},
    when::{When, zone_of},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    from: Option<String>,
    to: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/between.html")]
struct BetweenPage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    action: String,
    from: Field,
    to: Field,
    ends: [End; 2],
    notes: Vec<String>,
    changes: Vec<Change>,
    raw: Vec<Change>,
    records: Vec<BesideRow>,
    permalink: String,
}

/// One of the two moments.
struct End {
    word: &'static str,
    at: When,
    status: Badge,
    href: String,
    /// What the person could do then.
    rights: Option<String>,
}

/// Where it is shown what changed between two moments.
pub(super) fn between_of(kind: &str, id: Uuid, from: Timestamp, to: Timestamp) -> String {
    let filters = [("from", Some(from.to_string())), ("to", Some(to.to_string()))];
    let filters = filters.each_ref().map(|(name, at)| (*name, at.as_deref()));
    address(&format!("{}/difference", history(kind, id)), &filters)
}

pub(super) async fn between(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Path((kind, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let id = audit::thing_of(&kind, &id).ok_or(Error::NotFound)?;
    let mut view = store.read(&permit).await?;
    let mut problems = Vec::new();
    let to = past("to", asked.to.as_deref(), view.now(), &mut problems).unwrap_or_else(|| view.now());
    let from =
        past("from", asked.from.as_deref(), view.now(), &mut problems).unwrap_or_else(|| to - Span::days(1));
    if from > to {
        problems.push(Problem::new("from", "Give a moment that is not after the other one."));
    }
    let (from, to) = (from.min(to), from.max(to));
    let first = audit::as_of(&mut view, &kind, id, Moment::At(from)).await?;
    let second = audit::as_of(&mut view, &kind, id, Moment::At(to)).await?;
    let mut events = first.image.committed();
    events.extend(second.image.committed());
    let personal = audit::revealed(&mut view, &events).await?;
    let changes = changed(&first.image, &second.image, &personal);
    let records = audit::between(&mut view, &kind, id, from, to).await?;
    let mut ids = fields::named(&changes);
    ids.extend(
        records.iter().filter_map(|one| (one.actor_kind == "user").then_some(("user", one.actor_id?))),
    );
    let keys =
        records.iter().filter_map(|one| (one.actor_kind == "api_key").then_some(("api_key", one.actor_id?)));
    ids.extend(keys);
    let mut all: Vec<(&str, Uuid)> = ids;
    all.push((kind.as_str(), id));
    let names = Names::of(&mut view, &permit, &all).await?.called_by_product(&mut view, &records).await?;
    let zone = zone_of(&permit);
    let titles = Titles::read(&mut view).await?;
    let reader = Reader { names: &names, titles: &titles, zone: &zone };
    let (title, here) = (names.title(&kind, id), history(&kind, id));
    let person = names.person(&kind, id);
    let end = |word, at, status| End {
        word,
        at: When::instant(at),
        status,
        href: as_of_at(&kind, id, at),
        rights: rights_at(&visit, &permit, person, at),
    };
    let mut said = notes(&kind, &first);
    said.extend(notes(&kind, &second));
    said.dedup();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = BetweenPage {
        shell: Shell::new(&permit, &visit, "What changed")
            .under("Audit log", "/audit")
            .under(title.clone(), here.clone()),
        from: moment::field("from", "From (UTC)", asked.from.as_deref(), &problems),
        to: moment::field("to", "To (UTC)", asked.to.as_deref(), &problems),
        problems,
        title,
        action: format!("{here}/difference"),
        ends: [end("Before", from, status_of(&first)), end("After", to, status_of(&second))],
        notes: said,
        raw: difference::changes(changes.clone(), &personal),
        changes: difference::in_words(changes, &personal, &reader),
        records: rows(&records, &names),
        permalink: between_of(&kind, id, from, to),
    };
    Ok((status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn responder_sees_what_changed_who_did_it_and_what_it_was_before(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let before = db.store.now();
            db.clock.advance(Span::minutes(5));
            let form = [("role", "auditor")];
            let mut owner = Browser::of(&acme.owner());
            assert_eq!(owner.post(&format!("/users/{}/role", planner.id()), &form).await.status, 303);
            db.settle().await;
            db.clock.advance(Span::seconds(1));
            let path = format!("/audit/entities/user/{}/difference", planner.id());
            let page = owner.get(&format!("{path}?from={before}")).await.page();
            for text in ["Plan Manager", "Auditor", "user.role_changed", "Olive acme", "What they could do"] {
                assert!(page.contains(text), "{text}: {page}");
            }
            let none = owner.get(&format!("{path}?from={before}&to={before}")).await.page();
            assert!(none.contains("Nothing changed"), "{none}");
            assert_eq!(owner.get(&format!("{path}?from=soon")).await.status, 422);
            assert_eq!(owner.get(&format!("{path}?from=2026-01-03&to=2026-01-02")).await.status, 422);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
        }
    }
}
