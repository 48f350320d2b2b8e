//! Searching gives exactly what reading everything and picking by hand would give.

use std::collections::{BTreeSet, HashMap};

use bailiwick_domain::{
    entity::{Effect, Factor, FactorKind, FactorState, Grant, Passkey, Team, TeamMember, User},
    ids::{EventId, FactorId, TeamId},
    role::Role,
    rule::{AssignRole, ByJob, DisableUser, Invite, ReadAudit},
    search::{self, Query},
    time::{Span, Timestamp},
    zone::Zone,
};
use bailiwick_ops::invitations::NewInvitation;
use bailiwick_store::{
    DatabaseKind, Error, Event, Permit, Scope, Store, accounts,
    audit::{self, COUNT_CAP, Listed, Place, Sought},
    grants, passkeys, teams, users,
};
use bailiwick_testkit::{Db, START, Tenant, both_databases};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    raw, raw_rows,
    support::{numbers::Numbers, raw::Raw},
    tampering::rename,
};

/// What an event says, read from its octets alone.
#[derive(Clone, Debug)]
struct Known {
    leaf: i64,
    id: Uuid,
    actor: Option<Uuid>,
    actor_kind: String,
    action: String,
    entity_type: String,
    entity: Uuid,
    outcome: String,
    request: Uuid,
    at: Timestamp,
    words: BTreeSet<String>,
    /// Whose it is, where the event made it or took it away.
    user: Option<Uuid>,
    credential: Option<Uuid>,
}

impl Known {
    fn read(leaf: i64, bytes: &[u8]) -> Self {
        let event: Value = serde_json::from_slice(bytes).unwrap();
        let text = |pointer: &str| event.pointer(pointer).unwrap().as_str().map(str::to_owned);
        let id = |pointer: &str| text(pointer).map(|text| Uuid::parse_str(&text).unwrap());
        let mut said = vec![text("/action").unwrap(), text("/entity/type").unwrap()];
        said.extend(text("/reason"));
        for change in event["changes"].as_array().unwrap() {
            said.push(change["path"].as_str().unwrap().to_owned());
            texts(&change["before"], &mut said);
            texts(&change["after"], &mut said);
        }
        let user = event["changes"].as_array().unwrap().iter().find(|change| change["path"] == "/user");
        let user = user.and_then(|change| change["after"].as_str().or_else(|| change["before"].as_str()));
        let words = said.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        Self {
            leaf,
            id: id("/id").unwrap(),
            actor: id("/actor/id"),
            actor_kind: text("/actor/kind").unwrap(),
            action: text("/action").unwrap(),
            entity_type: text("/entity/type").unwrap(),
            entity: id("/entity/id").unwrap(),
            outcome: text("/outcome").unwrap(),
            request: id("/request").unwrap(),
            at: Timestamp::parse(&text("/recorded_at").unwrap()).unwrap(),
            words: words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect(),
            user: user.map(|user| Uuid::parse_str(user).unwrap()),
            credential: id("/actor/credential"),
        }
    }
}

/// The texts within a value. Personal and secret ones are not there; ids, hashes and times are no words.
fn texts(value: &Value, said: &mut Vec<String>) {
    match value {
        Value::String(text) if is_words(text) => said.push(text.chars().take(200).collect()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, said)),
        Value::Object(members) if !members.contains_key("commit") && !members.contains_key("redacted") => {
            members.iter().for_each(|(name, value)| {
                said.push(name.clone());
                texts(value, said);
            });
        }
        _ => {}
    }
}

fn is_words(text: &str) -> bool {
    let hash = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    !hash && Uuid::parse_str(text).is_err() && Timestamp::parse(text).is_err()
}

/// A condition, as somebody writes it and as somebody with patience applies it.
#[derive(Clone, Debug)]
enum Condition {
    Actor(Vec<Uuid>),
    ActorKind(String),
    Kind(Vec<String>),
    Thing(String, Uuid),
    Action(Vec<String>),
    Noun(String),
    Begins(String),
    Outcome(Vec<String>),
    Request(Uuid),
    Session(Uuid),
    Word(Vec<String>),
    After(Timestamp),
    Before(Timestamp),
}

