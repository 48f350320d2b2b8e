//! Searching the log.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::ReadAudit, time::Timestamp};
use bailiwick_store::{
    Scope, Store,
    audit::{self, COUNT_CAP, Found, Listed, Place, Tally, restore},
};

use super::{
    actors::{Actor, Names},
    bundle,
    chart::{Chart, chart},
    exports,
    filter::{Asked, Range, permalink},
    spelling, words,
};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Problem, Query, Select},
    pages::{
        parts::{Badge, Chip, Pager, counted, grouped},
        reach,
    },
    shell::{Link, Shell, Visit},
    when::{When, zone_of},
};

#[derive(Template, WebTemplate)]
#[template(path = "audit/search.html")]
struct AuditSearchPage {
    shell: Shell,
    may_verify: bool,
    /// Where this search is exported; nothing for whoever may not.
    export: Option<String>,
    problems: Vec<Problem>,
    /// Actions that were asked for and that no record has.
    unheard_of: Vec<String>,
    line: Field,
    actor: Field,
    entity_type: Select,
    entity: Field,
    action: Select,
    outcome: Select,
    from: Field,
    to: Field,
    ranges: Vec<Range>,
    changes: Range,
    chips: Vec<Chip>,
    clear: &'static str,
    /// This search by itself, for others and for later.
    permalink: String,
    /// The form in which it is kept.
    keep: String,
    /// Where its records are taken along with what proves them.
    bundle: Option<String>,
    chart: Option<Chart>,
    /// Whether enough was looked at before the page was full.
    unfinished: bool,
    /// Written, not numbered yet.
    just_now: Vec<AuditRow>,
    rows: Vec<AuditRow>,
    pager: Pager,
}

/// A record in a list.
struct AuditRow {
    href: String,
    action: String,
    summary: String,
    actor: Actor,
    entity: Link,
    entity_type: String,
    outcome: Badge,
    at: When,
    /// Whether the retention had taken it, and it is back from the archive for a time.
    back: bool,
}

pub(super) async fn search(
    Access(permit): Access<ReadAudit>,
    visit: Visit,
    State(store): State<Store>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    let zone = zone_of(&permit);
    let understood = asked.understand(&mut view, &zone).await?;
    let (sought, place) = (&understood.sought, understood.place);
    let refused = !understood.problems.is_empty();
    let (mut found, mut tally, mut just_now, mut drawn) =
        (Found::default(), Tally::default(), Vec::new(), None);
    if !refused {
        found = audit::search(&mut view, sought, place).await?;
        tally = audit::tally(&mut view, sought).await?;
        drawn = chart(&audit::timeline(&mut view, sought, &tally).await?, &asked, &zone);
        if place == Place::Newest {
            just_now = audit::just_now(&mut view, sought).await?;
        }
    }
    let leaves: Vec<_> = found.items.iter().filter_map(|listed| listed.leaf_index).collect();
    let back = restore::among(&mut view, &leaves).await?;
    let is_back = |listed: &Listed| listed.leaf_index.is_some_and(|leaf| back.contains(&leaf));
    let known = audit::known(&mut view).await?;
    let ids: Vec<_> = found.items.iter().chain(&just_now).flat_map(ids).collect();
    let listed: Vec<_> = found.items.iter().chain(&just_now).cloned().collect();
    let names = Names::of(&mut view, &permit, &ids).await?.called_by_product(&mut view, &listed).await?;
    let link = permalink(&understood.query);
    let now = view.now();
    let unheard_of =
        if refused { Vec::new() } else { spelling::unheard_of(&understood.query, &known, &just_now) };
    let problems = understood.problems;
    let page = AuditSearchPage {
        shell: Shell::new(&permit, &visit, "Audit log"),
        may_verify: reach::opens(&visit, &permit, "/audit/verify"),
        unheard_of,
        line: asked.line_field(&problems),
        export: reach::opens(&visit, &permit, "/audit/exports/new").then(|| exports::new_path(&asked)),
        actor: asked.actor_field(&problems),
        entity_type: asked.kind_select(&known.kinds),
        entity: asked.entity_field(&problems),
        action: asked.action_select(&known.actions),
        outcome: asked.outcome_select(&problems),
        from: asked.beginning_field(now, &problems),
        to: asked.end_field(&problems),
        ranges: asked.ranges(),
        changes: asked.changes(),
        chips: asked.chips(),
        clear: "/audit",
        keep: link.replacen("/audit", "/audit/searches", 1),
        bundle: reach::link(&visit, &permit, "/audit/bundle", || {
            bundle::of_search(&understood.query.to_string())
        }),
        permalink: link,
        chart: drawn,
        unfinished: found.unfinished,
        just_now: just_now.iter().map(|listed| row(listed, &names, now, false)).collect(),
        rows: found.items.iter().map(|listed| row(listed, &names, now, is_back(listed))).collect(),
        pager: Pager {
            shown: shown(found.items.len(), tally.count, tally.whole),
            first: asked.is_later().then(|| asked.first()),
            prev: found.newer.and_then(|place| asked.at(place)),
            next: found.older.and_then(|place| asked.at(place)),
        },
        problems,
    };
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page).into_response())
}

