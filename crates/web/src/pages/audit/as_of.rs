//! One thing as it stood at a moment, each value with the record that set it.

use std::collections::HashMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::Kind,
    rule::{ReadAudit, Rule},
    time::Timestamp,
};
use bailiwick_store::{
    Permit, Scope, Store,
    audit::{self, AsOf, Moment},
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    actors::Names,
    difference::{DiffValue, value_in_words},
    fields::{self, Reader},
    history, moment,
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Problem, Query},
    pages::{
        parts::{Badge, address},
        reach,
        titles::Titles,
    },
    shell::{Link, Shell, Visit},
    when::{When, zone_of},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    at: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "audit/as_of.html")]
struct AsOfPage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    action: String,
    at: Field,
    moment: When,
    status: Badge,
    notes: Vec<String>,
    /// The record that left it so.
    last: Option<(Link, When)>,
    rows: Vec<FieldRow>,
    /// As it is stored.
    raw: String,
    history: String,
    /// What changed from then until now.
    since: String,
    /// What the person could do then.
    rights: Option<String>,
    /// The address that always shows this.
    permalink: String,
}

struct FieldRow {
    label: String,
    value: DiffValue,
    set: Option<(String, When)>,
}

/// Where a thing is shown as it stood.
pub(super) fn as_of_at(kind: &str, id: Uuid, at: Timestamp) -> String {
    address(&format!("{}/as-of", history(kind, id)), &[("at", Some(&at.to_string()))])
}

/// Where it is shown what somebody could do then; nothing for whoever may not look, and for things that are nobody's.
pub(super) fn rights_at<R: Rule>(
    visit: &Visit,
    permit: &Permit<R>,
    person: Option<Uuid>,
    at: Timestamp,
) -> Option<String> {
    let to = format!("/users/{}/access", person?);
    reach::link(visit, permit, "/users/{user}/access", || address(&to, &[("at", Some(&at.to_string()))]))
}

