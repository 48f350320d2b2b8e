//! Searching gives exactly what reading everything and picking by hand would give.

use bailiwick_domain::{
    role::Role,
    rule::{AssignRole, ByJob, DisableUser, Invite, ReadAudit},
    time::{Span, Timestamp},
};
use bailiwick_ops::invitations::NewInvitation;
use bailiwick_store::{
    DatabaseKind, Permit,
    audit::{self, COUNT_CAP, Filter, Listed, OutcomeFilter},
};
use bailiwick_testkit::{Db, START, Tenant, both_databases};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    raw, raw_rows,
    support::{numbers::Numbers, raw::Raw},
    tampering::rename,
};

/// What an event says, read from its octets alone.
#[derive(Debug)]
struct Known {
    leaf: i64,
    id: Uuid,
    actor: Option<Uuid>,
    action: String,
    entity_type: String,
    entity: Uuid,
    outcome: String,
    at: Timestamp,
}

impl Known {
    fn fits(&self, filter: &Filter) -> bool {
        filter.actor.is_none_or(|actor| self.actor == Some(actor))
            && filter.entity_type.as_ref().is_none_or(|kind| self.entity_type == *kind)
            && filter.entity_id.is_none_or(|id| self.entity == id)
            && filter.action.as_ref().is_none_or(|action| self.action == *action)
            && filter.outcome.is_none_or(|outcome| self.outcome == outcome.name())
            && filter.from.is_none_or(|from| self.at >= from)
            && filter.to.is_none_or(|to| self.at < to)
            && !(filter.changes_only && matches!(self.entity_type.as_str(), "session" | "sign_in_attempt"))
    }
}

async fn everything(db: &Db, tenant: &Tenant) -> Vec<Known> {
    let mut raw = Raw::superuser(db).await;
    let rows: Vec<(i64, Vec<u8>)> = raw_rows!(
        raw,
        "SELECT l.leaf_index, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 ORDER BY l.leaf_index DESC",
        tenant.id().uuid()
    );
    rows.into_iter()
        .map(|(leaf, bytes)| {
            let event: Value = serde_json::from_slice(&bytes).unwrap();
            let text = |pointer: &str| event.pointer(pointer).unwrap().as_str().map(str::to_owned);
            let id = |pointer: &str| text(pointer).map(|text| Uuid::parse_str(&text).unwrap());
            Known {
                leaf,
                id: id("/id").unwrap(),
                actor: id("/actor/id"),
                action: text("/action").unwrap(),
                entity_type: text("/entity/type").unwrap(),
                entity: id("/entity/id").unwrap(),
                outcome: text("/outcome").unwrap(),
                at: Timestamp::parse(&text("/recorded_at").unwrap()).unwrap(),
            }
        })
        .collect()
}

/// Every page of a search.
async fn all_pages(scope: &mut impl bailiwick_store::Scope, filter: &Filter) -> Vec<Listed> {
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let found = audit::search(scope, filter, before).await.unwrap();
        assert!(found.older.is_none() || found.items.len() == 50, "a full page before the last");
        rows.extend(found.items);
        before = found.older;
        if before.is_none() {
            return rows;
        }
    }
}

/// A few hundred events by several people, some refused and some failed, on clocks that step back now and then.
async fn history(db: &Db, numbers: &mut Numbers) -> Tenant {
    let acme = db.tenant("acme").await;
    let auditor = acme.user(Role::Auditor).await;
    let manager = acme.user(Role::OperationsManager).await;
    let people = [acme.owner(), auditor.clone(), manager.clone()];
    let mut latest = START;
    for n in 0..160 {
        // Forwards by up to a minute, and now and then back by less than a late commit could be.
        let step = if numbers.below(9) == 0 { -20 } else { i64::try_from(numbers.below(60)).unwrap() };
        let now = db.store.now() + Span::seconds(step);
        latest = latest.max(now);
        db.clock.set(if numbers.below(15) == 0 { latest } else { now });
        let actor = numbers.one_of(&people);
        match numbers.below(5) {
            0 => drop(actor.try_permit::<AssignRole>().await),
            1 => {
                if let Ok(permit) = actor.try_permit::<Invite>().await {
                    let invite = NewInvitation {
                        email: format!("n{}@acme.example", n / 2),
                        role: "auditor".into(),
                        expires_at: None,
                    };
                    drop(bailiwick_ops::invitations::create(&db.store, &permit, invite).await);
                }
            }
            2 => {
                if let Ok(permit) = actor.try_permit::<DisableUser>().await {
                    // Oneself: a failure.
                    drop(bailiwick_ops::users::disable(&db.store, &permit, actor.id()).await);
                }
            }
            _ => rename(&db.store, &acme.job(), &numbers.one_of(&people).user, format!("Una {n}")).await,
        }
        if numbers.below(6) == 0 {
            db.settle().await;
        }
    }
    db.sign().await;
    acme
}