impl Condition {
    fn written(&self) -> String {
        let any = |values: Vec<String>| match values.as_slice() {
            [one] => one.clone(),
            several => format!("({})", several.join("|")),
        };
        match self {
            Self::Actor(ids) => format!("actor:{}", any(ids.iter().map(Uuid::to_string).collect())),
            Self::ActorKind(kind) => format!("actor:{kind}"),
            Self::Kind(kinds) => {
                format!("entity:{}", any(kinds.iter().map(|kind| format!("{kind}/")).collect()))
            }
            Self::Thing(kind, id) => format!("entity:{kind}/{id}"),
            Self::Action(actions) => format!("action:{}", any(actions.clone())),
            Self::Noun(noun) => format!("action:{noun}"),
            Self::Begins(beginning) => format!("action:{beginning}*"),
            Self::Outcome(outcomes) => format!("outcome:{}", any(outcomes.clone())),
            Self::Request(id) => format!("request:{id}"),
            Self::Session(id) => format!("session:{id}"),
            Self::Word(words) => format!("text:{}", any(words.clone())),
            Self::After(at) => format!("after:{at}"),
            Self::Before(at) => format!("before:{at}"),
        }
    }

    fn fits(&self, event: &Known) -> bool {
        match self {
            Self::Actor(ids) => event.actor.is_some_and(|actor| ids.contains(&actor)),
            Self::ActorKind(kind) => event.actor_kind == *kind,
            Self::Kind(kinds) => kinds.contains(&event.entity_type),
            Self::Thing(kind, id) => event.entity_type == *kind && event.entity == *id,
            Self::Action(actions) => actions.contains(&event.action),
            Self::Noun(noun) => event.action.starts_with(&format!("{noun}.")),
            Self::Begins(beginning) => event.action.starts_with(beginning),
            Self::Outcome(outcomes) => outcomes.contains(&event.outcome),
            Self::Request(id) => event.request == *id,
            Self::Session(id) => event.credential == Some(*id),
            Self::Word(words) => words.iter().any(|word| event.words.contains(word)),
            Self::After(at) => event.at >= *at,
            Self::Before(at) => event.at < *at,
        }
    }

    const fn is_time(&self) -> bool {
        matches!(self, Self::After(_) | Self::Before(_))
    }
}

/// A condition that some event fits, or nearly.
fn condition(known: Vec<Known>) -> impl Strategy<Value = (bool, Condition)> {
    let event = move || proptest::sample::select(known.clone());
    let at = |event: &Known, off: i64| {
        if off < 0 { event.at - Span::seconds(-off) } else { event.at + Span::seconds(off) }
    };
    let one = prop_oneof![
        vec(event(), 1..3)
            .prop_map(|e| Condition::Actor(e.iter().map(|e| e.actor.unwrap_or_default()).collect())),
        event().prop_map(|e| Condition::ActorKind(e.actor_kind)),
        vec(event(), 1..3).prop_map(|e| Condition::Kind(e.into_iter().map(|e| e.entity_type).collect())),
        event().prop_map(|e| Condition::Thing(e.entity_type, e.entity)),
        vec(event(), 1..3).prop_map(|e| Condition::Action(e.into_iter().map(|e| e.action).collect())),
        event().prop_map(|e| Condition::Noun(e.action.split('.').next().unwrap().to_owned())),
        (event(), 1_usize..12).prop_map(|(e, n)| Condition::Begins(e.action.chars().take(n).collect())),
        vec(event(), 1..3).prop_map(|e| Condition::Outcome(e.into_iter().map(|e| e.outcome).collect())),
        event().prop_map(|e| Condition::Request(e.request)),
        event().prop_map(|e| Condition::Session(e.credential.unwrap_or_default())),
        (vec(event(), 1..3), any::<proptest::sample::Index>()).prop_map(|(e, i)| {
            Condition::Word(
                e.iter().map(|e| i.get(&e.words.iter().cloned().collect::<Vec<_>>()).clone()).collect(),
            )
        }),
        (event(), -1_i64..2).prop_map(move |(e, off)| Condition::After(at(&e, off))),
        (event(), -1_i64..2).prop_map(move |(e, off)| Condition::Before(at(&e, off))),
    ];
    (prop_oneof![3 => Just(false), 1 => Just(true)], one).prop_map(|(not, one)| (not && !one.is_time(), one))
}

