//! Everybody who can use a permission.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, permission::Permission, rule::ReadRoles, time::Timestamp, zone::Zone};
use bailiwick_ops::explorer::{self, Asked, Holder, Holders};
use bailiwick_store::{Store, holders::Via};
use serde::Deserialize;

use super::reasons::{ReasonRow, Words, badge};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Choice, Field, Problem, Query, Select},
    pages::{
        audit::{actors::erased, moment},
        parts::{Badge, Pager, address, people},
        refused::Refused,
    },
    shell::{Shell, Visit, initials},
    when::{When, zone_of},
};

const PATH: &str = "/access/who";

/// The question as the address holds it, whatever it is worth.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    permission: Option<String>,
    via: Option<String>,
    state: Option<String>,
    at: Option<String>,
    after: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "explorer/who.html")]
struct WhoPage {
    shell: Shell,
    problems: Vec<Problem>,
    permission: Select,
    via: Select,
    state: Select,
    /// Nothing for whoever may not read the log.
    at: Option<Field>,
    /// Whether a permission was chosen and the rest could be understood.
    asked: bool,
    /// What the chosen permission lets people do.
    meaning: String,
    /// What the answer leaves open.
    notes: Vec<String>,
    /// The past moment that is shown.
    then: Option<When>,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    name: String,
    initials: String,
    role: String,
    href: String,
    state: Badge,
    reasons: Vec<ReasonRow>,
}

pub(super) async fn who(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let mut problems = Vec::new();
    let asked = filter.understand(&mut problems)?;
    let mut found = None;
    if let Some(asked) = asked.filter(|_| problems.is_empty()) {
        match explorer::who_can(&store, &permit, &asked).await {
            Ok(holders) => found = Some((asked, holders)),
            Err(error) => problems = Refused::by(error, &[])?.problems,
        }
    }
    let mut view = store.read(&permit).await?;
    let names: Vec<_> = explorer::possible(&store, &mut view).await?;
    let choices = names.iter().map(|permission| store.catalogue().name(*permission));
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (mut rows, mut notes, mut then) = (Vec::new(), Vec::new(), None);
    let mut pager = Pager::forward(String::new(), None, None);
    if let Some((asked, holders)) = &found {
        let reasons: Vec<_> =
            holders.items.iter().flat_map(|item| item.reasons.iter().chain(&item.denial)).collect();
        let words = Words::of(&mut view, &permit, &holders.names, &reasons).await?;
        rows = holders.items.iter().map(|item| row(item, holders, &words, &filter)).collect();
        notes = said(asked.at, holders, &zone_of(&permit));
        then = asked.at.map(When::moment);
        pager = filter.pager(holders);
    }
    let meaning = found
        .as_ref()
        .and_then(|(asked, _)| store.catalogue().find(&asked.permission))
        .and_then(|permission| store.catalogue().definition(permission))
        .map(|definition| definition.description.to_string())
        .unwrap_or_default();
    let page = WhoPage {
        shell: Shell::new(&permit, &visit, "Who can do what").under("People and access", "/users"),
        permission: select(
            "permission",
            "Permission",
            "Choose a permission",
            choices.map(|name| Choice::new(name, name)),
            filter.permission.as_deref(),
            &problems,
        ),
        via: select(
            "via",
            "Through",
            "Anything",
            [("role", "Their role"), ("team", "A team"), ("grant", "A grant")].map(choice).into_iter(),
            filter.via.as_deref(),
            &problems,
        ),
        state: select(
            "state",
            "Show",
            "Everybody",
            [("able", "Who can"), ("denied", "Who is denied it"), ("disabled", "Who is disabled")]
                .map(choice)
                .into_iter(),
            filter.state.as_deref(),
            &problems,
        ),
        at: permit.may(Permission::AUDIT_READ).then(|| filter.field(&problems)),
        asked: found.is_some(),
        meaning,
        notes,
        then,
        rows,
        pager,
        problems,
    };
    Ok((status, page).into_response())
}

fn choice((value, label): (&str, &str)) -> Choice {
    Choice::new(value, label)
}