both_databases! {
    async fn every_filter_and_pair_of_filters_finds_what_is_there(db: Db) {
        let mut numbers = Numbers::new(11);
        let acme = history(&db, &mut numbers).await;
        let known = everything(&db, &acme).await;
        assert!(known.len() > 120, "{}", known.len());
        for outcome in ["ok", "denied", "failed"] {
            assert!(known.iter().any(|event| event.outcome == outcome), "{outcome}");
        }
        assert!(known.windows(2).any(|pair| pair[0].at < pair[1].at), "leaves are not in the order of time");
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let mut several_pages = 0;
        for _ in 0..250 {
            let filter = some_filter(&mut numbers, &known);
            let expected: Vec<_> = known.iter().filter(|event| event.fits(&filter)).map(|event| (event.leaf, event.id)).collect();
            let found = all_pages(&mut view, &filter).await;
            let found: Vec<_> = found.iter().map(|row| (row.leaf_index.unwrap(), row.event.uuid())).collect();
            assert_eq!(found, expected, "{filter:?}");
            assert_eq!(audit::count(&mut view, &filter).await.unwrap(), i64::try_from(expected.len()).unwrap(), "{filter:?}");
            several_pages += usize::from(expected.len() > 50);
        }
        assert!(several_pages > 10);
        let rows = all_pages(&mut view, &Filter::default()).await;
        for (row, event) in rows.iter().zip(&known) {
            assert_eq!((row.recorded_at, row.actor_id, &row.action, &row.outcome), (event.at, event.actor, &event.action, &event.outcome));
        }
        let mut actions: Vec<_> = known.iter().map(|event| event.action.clone()).collect();
        actions.sort();
        actions.dedup();
        assert_eq!(audit::actions(&mut view).await.unwrap(), actions);
        let mut kinds: Vec<_> = known.iter().map(|event| event.entity_type.clone()).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(audit::entity_types(&mut view).await.unwrap(), kinds);
    }

    async fn whoever_names_a_person_finds_them_and_all_that_is_theirs(db: Db) {
        let mut numbers = Numbers::new(12);
        let acme = history(&db, &mut numbers).await;
        let known = everything(&db, &acme).await;
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let owner = acme.owner().id().uuid();
        let mut expected = Vec::new();
        for event in &known {
            let of = audit::owner(&mut view, &event.entity_type, event.entity).await.unwrap();
            let is = matches!(event.entity_type.as_str(), "user" | "password") && event.entity == owner;
            if is || of.is_some_and(|user| user.uuid() == owner) {
                expected.push((event.leaf, event.id));
            }
        }
        assert_eq!(audit::named(&mut view, "OWNER@acme.example").await.unwrap(), [owner]);
        let filter = Filter { about: vec![owner], ..Filter::default() };
        let found = all_pages(&mut view, &filter).await;
        assert!(found.iter().any(|row| row.entity_type == "session") && found.iter().any(|row| row.entity_type == "user"));
        let found: Vec<_> = found.iter().map(|row| (row.leaf_index.unwrap(), row.event.uuid())).collect();
        assert_eq!(found, expected);
        assert_eq!(audit::count(&mut view, &filter).await.unwrap(), i64::try_from(expected.len()).unwrap());
        let sessions = Filter { entity_type: Some("session".into()), ..filter };
        assert!(all_pages(&mut view, &sessions).await.iter().all(|row| row.entity_type == "session"));
    }

    async fn whoever_names_an_address_finds_its_invitation_and_nobody_elses(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        for tenant in [&acme, &other] {
            let invite = NewInvitation { email: "new_one@example.com".into(), role: "auditor".into(), expires_at: None };
            bailiwick_ops::invitations::create(&db.store, &tenant.owner().permit::<Invite>().await, invite).await.unwrap();
        }
        db.sign().await;
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let about = audit::named(&mut view, "New_One@example.com").await.unwrap();
        assert_eq!(about.len(), 1);
        assert_eq!(audit::named(&mut view, "new_one").await.unwrap(), about, "a part of the address");
        assert!(audit::named(&mut view, "new%one").await.unwrap().is_empty(), "no letter stands for others");
        let found = all_pages(&mut view, &Filter { about: about.clone(), ..Filter::default() }).await;
        assert!(!found.is_empty() && found.iter().all(|row| row.entity_id == about[0]), "{found:?}");
        let events: Vec<_> = found.iter().map(|row| row.event.uuid()).collect();
        let entities = audit::entities(&mut view, &events).await.unwrap();
        assert!(events.iter().all(|event| entities[event].kind == "invitation" && entities[event].id == about[0]));
        let theirs = audit::named(&mut db.store.read(&other.job()).await.unwrap(), "new_one").await.unwrap();
        assert_eq!(theirs.len(), 1);
        assert!(all_pages(&mut view, &Filter { about: theirs, ..Filter::default() }).await.is_empty());
    }

    async fn count_stops_at_its_cap(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        let mut raw = Raw::superuser(&db).await;
        let more = COUNT_CAP + 5;
        let numbers = match raw.kind() {
            DatabaseKind::Sqlite => format!("(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {more}) SELECT i FROM n)"),
            DatabaseKind::Postgres => format!("(SELECT i::bigint FROM generate_series(1, {more}) AS g (i))"),
        };
        let id = match raw.kind() {
            DatabaseKind::Sqlite => "randomblob(16)",
            DatabaseKind::Postgres => "gen_random_uuid()",
        };
        raw!(
            raw,
            format!(
                "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
                 SELECT $1, 1000 + n.i, {id}, $2, 0, 'system', NULL, 'load.made', 'ok', 'load', {id}, 1 FROM {numbers} AS n"
            ),
            acme.id().uuid(),
            vec![0_u8; 32]
        )
        .unwrap();
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        assert_eq!(audit::count(&mut view, &Filter::default()).await.unwrap(), COUNT_CAP);
        let made = Filter { action: Some("load.made".into()), ..Filter::default() };
        assert_eq!(audit::count(&mut view, &made).await.unwrap(), COUNT_CAP);
        let other = Filter { action: Some("tenant.created".into()), ..Filter::default() };
        assert_eq!(audit::count(&mut view, &other).await.unwrap(), 1);
    }

    async fn auditor_who_searches_leaves_no_trace_in_the_log(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        db.sign().await;
        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        let before = audit::total(&mut view).await.unwrap();
        audit::search(&mut view, &Filter::default(), None).await.unwrap();
        drop(view);
        db.settle().await;
        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        assert_eq!(audit::total(&mut view).await.unwrap(), before);
    }
}

fn some_filter(numbers: &mut Numbers, known: &[Known]) -> Filter {
    let mut filter = Filter::default();
    for _ in 0..=numbers.below(3) {
        // Mostly values that occur together, sometimes from two events or from none.
        let event = numbers.one_of(known);
        match numbers.below(9) {
            0 => filter.actor = Some(event.actor.unwrap_or_default()),
            1 => filter.entity_type = Some(event.entity_type.clone()),
            2 => {
                (filter.entity_type, filter.entity_id) = (Some(event.entity_type.clone()), Some(event.entity))
            }
            3 => filter.entity_id = Some(event.entity),
            4 => filter.action = Some(event.action.clone()),
            5 => {
                filter.outcome =
                    Some(*numbers.one_of(&[OutcomeFilter::Ok, OutcomeFilter::Denied, OutcomeFilter::Failed]))
            }
            6 => filter.changes_only = true,
            7 => filter.from = Some(event.at + Span::seconds(i64::try_from(numbers.below(3)).unwrap() - 1)),
            _ => filter.to = Some(event.at + Span::seconds(i64::try_from(numbers.below(3)).unwrap() - 1)),
        }
    }
    filter
}