async fn everything(db: &Db, tenant: &Tenant) -> Vec<Known> {
    let mut raw = Raw::superuser(db).await;
    let rows: Vec<(i64, Vec<u8>)> = raw_rows!(
        raw,
        "SELECT l.leaf_index, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 ORDER BY l.leaf_index DESC",
        tenant.id().uuid()
    );
    rows.into_iter().map(|(leaf, bytes)| Known::read(leaf, &audit::unpacked(&bytes))).collect()
}

async fn understood(scope: &mut impl Scope, text: &str) -> Sought {
    let query: Query = search::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).query;
    audit::resolve(scope, &query, &Zone::UTC)
        .await
        .unwrap()
        .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

/// Every page of a search, from the newest to the oldest.
async fn all_pages(scope: &mut impl Scope, sought: &Sought) -> Vec<Listed> {
    let (mut rows, mut place) = (Vec::new(), Place::Newest);
    loop {
        let found = audit::search(scope, sought, place).await.unwrap();
        assert!(found.older.is_none() || found.items.len() == 50, "a full page before the last");
        assert_eq!(found.newer.is_none(), place == Place::Newest);
        rows.extend(found.items);
        let Some(older) = found.older else { return rows };
        place = older;
    }
}

/// The same from the oldest to the newest, each page newest first.
async fn all_pages_back(scope: &mut impl Scope, sought: &Sought) -> Vec<Listed> {
    let (mut rows, mut place) = (Vec::new(), Place::After(-1));
    loop {
        let found = audit::search(scope, sought, place).await.unwrap();
        rows.splice(0..0, found.items);
        let Some(newer) = found.newer else { return rows };
        place = newer;
    }
}

fn places(rows: &[Listed]) -> Vec<(i64, Uuid)> {
    rows.iter().map(|row| (row.leaf_index.unwrap(), row.event.uuid())).collect()
}

/// Names a person so many times in one change.
async fn crowd(store: &Store, permit: &Permit<ByJob>, user: &User, number: usize) {
    store
        .change(permit, async |tx| {
            let mut last = None;
            for n in 0..number {
                let before = users::lock(tx, user.id).await?;
                let id: EventId = store.new_id();
                let after = User { name: format!("Many {n} {id}"), ..before.clone() };
                let event = Event::new("user.renamed", &users::replace(tx, before, after).await?)?;
                last.replace(event).into_iter().for_each(|event| tx.also(event));
            }
            Ok::<_, Error>(tx.record(last.unwrap().because(format!("number {number}")), ()))
        })
        .await
        .unwrap();
}