fn row(listed: &Listed, names: &Names, now: Timestamp, back: bool) -> AuditRow {
    AuditRow {
        href: format!("/audit/events/{}", listed.event),
        summary: words::of_action(&listed.action),
        action: listed.action.clone(),
        actor: names.actor(&listed.actor_kind, listed.actor_id, None),
        entity: names.entity(&listed.entity_type, listed.entity_id),
        entity_type: words::of_kind(&listed.entity_type),
        outcome: words::of_outcome(&listed.outcome),
        at: When::ago(listed.recorded_at, now),
        back,
    }
}

/// The ids of a row that have names.
fn ids(listed: &Listed) -> impl Iterator<Item = (&str, uuid::Uuid)> {
    let actor = listed.actor_id.map(|id| (listed.actor_kind.as_str(), id));
    actor.into_iter().chain([(listed.entity_type.as_str(), listed.entity_id)])
}

/// How many records there are, as far as they are counted.
fn shown(rows: usize, count: i64, whole: bool) -> String {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    match count {
        COUNT_CAP.. => format!("{rows} of {}+ records", grouped(COUNT_CAP)),
        _ if !whole => format!("{rows} of {}+ records", grouped(count)),
        _ if rows == count => counted(count, "record"),
        _ => format!("{rows} of {}", counted(count, "record")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_stops_at_its_bound() {
        for (rows, count, whole, text) in [
            (0, 0, true, "0 records"),
            (1, 1, true, "1 record"),
            (50, 1204, true, "50 of 1,204 records"),
            (50, 1204, false, "50 of 1,204+ records"),
            (50, 10_000, false, "50 of 10,000+ records"),
        ] {
            assert_eq!(shown(rows, count, whole), text);
        }
    }
}

#[cfg(test)]
mod pages {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::{PASSWORD, Tenant, both_databases};

    use crate::pages::browser::{Browser, href};

    async fn with_an_invitation(tenant: &Tenant) {
        let form = [("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")];
        Browser::of(&tenant.owner()).post("/invitations", &form).await;
        tenant.db.sign().await;
    }

    both_databases! {
        async fn auditor_finds_who_did_what(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let by_name = auditor.get("/audit?actor=olive&action=user.invited&range=1h").await.page();
            assert!(by_name.contains("1 record<") && by_name.contains("Olive acme") && by_name.contains("User invited"), "{by_name}");
            let by_address = auditor.get("/audit?actor=OWNER%40acme.example&outcome=ok").await.page();
            assert!(by_address.contains("user.invited"));
            let of_the_owner = auditor.get("/audit?entity=OWNER%40acme.example").await.page();
            assert!(of_the_owner.contains("<code>user.created</code>") && !of_the_owner.contains("href=\"/audit/entities/invitation/"), "{of_the_owner}");
            let none = auditor.get("/audit?action=user.invited&to=1990-01-01").await.page();
            assert!(none.contains("No record matches"));
            assert!(auditor.get("/audit?type=invitation").await.page().contains("/audit?") , "chips lead on");
        }

        async fn auditor_finds_whatever_the_column_shows(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let form = [("name", "Reporting integration"), ("scope", "user:read"), ("lifetime", "30")];
            Browser::of(&acme.owner()).post("/api-keys", &form).await;
            db.sign().await;
            for (asked, action) in [
                ("Reporting+integration", "api_key.created"),
                ("reporting", "api_key.created"),
                ("New%40example.com", "user.invited"),
                ("acme+Pty+Ltd", "tenant.created"),
                ("security+policy", "policy.created"),
                ("Olive+acme", "session.created"),
                ("owner%40acme.example", "password.set"),
            ] {
                let page = auditor.get(&format!("/audit?entity={asked}")).await;
                assert!(page.status == 200 && page.shows(&format!("<code>{action}</code>")), "{asked}: {}", page.body);
                let narrowed = auditor.get(&format!("/audit?entity={asked}&action={action}")).await;
                assert!(!narrowed.shows("No record matches") && !narrowed.shows("user.disabled"), "{asked}");
            }
            let key = auditor.get("/audit?entity=Reporting+integration").await.page();
            assert!(!key.contains("<code>user.invited</code>") && !key.contains("<code>session.created</code>"), "{key}");
            let by_id = auditor.get(&format!("/audit?entity={}", acme.owner().id())).await.page();
            assert!(by_id.contains("<code>session.created</code>") && by_id.contains("<code>user.created</code>"), "{by_id}");
        }

        async fn auditor_hears_of_a_misspelt_action(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let page = auditor.get("/audit?q=action%3Auser.invitd").await;
            assert!(page.status == 200 && page.shows("No record here has an action user.invitd. Did you mean user.invited?"), "{}", page.body);
            for right in ["q=action%3Auser.invited", "q=action%3Auser.*", "action=user.invited&to=1990-01-01"] {
                assert!(!auditor.get(&format!("/audit?{right}")).await.shows("No record here has"), "{right}");
            }
        }

        async fn auditor_reads_changes_without_the_coming_and_going_of_people(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let all = auditor.get("/audit").await.page();
            assert!(all.contains("<code>session.created</code>") && all.contains("href=\"/audit?only=changes\">Changes only"), "{all}");
            let changes = auditor.get("/audit?only=changes").await.page();
            assert!(changes.contains("<code>user.invited</code>") && !changes.contains("<code>session.created</code>"), "{changes}");
            assert!(!changes.contains("<code>sign_in.accepted</code>"), "{changes}");
            assert_eq!(auditor.get("/audit?only=everything").await.status.as_u16(), 400);
        }

        async fn auditor_sees_a_person_behind_their_own_sign_in(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let form = [("address", "owner@acme.example"), ("password", PASSWORD)];
            assert_eq!(Browser::new(&db).post("/sign-in", &form).await.led(), (303, "/"));
            db.sign().await;
            let list = auditor.get("/audit?actor=OWNER%40acme.example&action=sign_in.accepted").await.page();
            assert!(list.contains("Olive acme"), "{list}");
            let record = auditor.get(href(&list, "/audit/events/", "")).await.page();
            assert!(record.contains("by Olive acme,") && record.contains("signed in with a password"), "{record}");
        }

        async fn auditor_keeps_what_they_mistyped(db: Db) {
            let mut auditor = Browser::of(&db.tenant("acme").await.user(Role::Auditor).await);
            for (query, kept, error) in [
                ("actor=Nobody%20Such", "value=\"Nobody Such\"", "actor-error"),
                ("entity=17", "value=\"17\"", "entity-error"),
                ("from=yesterday", "value=\"yesterday\"", "from-error"),
                ("from=2026-02-01&to=2026-01-01", "value=\"2026-01-01T23:59\"", "to-error"),
                ("outcome=good", "value=\"good\" selected", "outcome-error"),
            ] {
                let answer = auditor.get(&format!("/audit?{query}")).await;
                assert_eq!(answer.status.as_u16(), 422, "{query}");
                assert!(answer.body.contains(kept) && answer.body.contains(&format!("id=\"{error}\"")), "{query}: {}", answer.body);
                assert!(!answer.shows("No record matches") && !answer.shows("0 records"), "{query}: nothing was looked for");
            }
            assert_eq!(auditor.get("/audit?x=1").await.status.as_u16(), 400);
        }

        async fn auditor_sees_what_changed_and_its_proof(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let list = auditor.get("/audit?action=user.invited").await.page();
            let event = auditor.get(href(&list, "/audit/events/", "")).await.page();
            for text in ["new@example.com", "personal, sealed apart", "Sealed", "Inclusion proof", "None: this is revision 1", "The stored octets", "bailiwick.test/tenant/"] {
                assert!(event.contains(text), "{text}: {event}");
            }
            let list = auditor.get("/audit?action=session.created").await.page();
            let session = auditor.get(href(&list, "/audit/events/", "")).await.page();
            assert!(session.contains("203.0.113.7 (personal, sealed apart)"), "{session}");
            let entity = auditor.get(href(&event, "/audit/entities/invitation/", "")).await.page();
            assert!(entity.contains("Chain unbroken, 1 revision") && entity.contains("new@example.com"));
            let status = auditor.get("/audit/verify").await.page();
            assert!(status.contains("Signed to the end") && status.contains("bailiwick audit verify --config"));
            assert!(status.contains(&format!("id=\"verifier-key\" aria-labelledby=\"key-label\">{}</code>", db.signer().verifier())), "{status}");
        }

        async fn auditor_goes_from_a_record_to_what_else_has_its_request_session_and_thing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            with_an_invitation(&acme).await;
            let list = auditor.get("/audit?action=user.invited").await.page();
            let path = href(&list, "/audit/events/", "").to_owned();
            let event = auditor.get(&path).await.page();
            for key in ["request", "session", "actor", "entity"] {
                let link = href(&event, &format!("/audit?q={key}:"), "");
                let found = auditor.get(link).await.page();
                assert!(found.contains(&path), "{link}: {found}");
            }
            let nobody = auditor.get("/audit?q=session:0193a7c2-7b1e-7000-8000-000000000001").await;
            assert!(nobody.shows("No record matches"), "{}", nobody.body);
        }

        async fn auditor_reads_what_things_are_called(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.user(Role::Auditor).await;
            let mut auditor = Browser::of(&actor);
            with_an_invitation(&acme).await;
            for (action, kind, label, title) in [
                ("policy.created", "policy", "Security policy", "<h1>Security policy</h1>"),
                ("user.invited", "invitation", "new@example.com", "<h1>Invitation of new@example.com</h1>"),
                ("session.created", "session", actor.user.name.as_str(), "<h1>Session of "),
                ("tenant.created", "tenant", "acme Pty Ltd", "<h1>acme Pty Ltd</h1>"),
            ] {
                let list = auditor.get(&format!("/audit?action={action}")).await.page();
                let entity = list
                    .split("href=\"")
                    .find(|rest| rest.starts_with(&format!("/audit/entities/{kind}/")) && rest.split("</a>").next().is_some_and(|link| link.ends_with(&format!("\">{label}"))))
                    .and_then(|rest| rest.split('"').next())
                    .unwrap_or_else(|| panic!("{action}: {list}"));
                let page = auditor.get(entity).await.page();
                assert!(page.contains(title) && page.contains(label), "{action}: {page}");
            }
        }

        async fn nobody_reads_another_tenants_records(db: Db) {
            let acme = db.tenant("acme").await;
            with_an_invitation(&acme).await;
            let list = Browser::of(&acme.owner()).get("/audit?action=user.invited").await.page();
            let (event, entity) = (href(&list, "/audit/events/", ""), href(&list, "/audit/entities/invitation/", ""));
            let mut other = Browser::of(&db.tenant("other").await.owner());
            for path in [event, entity, "/audit/entities/invitation/x", "/audit/events/x"] {
                assert_eq!(other.get(path).await.status.as_u16(), 404, "{path}");
            }
            let mut coordinator = Browser::of(&acme.user(Role::SupportCoordinator).await);
            for path in ["/audit", "/audit/verify", event, entity] {
                assert_eq!(coordinator.get(path).await.status.as_u16(), 403, "{path}");
            }
        }
    }
}