pub(super) async fn as_of(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Path((kind, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let id = audit::thing_of(&kind, &id).ok_or(Error::NotFound)?;
    let mut view = store.read(&permit).await?;
    let mut problems = Vec::new();
    let at = past("at", asked.at.as_deref(), view.now(), &mut problems).unwrap_or_else(|| view.now());
    let stood = audit::as_of(&mut view, &kind, id, Moment::At(at)).await?;
    let personal = audit::revealed(&mut view, &stood.image.committed()).await?;
    let values = stood.image.fields().into_iter().flatten();
    let mut ids: Vec<_> = values.filter_map(|(field, value)| fields::thing(field, value)).collect();
    let named = [(kind.as_str(), id)];
    ids.extend(named);
    let names = Names::of(&mut view, &permit, &ids).await?;
    let zone = zone_of(&permit);
    let titles = Titles::read(&mut view).await?;
    let reader = Reader { names: &names, titles: &titles, zone: &zone };
    let (title, here) = (names.title(&kind, id), history(&kind, id));
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AsOfPage {
        shell: Shell::new(&permit, &visit, "As it stood")
            .under("Audit log", "/audit")
            .under(title.clone(), here.clone()),
        at: moment::field("at", "As of (UTC)", asked.at.as_deref(), &problems),
        problems,
        title,
        action: format!("{here}/as-of"),
        moment: When::instant(at),
        status: status_of(&stood),
        notes: notes(&kind, &stood),
        last: stood.last.map(|last| {
            let label = format!("revision {}", last.revision);
            (Link::new(label, format!("/audit/events/{}", last.event)), When::instant(last.at))
        }),
        rows: rows(&stood, &personal, &reader),
        raw: serde_json::to_string_pretty(stood.image.value()).unwrap_or_default(),
        since: super::between::between_of(&kind, id, at, view.now()),
        rights: rights_at(&visit, &permit, names.person(&kind, id), at),
        permalink: as_of_at(&kind, id, at),
        history: here,
    };
    Ok((status, page).into_response())
}

/// Reads a moment that has to have passed.
pub(super) fn past(
    name: &'static str,
    text: Option<&str>,
    now: Timestamp,
    problems: &mut Vec<Problem>,
) -> Option<Timestamp> {
    let at = moment::read(name, text, problems)?;
    if at > now {
        problems.push(Problem::new(name, "Give a moment that has passed."));
        return None;
    }
    Some(at)
}

fn rows(stood: &AsOf, personal: &HashMap<String, Value>, reader: &Reader<'_>) -> Vec<FieldRow> {
    let row = |(field, value): (&String, &Value)| {
        let path = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        let set = stood.image.newest_origin(field);
        FieldRow {
            label: fields::label(&path, reader.titles),
            value: value_in_words(&path, value, personal, reader),
            set: set.map(|origin| (format!("/audit/events/{}", origin.event), When::moment(origin.at))),
        }
    };
    stood.image.fields().into_iter().flatten().map(row).collect()
}

/// How far what is shown is how it stood.
pub(super) fn status_of(stood: &AsOf) -> Badge {
    match (stood.known, stood.image.is_there()) {
        (false, _) => Badge::new("bad", "Cannot be told"),
        (true, true) => Badge::new("ok", "As it stood"),
        (true, false) => Badge::new("mute", "Not there then"),
    }
}

/// What has to be said beside it, one sentence each.
pub(super) fn notes(kind: &str, stood: &AsOf) -> Vec<String> {
    let mut notes = Vec::new();
    if !stood.known {
        let shown = match stood.last {
            Some(last) => format!("revision {}, the last one before that", last.revision),
            None => "nothing".to_owned(),
        };
        let fault = stood.faults.last().map(ToString::to_string).unwrap_or_default();
        notes.push(format!(
            "How it stood cannot be told: {fault}. What is shown is {shown}. Run a verification."
        ));
    }
    let others = stood.faults.len().saturating_sub(usize::from(!stood.known));
    for fault in stood.faults.iter().take(others) {
        notes.push(format!("The records contradict each other: {fault}."));
    }
    if stood.passed_over {
        notes.push(
            "What was kept beside the records to spare reading them is not what follows from them. This was read from the records alone."
                .to_owned(),
        );
    }
    if stood.image.is_partial() {
        notes.push("No record says what it was made as. Only what was changed of it is known.".to_owned());
    }
    let quiet = Kind::find(kind).map_or(&[][..], Kind::quiet);
    if !quiet.is_empty() && stood.image.is_there() {
        let labels: Vec<_> =
            quiet.iter().map(|field| fields::label(&format!("/{field}"), &Titles::default())).collect();
        notes.push(format!(
            "Told as a record last had it, because it also changes without one: {}.",
            labels.join(", ")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn auditor_sees_a_person_as_they_stood_and_who_made_them_so(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let before = db.store.now();
            db.clock.advance(Span::minutes(5));
            let form = [("role", "auditor")];
            let mut owner = Browser::of(&acme.owner());
            assert_eq!(owner.post(&format!("/users/{}/role", planner.id()), &form).await.status, 303);
            db.settle().await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let path = format!("/audit/entities/user/{}/as-of", planner.id());
            let now = auditor.get(&path).await.page();
            assert!(now.contains("As it stood") && now.contains("Auditor") && !now.contains("Plan Manager</pre>"), "{now}");
            let then = auditor.get(&format!("{path}?at={before}")).await.page();
            for text in ["Plan Manager", "revision 1", "As it stood", &format!("/users/{}/access?at=", planner.id())] {
                assert!(then.contains(text), "{text}: {then}");
            }
            let early = auditor.get(&format!("{path}?at=2025-01-01")).await.page();
            assert!(early.contains("Not there then"), "{early}");
            assert_eq!(auditor.get(&format!("{path}?at=soon")).await.status, 422);
            assert_eq!(auditor.get(&format!("{path}?at=2999-01-01")).await.status, 422);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
        }
    }
}