/// A permission, a membership and a passkey of a person, each of which is there for a moment and gone again.
async fn taken_away(store: &Store, permit: &Permit<ByJob>, user: &User) {
    store
        .change(permit, async |tx| {
            let (id, now) = (users::lock(tx, user.id).await?.id, tx.now());
            let grant = Grant {
                id: store.new_id(),
                user: id,
                permission: "audit:read".into(),
                effect: Effect::Grant,
                reason: "For a day.".into(),
                created_at: now,
                expires_at: None,
                ended_at: None,
            };
            let event = Event::new("permission.granted", &grants::insert(tx, grant.clone()).await?)?;
            tx.also(event);
            let event = Event::new("permission.revoked", &grants::remove(tx, grant).await?)?;
            tx.also(event);
            let team_id: TeamId = store.new_id();
            let team = Team {
                id: team_id,
                name: format!("Night {team_id}"),
                description: String::new(),
                roles: Vec::new(),
                created_at: now,
            };
            let member = TeamMember { id: store.new_id(), team: team_id, user: id, created_at: now };
            let event = Event::new("team.created", &teams::insert(tx, team).await?)?;
            tx.also(event);
            let event = Event::new("team.member_added", &teams::add(tx, member.clone()).await?)?;
            tx.also(event);
            let event = Event::new("team.member_removed", &teams::take_out(tx, member).await?)?;
            tx.also(event);
            let factor_id: FactorId = store.new_id();
            let factor = Factor {
                id: factor_id,
                user: id,
                kind: FactorKind::Passkey,
                name: "Key".into(),
                state: FactorState::Verified,
                last_step: 0,
                created_at: now,
                verified_at: Some(now),
            };
            let event = Event::new("mfa.enabled", &accounts::insert_factor(tx, factor, None).await?)?;
            tx.also(event);
            let passkey = Passkey {
                id: factor_id,
                user: id,
                name: "Key".into(),
                sign_count: 0,
                backup_eligible: false,
                backed_up: false,
                transports: Vec::new(),
                created_at: now,
                last_used_at: None,
                suspected_at: None,
            };
            let written = passkeys::insert(tx, passkey.clone(), b"credential", b"key").await?;
            tx.also(Event::new("passkey.created", &written)?);
            let removed = Event::new("passkey.removed", &passkeys::remove(tx, passkey).await?)?;
            Ok::<_, Error>(tx.record(removed, ()))
        })
        .await
        .unwrap();
}