/// A choice; what was asked for stays chosen even where it is none.
fn select(
    name: &'static str,
    label: &'static str,
    any: &str,
    options: impl Iterator<Item = Choice>,
    asked: Option<&str>,
    problems: &[Problem],
) -> Select {
    let mut options: Vec<_> = std::iter::once(Choice::new("", any)).chain(options).collect();
    let asked = asked.unwrap_or_default();
    if !options.iter().any(|option| option.value == asked) {
        options.push(Choice::new(asked, asked));
    }
    let error = problems.iter().find(|problem| problem.field == name).map(|problem| problem.text.clone());
    Select { error, ..Select::new(name, label, options, asked) }
}

fn row(item: &Holder, holders: &Holders, words: &Words<'_>, filter: &Filter) -> Row {
    let name = item.name.clone().unwrap_or_else(|| erased(item.user.uuid()));
    Row {
        initials: initials(&name),
        name,
        role: holders.names.role(item.role),
        href: address(&format!("/users/{}/access", item.user), &[("at", filter.at.as_deref())]),
        state: badge(item.state),
        reasons: words.rows(&item.reasons, item.denial.as_ref()),
    }
}

/// What the answer leaves open, one sentence each.
pub(super) fn said(at: Option<Timestamp>, holders: &Holders, zone: &Zone) -> Vec<String> {
    let mut notes = open(at, holders.begins, holders.complete, zone);
    if holders.unclear > 0 {
        let people = people(holders.unclear);
        notes.push(format!("Of {people} the log does not tell whether they could."));
    }
    notes
}

/// What is said of every answer about a past moment.
pub(super) fn open(
    at: Option<Timestamp>,
    begins: Option<Timestamp>,
    complete: bool,
    zone: &Zone,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(at) = at else { return notes };
    notes.push(
        "Read from the audit log alone. Built-in roles are counted with what this version of the program gives them; \
         people are named as they are called now."
            .to_owned(),
    );
    match begins {
        Some(begins) if at < begins => {
            notes.push(format!("The log begins later: on {}.", When::moment(begins).text(zone)));
        }
        None => notes.push("The log says nothing yet.".to_owned()),
        Some(_) => {}
    }
    if !complete {
        notes.push(
            "Not everything about roles and teams could be read, so more people may have been able to."
                .to_owned(),
        );
    }
    notes
}

impl Filter {
    /// Turns what was asked into a question; nothing where no permission is chosen.
    fn understand(&self, problems: &mut Vec<Problem>) -> Result<Option<Asked>> {
        let after: Option<UserId> = self
            .after
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| Error::BadRequest("The address names no place in this list."))?;
        let via = self.via.as_deref().map(|text| Via::ALL.into_iter().find(|via| via.name() == text));
        if via == Some(None) {
            problems.push(Problem::new("via", "Choose one of these."));
        }
        let state = self
            .state
            .as_deref()
            .map(|text| explorer::State::ALL.into_iter().find(|state| state.name() == text));
        if state == Some(None) {
            problems.push(Problem::new("state", "Choose one of these."));
        }
        let at = read(self.at.as_deref(), problems);
        let Some(permission) = self.permission.clone() else { return Ok(None) };
        Ok(Some(Asked { permission, at, via: via.flatten(), state: state.flatten(), after }))
    }

    fn field(&self, problems: &[Problem]) -> Field {
        field(self.at.as_deref(), problems)
    }

    fn pager(&self, holders: &Holders) -> Pager {
        let (shown, looked) = (people(holders.items.len()), people(holders.looked_at));
        let to = |after: Option<String>| {
            address(
                PATH,
                &[
                    ("permission", self.permission.as_deref()),
                    ("via", self.via.as_deref()),
                    ("state", self.state.as_deref()),
                    ("at", self.at.as_deref()),
                    ("after", after.as_deref()),
                ],
            )
        };
        Pager::forward(
            format!("{shown}, {looked} looked at"),
            self.after.is_some().then(|| to(None)),
            holders.next.map(|next| to(Some(next.to_string()))),
        )
    }
}

