//! Everything that one person can do.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, permission::Permission, rule::ReadRoles};
use bailiwick_ops::explorer::{self, Line, Standing};
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use super::{
    reasons::{ReasonRow, Words, badge},
    who,
};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Id, Problem, Query},
    pages::{
        audit::actors::erased,
        parts::{Badge, address, counted},
        refused::Refused,
    },
    shell::{Shell, Visit},
    when::{When, zone_of},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    at: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "explorer/person.html")]
struct PersonPage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    /// Their page; nothing for whoever is gone.
    href: Option<String>,
    action: String,
    /// Nothing for whoever may not read the log.
    at: Option<Field>,
    /// Their role and whether they could sign in; nothing where they were not there.
    standing: Option<(String, bool)>,
    then: Option<When>,
    notes: Vec<String>,
    groups: Vec<Group>,
    able: String,
    /// Narrowing what they do not use; nothing for whoever may not look at that.
    unused: Option<String>,
}

struct Group {
    name: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    description: String,
    /// Everybody else who can.
    href: String,
    state: Badge,
    reasons: Vec<ReasonRow>,
}

pub(super) async fn show(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let mut problems = Vec::new();
    let at = who::read(filter.at.as_deref(), &mut problems);
    let mut shown = None;
    if problems.is_empty() {
        match explorer::what_can(&store, &permit, id, at).await {
            Ok(standing) => shown = Some(standing),
            Err(error) => problems = Refused::by(error, &[])?.problems,
        }
    }
    let (standing, then) = match shown {
        Some(standing) => (standing, at.map(When::moment)),
        // What could not be asked is answered for now, with what was wrong above it.
        None => (explorer::what_can(&store, &permit, id, None).await?, None),
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let past = at.filter(|_| problems.is_empty());
    let mut notes = who::open(past, standing.begins, standing.complete, &zone_of(&permit));
    notes.extend(doubts(&standing));
    let name = standing.name.clone().unwrap_or_else(|| erased(id.uuid()));
    let to = format!("/users/{id}");
    let shell = Shell::new(&permit, &visit, "What they can do").under("Users", "/users");
    let page = PersonPage {
        shell: match &standing.name {
            Some(name) => shell.under(name.clone(), to.clone()),
            // Their page went with them.
            None => shell,
        },
        title: format!("What {name} can do"),
        action: format!("{to}/access"),
        href: standing.name.is_some().then_some(to),
        at: permit.may(Permission::AUDIT_READ).then(|| who::field(filter.at.as_deref(), &problems)),
        standing: standing.role.map(|(role, active)| (standing.names.role(role), active)),
        then,
        notes,
        able: counted(
            standing.lines.iter().filter(|line| line.state == explorer::State::Able).count(),
            "permission",
        ),
        groups: groups(&store, &permit, &standing, filter.at.as_deref().filter(|_| problems.is_empty()))
            .await?,
        unused: (permit.may(Permission::AUDIT_READ) && standing.name.is_some())
            .then(|| format!("/access/unused/users/{id}")),
        problems,
    };
    Ok((status, page).into_response())
}

/// What is not known of them, one sentence each.
fn doubts(standing: &Standing) -> Vec<String> {
    let mut notes = Vec::new();
    if !standing.clear {
        notes.push(
            "The records about this person cannot be relied on, so nothing is said of them.".to_owned(),
        );
    }
    for role in &standing.unknown {
        notes.push(format!("The log does not tell what the role {} held then.", role.title()));
    }
    notes
}

async fn groups(
    store: &Store,
    permit: &Permit<ReadRoles>,
    standing: &Standing,
    at: Option<&str>,
) -> Result<Vec<Group>> {
    let mut view = store.read(permit).await?;
    let reasons: Vec<_> =
        standing.lines.iter().flat_map(|line| line.reasons.iter().chain(&line.denial)).collect();
    let words = Words::of(&mut view, permit, &standing.names, &reasons).await?;
    let mut groups = Vec::new();
    for (name, members) in store.catalogue().groups() {
        let row = |line: &Line| {
            let (_, definition) = members.iter().find(|(permission, _)| *permission == line.permission)?;
            Some(Row {
                name: definition.name.to_string(),
                description: definition.description.to_string(),
                href: address("/access/who", &[("permission", Some(&definition.name)), ("at", at)]),
                state: badge(line.state),
                reasons: words.rows(&line.reasons, line.denial.as_ref()),
            })
        };
        let rows: Vec<_> = standing.lines.iter().filter_map(row).collect();
        if !rows.is_empty() {
            groups.push(Group { name: name.to_owned(), rows });
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn auditor_sees_what_somebody_can_and_what_takes_it_away(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let before = db.store.now();
            db.clock.advance(Span::minutes(5));
            let form = [("p.team:read", "deny"), ("confirmed", "yes"), ("reason", "Not needed any more.")];
            let path = format!("/users/{}/permissions", planner.id());
            assert_eq!(Browser::of(&acme.owner()).post(&path, &form).await.status, 303);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let path = format!("/users/{}/access", planner.id());
            let page = auditor.get(&path).await.page();
            for text in ["Role Plan Manager", "Denied to them", "team:read", "register:read", "role given"] {
                assert!(page.contains(text), "{text}: {page}");
            }
            let then = auditor.get(&format!("{path}?at={before}")).await.page();
            assert!(then.contains("team:read") && !then.contains("Denied to them"), "{then}");
            let early = auditor.get(&format!("{path}?at=2025-01-01")).await.page();
            assert!(early.contains("Not here then") && early.contains("The log begins later"), "{early}");
            assert_eq!(auditor.get(&format!("{path}?at=soon")).await.status, 422);
        }
    }
}