/// Some hundreds of events by several people in several blocks, some refused and some failed, on clocks that step back now and then.
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
        match numbers.below(6) {
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
            3 => {
                let many = 1 + numbers.below(90);
                crowd(&db.store, &acme.job(), &numbers.one_of(&people).user, many).await;
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
    async fn every_condition_and_any_of_them_together_find_what_is_there(db: Db) {
        let mut numbers = Numbers::new(11);
        let acme = history(&db, &mut numbers).await;
        let known = everything(&db, &acme).await;
        assert!(known.len() > 1_100, "{}", known.len());
        for outcome in ["ok", "denied", "failed"] {
            assert!(known.iter().any(|event| event.outcome == outcome), "{outcome}");
        }
        assert!(known.windows(2).any(|pair| pair[0].at < pair[1].at), "leaves are not in the order of time");
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = vec(condition(known.clone()), 0..4);
        let (mut several_pages, mut nothing) = (0, 0);
        for _ in 0..150 {
            let conditions = strategy.new_tree(&mut runner).unwrap().current();
            let written: Vec<_> = conditions.iter().map(|(not, one)| format!("{}{}", if *not { "-" } else { "" }, one.written())).collect();
            let text = written.join(" ");
            let sought = understood(&mut view, &text).await;
            let fits = |event: &&Known| conditions.iter().all(|(not, one)| one.fits(event) != *not);
            let expected: Vec<_> = known.iter().filter(fits).map(|event| (event.leaf, event.id)).collect();
            assert_eq!(places(&all_pages(&mut view, &sought).await), expected, "{text}");
            assert_eq!(places(&all_pages_back(&mut view, &sought).await), expected, "back: {text}");
            let tally = audit::tally(&mut view, &sought).await.unwrap();
            assert_eq!((tally.count, tally.whole), (i64::try_from(expected.len()).unwrap(), true), "{text}");
            let timeline = audit::timeline(&mut view, &sought, &tally).await.unwrap();
            let drawn: i64 = timeline.bars.iter().map(|bar| bar.ok + bar.not_ok).sum();
            assert!(timeline.whole && drawn == tally.count, "{text}: {timeline:?}");
            several_pages += usize::from(expected.len() > 50);
            nothing += usize::from(expected.is_empty());
        }
        assert!(several_pages > 10 && nothing < 120, "{several_pages} {nothing}");
        let rows = all_pages(&mut view, &Sought::default()).await;
        for (row, event) in rows.iter().zip(&known) {
            assert_eq!((row.recorded_at, row.actor_id, &row.action, &row.outcome), (event.at, event.actor, &event.action, &event.outcome));
        }
        let each = |of: fn(&Known) -> String| known.iter().map(of).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        let occurring = audit::known(&mut view).await.unwrap();
        assert_eq!(occurring.actions, each(|event| event.action.clone()));
        assert_eq!(occurring.kinds, each(|event| event.entity_type.clone()));
        let request = known[known.len() / 2].request;
        let together: Vec<_> = known.iter().filter(|event| event.request == request).map(|event| (event.leaf, event.id)).take(50).collect();
        assert_eq!(places(&audit::of_request(&mut view, request).await.unwrap()), together);
    }

    async fn responder_pages_both_ways_while_others_write_and_loses_nothing(db: Db) {
        let mut numbers = Numbers::new(5);
        let acme = history(&db, &mut numbers).await;
        let before = everything(&db, &acme).await;
        let renamed: Vec<_> = before.iter().filter(|event| event.action == "user.renamed").map(|event| (event.leaf, event.id)).collect();
        let permit: Permit<ByJob> = acme.job();
        let writer = async {
            for n in 0..12 {
                crowd(&db.store, &acme.job(), &acme.owner().user, 40 + n).await;
                db.settle().await;
            }
        };
        let reader = async {
            let sought = Sought::default().action("user.renamed");
            let (mut rows, mut place) = (Vec::new(), Place::Newest);
            // Each page is a reading of its own, of the log as it is by then.
            loop {
                let mut view = db.store.read(&permit).await.unwrap();
                let found = audit::search(&mut view, &sought, place).await.unwrap();
                rows.extend(found.items);
                let Some(older) = found.older else { break };
                place = older;
                tokio::task::yield_now().await;
            }
            let mut back = Vec::new();
            place = Place::After(rows.last().unwrap().leaf_index.unwrap() - 1);
            loop {
                let mut view = db.store.read(&permit).await.unwrap();
                let found = audit::search(&mut view, &sought, place).await.unwrap();
                back.splice(0..0, found.items);
                let Some(newer) = found.newer else { break };
                place = newer;
                tokio::task::yield_now().await;
            }
            (places(&rows), places(&back))
        };
        let ((), (rows, back)) = tokio::join!(writer, reader);
        for (which, found) in [("older", &rows), ("newer", &back)] {
            assert!(found.windows(2).all(|two| two[0].0 > two[1].0), "{which}: in order, and none twice");
            assert!(found.ends_with(&renamed), "{which}: whatever was there at the beginning");
        }
        let mut view = db.store.read(&permit).await.unwrap();
        let after = everything(&db, &acme).await;
        assert_eq!(all_pages(&mut view, &Sought::default()).await.len(), after.len());
    }

    async fn whoever_names_a_person_finds_them_and_all_that_is_theirs(db: Db) {
        let mut numbers = Numbers::new(12);
        let acme = history(&db, &mut numbers).await;
        let (somebody, another) = (acme.owner(), acme.user(Role::Auditor).await);
        // Once in blocks that are full, and once behind the last of them.
        taken_away(&db.store, &acme.job(), &somebody.user).await;
        crowd(&db.store, &acme.job(), &another.user, 600).await;
        taken_away(&db.store, &acme.job(), &somebody.user).await;
        db.sign().await;
        let known = everything(&db, &acme).await;
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let owner = somebody.id().uuid();
        // The log itself says whose something is, whatever became of it since.
        let whose: HashMap<_, _> = known.iter().filter_map(|event| Some(((&*event.entity_type, event.entity), event.user?))).collect();
        let is = |event: &&Known| {
            let own = matches!(&*event.entity_type, "user" | "password" | "recovery_codes" | "phone") && event.entity == owner;
            own || whose.get(&(&*event.entity_type, event.entity)) == Some(&owner)
        };
        let theirs: Vec<_> = known.iter().filter(is).collect();
        for action in ["permission.granted", "permission.revoked", "team.member_added", "team.member_removed", "passkey.created", "passkey.removed"] {
            assert!(theirs.iter().any(|event| event.action == action), "{action}");
        }
        let expected: Vec<_> = theirs.iter().map(|event| (event.leaf, event.id)).collect();
        assert_eq!(audit::named(&mut view, "OWNER@acme.example").await.unwrap(), [owner]);
        for text in ["entity:OWNER@acme.example", &format!("entity:{owner}")] {
            let sought = understood(&mut view, text).await;
            let found = all_pages(&mut view, &sought).await;
            assert!(found.iter().any(|row| row.entity_type == "session") && found.iter().any(|row| row.entity_type == "user"));
            assert_eq!(places(&found), expected, "{text}");
        }
        let sessions = understood(&mut view, "entity:owner@acme.example entity:session").await;
        assert!(all_pages(&mut view, &sessions).await.iter().all(|row| row.entity_type == "session"));
        for (text, why) in [("outcome:ok actor:nobody", "Nobody here"), ("actor:owner@acme.example entity:\"no such thing\"", "Nothing here")] {
            let query = search::parse(text).unwrap().query;
            let wrong = audit::resolve(&mut view, &query, &Zone::UTC).await.unwrap().unwrap_err();
            assert!(wrong.clause == 1 && wrong.text.starts_with(why), "{wrong:?}");
        }
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
        let sought = understood(&mut view, "entity:new_one@example.com").await;
        let found = all_pages(&mut view, &sought).await;
        assert!(!found.is_empty() && found.iter().all(|row| row.entity_id == about[0]), "{found:?}");
        let events: Vec<_> = found.iter().map(|row| row.event.uuid()).collect();
        let entities = audit::entities(&mut view, &events).await.unwrap();
        assert!(events.iter().all(|event| entities[event].kind == "invitation" && entities[event].id == about[0]));
        let theirs = audit::named(&mut db.store.read(&other.job()).await.unwrap(), "new_one").await.unwrap();
        assert_eq!(theirs.len(), 1);
        let sought = Sought::default().about(vec![("invitation".into(), theirs[0])]);
        assert!(all_pages(&mut view, &sought).await.is_empty());
    }

    async fn responder_finds_what_came_from_an_address_and_no_other_tenants(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        for tenant in [&acme, &other] {
            let mut far = tenant.owner();
            far.ip = "198.51.100.23".parse().unwrap();
            let invite = NewInvitation { email: "far@example.com".into(), role: "auditor".into(), expires_at: None };
            bailiwick_ops::invitations::create(&db.store, &far.permit::<Invite>().await, invite).await.unwrap();
            let invite = NewInvitation { email: "near@example.com".into(), role: "auditor".into(), expires_at: None };
            bailiwick_ops::invitations::create(&db.store, &tenant.owner().permit::<Invite>().await, invite).await.unwrap();
        }
        db.sign().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let sought = understood(&mut view, "source:198.51.100.23 action:user.invited").await;
        let found = all_pages(&mut view, &sought).await;
        assert_eq!(found.len(), 1);
        let tag: String = audit::source_tag(&view, "198.51.100.23".parse().unwrap()).iter().map(|octet| format!("{octet:02x}")).collect();
        let by_tag = understood(&mut view, &format!("source:{tag} action:user.invited")).await;
        assert_eq!(places(&all_pages(&mut view, &by_tag).await), places(&found));
        let theirs = db.store.read(&other.job()).await.unwrap();
        assert_ne!(audit::source_tag(&theirs, "198.51.100.23".parse().unwrap()).to_vec(), audit::source_tag(&view, "198.51.100.23".parse().unwrap()).to_vec());
    }

    async fn responder_finds_no_person_by_words(db: Db) {
        let acme = db.tenant("acme").await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Wilhelmina Secretname".into()).await;
        crowd(&db.store, &acme.job(), &acme.owner().user, 600).await;
        db.sign().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let sought = understood(&mut view, "secretname").await;
        assert!(all_pages(&mut view, &sought).await.is_empty());
        for table in ["audit_posting", "audit_tail"] {
            let mut raw = Raw::superuser(&db).await;
            let column = if table == "audit_posting" { "term" } else { "terms" };
            let terms: Vec<(Vec<u8>,)> = raw_rows!(raw, format!("SELECT {column} FROM {table}"));
            assert!(!terms.is_empty());
            for word in ["secretname", "wilhelmina"] {
                assert!(terms.iter().all(|(term,)| !String::from_utf8_lossy(term).contains(word)), "{word} in {table}");
            }
        }
    }

    async fn count_stops_at_its_cap(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        let mut raw = Raw::superuser(&db).await;
        let blocks = 25_i64;
        for block in 1..=blocks {
            raw!(
                raw,
                "INSERT INTO audit_posting (tenant, term, block, hits) VALUES ($1, $2, $3, $4)",
                acme.id().uuid(),
                b"xload.made".to_vec(),
                block,
                vec![0xff_u8; 64]
            )
            .unwrap();
        }
        raw!(raw, "UPDATE audit_tree SET size = $2 WHERE tenant = $1", acme.id().uuid(), (blocks + 1) * 512).unwrap();
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        for sought in [Sought::default(), Sought::default().action("load.made"), Sought::default().outcome("ok").changes_only()] {
            let tally = audit::tally(&mut view, &sought).await.unwrap();
            let capped = tally.count == COUNT_CAP && !tally.whole;
            assert!(capped || tally.count == 0 && tally.whole, "{tally:?}");
        }
        let made = audit::tally(&mut view, &Sought::default().action("load.made")).await.unwrap();
        assert_eq!((made.count, made.whole), (COUNT_CAP, false));
        let both = audit::tally(&mut view, &Sought::default().action("load.made").action("load.kept")).await.unwrap();
        assert_eq!((both.count, both.whole), (0, true));
    }

    async fn hourly_counts_are_those_of_the_events(db: Db) {
        let mut numbers = Numbers::new(3);
        let acme = history(&db, &mut numbers).await;
        let known = everything(&db, &acme).await;
        let mut raw = Raw::superuser(&db).await;
        for hours in [1_i64, 24] {
            let counted: Vec<(i64, String, String, String, i64)> = raw_rows!(
                raw,
                "SELECT start, entity_type, action, outcome, events FROM audit_rollup WHERE tenant = $1 AND span = $2 ORDER BY start, entity_type, action, outcome",
                acme.id().uuid(),
                hours
            );
            let mut expected = std::collections::BTreeMap::new();
            for event in &known {
                let hour = event.at.micros() / 3_600_000_000;
                let key = (hour - hour % hours, event.entity_type.clone(), event.action.clone(), event.outcome.clone());
                *expected.entry(key).or_insert(0_i64) += 1;
            }
            let expected: Vec<_> = expected.into_iter().map(|((start, kind, action, outcome), events)| (start, kind, action, outcome, events)).collect();
            assert_eq!(counted, expected, "{hours}");
        }
    }

    async fn auditor_who_searches_leaves_no_trace_in_the_log(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        db.sign().await;
        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        let before = audit::total(&mut view).await.unwrap();
        audit::search(&mut view, &Sought::default(), Place::Newest).await.unwrap();
        drop(view);
        db.settle().await;
        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        assert_eq!(audit::total(&mut view).await.unwrap(), before);
    }

    async fn writer_sees_their_own_event_among_what_was_written_just_now(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let there = if db.kind() == DatabaseKind::Postgres { 1 } else { 0 };
        for (text, count) in [("", there), ("action:user.renamed -outcome:denied renamed", there), ("action:user.invited", 0), ("before:1d", 0), ("-renamed", 0)] {
            let sought = understood(&mut view, text).await;
            assert_eq!(audit::just_now(&mut view, &sought).await.unwrap().len(), count, "{text}");
        }
    }
}