/// The moment of a field; what is none is a problem.
pub(super) fn read(text: Option<&str>, problems: &mut Vec<Problem>) -> Option<Timestamp> {
    moment::read("at", text, problems)
}

/// The moment as a field shows it; what could not be understood stands there as it was typed.
pub(super) fn field(text: Option<&str>, problems: &[Problem]) -> Field {
    moment::field("at", "As of (UTC)", text, problems)
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn auditor_sees_who_can_and_through_what_and_since_when(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let before = db.store.now();
            db.clock.advance(Span::minutes(5));
            let form = [("p.posture:read", "grant"), ("confirmed", "yes"), ("reason", "Covers for Olive.")];
            let path = format!("/users/{}/permissions", planner.id());
            assert_eq!(Browser::of(&acme.owner()).post(&path, &form).await.status, 303);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/access/who?permission=posture%3Aread").await.page();
            for text in ["Granted to them alone", &planner.user.name, "Role Tenant Owner", "granted", "Olive acme", "/audit/events/", "3 people"] {
                assert!(page.contains(text), "{text}: {page}");
            }
            let granted = auditor.get("/access/who?permission=posture%3Aread&via=grant&state=able").await.page();
            assert!(granted.contains(&planner.user.name) && !granted.contains("Role Tenant Owner"), "{granted}");
            let at = before.to_string();
            let then = auditor.get(&format!("/access/who?permission=posture%3Aread&at={at}")).await.page();
            assert!(then.contains("Role Tenant Owner") && !then.contains(&planner.user.name), "{then}");
            assert!(then.contains("Read from the audit log alone"));
        }

        async fn whoever_may_not_read_the_log_is_told_neither_when_nor_who_nor_what_was(db: Db) {
            let acme = db.tenant("acme").await;
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            let page = manager.get("/access/who?permission=posture%3Aread").await.page();
            assert!(page.contains("Role Tenant Owner") && !page.contains("/audit/events/") && !page.contains("As of (UTC)"), "{page}");
            let then = manager.get("/access/who?permission=posture%3Aread&at=2026-01-01").await;
            assert!(then.status == 422 && then.shows("takes the permission to read the audit log"), "{}", then.body);
            let coordinator = acme.user(Role::SupportCoordinator).await;
            assert_eq!(Browser::of(&coordinator).get("/access/who").await.status, 403);
        }

        async fn auditor_keeps_what_they_mistyped(db: Db) {
            let mut auditor = Browser::of(&db.tenant("acme").await.user(Role::Auditor).await);
            for (query, error) in [
                ("permission=no%3Asuch", "permission-error"),
                ("permission=tenant%3Aread", "permission-error"),
                ("permission=user%3Aread&at=yesterday", "at-error"),
                ("permission=user%3Aread&at=2990-01-01", "at-error"),
                ("permission=user%3Aread&via=magic", "via-error"),
                ("permission=user%3Aread&state=odd", "state-error"),
            ] {
                let answer = auditor.get(&format!("/access/who?{query}")).await;
                assert!(answer.status == 422 && answer.body.contains(&format!("id=\"{error}\"")), "{query}: {}", answer.body);
            }
            for query in ["after=7", "x=1"] {
                assert_eq!(auditor.get(&format!("/access/who?{query}")).await.status, 400, "{query}");
            }
        }

        async fn nobody_of_another_tenant_is_among_them(db: Db) {
            let acme = db.tenant("acme").await;
            let zenith = db.tenant("zenith").await;
            let mut owner = Browser::of(&zenith.owner());
            let page = owner.get("/access/who?permission=user%3Aread").await.page();
            assert!(page.contains("Olive zenith") && !page.contains("Olive acme"));
            let now = db.store.now().to_string();
            let then = owner.get(&format!("/access/who?permission=user%3Aread&at={now}")).await.page();
            assert!(then.contains("Olive zenith") && !then.contains("Olive acme"));
            for path in [format!("/users/{}/access", acme.owner().id()), format!("/users/{}/access?at={now}", acme.owner().id())] {
                assert_eq!(owner.get(&path).await.status, 404, "{path}");
            }
        }
    }
}
