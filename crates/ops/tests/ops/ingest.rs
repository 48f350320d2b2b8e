//! Events of the guarded product.

use std::{collections::BTreeSet, sync::Arc};

use bailiwick_domain::{
    ids::EventId,
    role::Role,
    rule::{CreateApiKey, ReadAudit, RecordEvents, RevokeApiKey},
    search,
    time::Span,
    zone::Zone,
};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    audit::ingest::{Answer, Ask, Item, Refused, record},
};
use bailiwick_store::{Credential, Error, Permit, Store, audit};
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::api_key::ApiKey;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{HOME, records, request, verified};

pub(crate) const ALL: Ask = Ask { whole: true, included: false };
const EACH: Ask = Ask { whole: false, included: false };

/// An event with a key of its own.
pub(crate) fn event(key: &str, more: Value) -> Value {
    let mut event =
        json!({"key": key, "action": "app.plan.changed", "entity": {"type": "app.plan", "id": "PL-1"}});
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

async fn permit(acme: &Tenant) -> Permit<RecordEvents> {
    acme.owner().permit().await
}

pub(crate) async fn sent(
    store: &Store,
    permit: Permit<RecordEvents>,
    body: &Value,
    ask: Ask,
) -> Result<Answer, Refused> {
    record(store, permit, Arc::from(body.to_string().into_bytes()), ask).await
}

pub(crate) async fn send(acme: &Tenant, body: &Value, ask: Ask) -> Result<Answer, Refused> {
    sent(&acme.db.store, permit(acme).await, body, ask).await
}

pub(crate) async fn stored(acme: &Tenant, body: &Value) -> EventId {
    match send(acme, body, ALL).await.unwrap().items.as_slice() {
        [Item::Stored { event, .. }] => *event,
        other => panic!("{other:?}"),
    }
}

fn told(answer: &Answer) -> Vec<(EventId, String, bool)> {
    let told = |item: &Item| match item {
        Item::Stored { event, hash, again, .. } => (*event, hash.clone(), *again),
        other => panic!("{other:?}"),
    };
    answer.items.iter().map(told).collect()
}

fn pointers(refused: Refused) -> Vec<(usize, String)> {
    let Refused::Items { faults, .. } = refused else { panic!("{refused:?}") };
    faults.into_iter().map(|fault| (fault.item, fault.fault.pointer)).collect()
}

async fn page(db: &Db, acme: &Tenant, event: EventId) -> audit::EventPage {
    db.settle().await;
    let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
    audit::event_page(&mut view, event).await.unwrap()
}

/// Product events of a tenant.
async fn count(db: &Db, acme: &Tenant) -> usize {
    records(db, acme.id()).await.iter().filter(|row| row.action.starts_with("app.")).count()
}

both_databases! {
    async fn event_of_the_product_is_searched_verified_and_followed_like_any_other(db: Db) {
        let acme = db.tenant("acme").await;
        let body = event("k1", json!({
            "actor": {"id": "u-17"}, "occurred_at": (db.store.now() - Span::hours(1)).to_string(), "outcome": "denied",
            "before": {"state": "draft", "limit": 5}, "after": {"state": "approved", "limit": 5}, "reason": "As agreed.",
            "source": {"ip": "198.51.100.77", "agent": "browser"}, "request": "0193a7c2-7b1e-7000-8000-00000000abcd",
        }));
        let first = stored(&acme, &body).await;
        // What is recorded in one millisecond stands in no particular order.
        db.clock.advance(Span::seconds(1));
        let second = stored(&acme, &event("k2", json!({"patch": [{"op": "replace", "path": "/state", "value": "paid"}], "old": {"/state": "approved"}}))).await;
        db.sign().await;
        db.verify().await.unwrap();
        let shown = page(&db, &acme, first).await;
        let octets: Value = serde_json::from_str(&shown.bytes).unwrap();
        assert_eq!(octets["entity"], json!({"id": "PL-1", "revision": 1, "type": "app.plan"}));
        assert_eq!((&octets["actor"]["kind"], &octets["actor"]["id"], &octets["actor"]["auth"]), (&json!("product"), &json!("u-17"), &json!("password")));
        assert_eq!(octets["changes"], json!([{"path": "/state", "op": "replace", "before": "draft", "after": "approved"}]));
        assert_eq!((&octets["outcome"], &octets["reason"], &octets["request"]), (&body["outcome"], &body["reason"], &body["request"]));
        assert_ne!(octets["occurred_at"], octets["recorded_at"]);
        assert!(!shown.bytes.contains("198.51.100.77"), "an address is personal");
        assert!(shown.personal.values().any(|value| value == "198.51.100.77"));
        let id = audit::id_of("app.plan", "PL-1").unwrap();
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        let history = audit::entity_history(&mut view, "app.plan", id, None).await.unwrap();
        assert_eq!(history.iter().map(|one| (one.listed.revision, one.listed.event)).collect::<Vec<_>>(), [(2, second), (1, first)]);
        // By whom, to what, in which request and from where, in the product's own words; on PostgreSQL the sequencer read them again.
        let (by_link, by_request) = (format!("entity:app.plan/{id}"), format!("request:{}", body["request"].as_str().unwrap()));
        for (line, expected) in [
            ("actor:product:u-17", vec![first]),
            ("entity:app.plan/PL-1", vec![second, first]),
            (by_link.as_str(), vec![second, first]),
            ("source:198.51.100.77", vec![first]),
            (by_request.as_str(), vec![first]),
            ("actor:product:u-18", vec![]),
            ("entity:app.plan/PL-2", vec![]),
        ] {
            let query = search::parse(line).unwrap().query;
            let sought = audit::resolve(&mut view, &query, &Zone::UTC).await.unwrap().unwrap();
            let found = audit::search(&mut view, &sought, audit::Place::Newest).await.unwrap().items;
            assert_eq!(found.iter().map(|one| one.event).collect::<Vec<_>>(), expected, "{line}");
        }
        let by_actor = audit::Sought::default().by(audit::id_of("product", "u-17").unwrap());
        let found = audit::search(&mut view, &by_actor, audit::Place::Newest).await.unwrap().items;
        assert_eq!(found.iter().map(|one| (one.event, one.actor_kind.as_str(), one.outcome.as_str())).collect::<Vec<_>>(), [(first, "product", "denied")]);
    }

    async fn what_is_sent_again_is_stored_once_and_answered_alike(db: Db) {
        let acme = db.tenant("acme").await;
        let body = json!([event("a", json!({"after": {"n": 1}})), event("b", json!({})), event("a", json!({"after": {"n": 1}}))]);
        let first = told(&send(&acme, &body, ALL).await.unwrap());
        assert_eq!((first[0].0, &first[0].1), (first[2].0, &first[2].1), "the same key twice in one body");
        assert_eq!(first.iter().map(|one| one.2).collect::<Vec<_>>(), [false, false, true]);
        let again = told(&send(&acme, &body, ALL).await.unwrap());
        assert!(again.iter().zip(&first).all(|(left, right)| left.0 == right.0 && left.1 == right.1 && left.2));
        assert_eq!(count(&db, &acme).await, 2);
        let mut hashes = Vec::new();
        for (id, hash, _) in &first {
            assert_eq!(page(&db, &acme, *id).await.hash.to_string(), *hash);
            hashes.push(hash.clone());
        }
        let other = db.tenant("other").await;
        let theirs = told(&send(&other, &body, ALL).await.unwrap());
        assert!(theirs.iter().all(|one| !hashes.contains(&one.1)), "a key is its tenant's");
        verified(&db).await;
    }

    async fn another_event_under_a_key_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        stored(&acme, &event("a", json!({"after": {"n": 1}}))).await;
        let changed = json!([event("b", json!({})), event("a", json!({"after": {"n": 2}}))]);
        let refused = send(&acme, &changed, ALL).await.unwrap_err();
        assert!(matches!(&refused, Refused::Taken { places, .. } if places == &[1]), "{refused:?}");
        assert_eq!(count(&db, &acme).await, 1, "the other one is stored neither");
        let each = send(&acme, &changed, EACH).await.unwrap();
        assert!(matches!(each.items.as_slice(), [Item::Stored { .. }, Item::Taken]), "{each:?}");
        let single = send(&acme, &event("a", json!({})), EACH).await.unwrap_err();
        assert!(matches!(single, Refused::Taken { .. }), "{single:?}");
        let twice = json!([event("c", json!({"reason": "One."})), event("c", json!({"reason": "Two."}))]);
        assert!(matches!(send(&acme, &twice, ALL).await, Err(Refused::Taken { .. })));
        assert_eq!(count(&db, &acme).await, 2);
    }

    async fn one_wrong_event_of_many_keeps_all_or_only_itself_out(db: Db) {
        let acme = db.tenant("acme").await;
        let body = json!([event("a", json!({})), event("b", json!({"action": "plan.changed"})), event("c", json!({"after": {"x": 0.5}}))]);
        assert_eq!(pointers(send(&acme, &body, ALL).await.unwrap_err()), [(1, "/action".to_owned()), (2, "/after/x".to_owned())]);
        assert_eq!(count(&db, &acme).await, 0);
        let each = send(&acme, &body, EACH).await.unwrap();
        assert!(matches!(each.items.as_slice(), [Item::Stored { .. }, Item::Invalid(_), Item::Invalid(_)]), "{each:?}");
        assert_eq!(count(&db, &acme).await, 1);
        for (body, number) in [(json!([]), true), (json!(vec![event("x", json!({})); 1_001]), true), (json!("text"), false)] {
            let refused = send(&acme, &body, ALL).await.unwrap_err();
            assert_eq!(matches!(refused, Refused::Number), number, "{refused:?}");
        }
        let cut = record(&db.store, permit(&acme).await, Arc::from(&b"[{\"key\":"[..]), ALL).await;
        assert!(matches!(cut, Err(Refused::Syntax { offset: 8, .. })), "{cut:?}");
    }

    async fn sixteen_clients_with_the_same_keys_store_each_once(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.another_if_several().await;
        let mut clients = JoinSet::new();
        for client in 0..16 {
            let store = if client % 2 == 0 { db.store.clone() } else { other.clone() };
            let acme = acme.clone();
            // Every client begins elsewhere, so that no two send the same keys in the same order.
            let events: Vec<_> = (0..60)
                .map(|n| (n * 7 + client) % 60)
                .map(|n| event(&format!("k{n}"), json!({"entity": {"type": "app.plan", "id": format!("PL-{}", n % 9)}, "after": {"n": n}})))
                .collect();
            clients.spawn(async move {
                let body = json!(events);
                let mut tries = 0;
                let answer = loop {
                    let permit = acme.owner().try_permit_from::<RecordEvents>(&store).await.unwrap();
                    match sent(&store, permit, &body, ALL).await {
                        // Whoever meets another process too often is told to come again, and does.
                        Err(Refused::Store(Error::Busy)) if tries < 50 => tries += 1,
                        answer => break answer.unwrap(),
                    }
                };
                told(&answer).into_iter().zip(events).map(|(one, event)| (event["key"].to_string(), one.0, one.1)).collect::<Vec<_>>()
            });
        }
        let told: BTreeSet<_> = clients.join_all().await.into_iter().flatten().map(|(key, id, hash)| (key, id.to_string(), hash)).collect();
        assert_eq!(told.len(), 60, "every client is told the same of each key");
        assert_eq!(count(&db, &acme).await, 60);
        verified(&db).await;
    }

    async fn single_events_of_many_clients_are_stored_together(db: Db) {
        let acme = db.tenant("acme").await;
        let mut clients = JoinSet::new();
        for n in 0..64 {
            let acme = acme.clone();
            clients.spawn(async move { stored(&acme, &event(&format!("k{n}"), json!({}))).await.to_string() });
        }
        let ids: BTreeSet<_> = clients.join_all().await.into_iter().collect();
        assert_eq!(ids.len(), 64);
        db.settle().await;
        let id = audit::id_of("app.plan", "PL-1").unwrap();
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        let newest = audit::entity_history(&mut view, "app.plan", id, None).await.unwrap();
        assert_eq!(newest[0].listed.revision, 64, "one history without a gap");
        verified(&db).await;
    }

    async fn program_is_answered_with_the_place_and_its_proof(db: Db) {
        let acme = db.tenant("acme").await;
        let sequencer = tokio::spawn({
            let db = db.clone();
            async move {
                loop {
                    db.settle().await;
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
        });
        let body = json!([event("a", json!({})), event("b", json!({}))]);
        let answer = send(&acme, &body, Ask { whole: true, included: true }).await.unwrap();
        sequencer.abort();
        assert!(answer.is_included());
        for item in &answer.items {
            let Item::Stored { hash, proof: Some(proof), .. } = item else { panic!("{item:?}") };
            leads_to_its_root(hash, proof);
        }
        let many = json!((0..101).map(|n| event(&format!("m{n}"), json!({}))).collect::<Vec<_>>());
        assert!(matches!(send(&acme, &many, Ask { whole: true, included: true }).await, Err(Refused::TooManyIncluded)));
    }

    async fn program_with_the_scope_records_until_its_key_is_revoked(db: Db) {
        let acme = db.tenant("acme").await;
        let new = NewApiKey { name: "Product".into(), scopes: vec!["audit:write".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let developer = acme.user(Role::Developer).await;
        let (key, secret) = api_keys::create(&db.store, &developer.permit::<CreateApiKey>().await, new).await.unwrap();
        let hash = ApiKey::parse(secret.expose()).unwrap().hash();
        let admitted = async || db.store.gate().admit::<RecordEvents>(Credential::Key(hash), request(&db, HOME)).await;
        let answer = sent(&db.store, admitted().await.unwrap(), &event("a", json!({"actor": {"id": "u-1"}})), ALL).await.unwrap();
        let octets: Value = serde_json::from_str(&page(&db, &acme, told(&answer)[0].0).await.bytes).unwrap();
        assert_eq!(octets["actor"], json!({"auth": "api_key", "credential": key.id.to_string(), "id": "u-1", "kind": "product"}));
        let early = admitted().await.unwrap();
        api_keys::revoke(&db.store, &acme.owner().permit::<RevokeApiKey>().await, key.id).await.unwrap();
        let late = sent(&db.store, early, &event("b", json!({})), ALL).await;
        assert!(matches!(late, Err(Refused::Store(Error::Conflict(_)))), "{late:?}");
        assert!(admitted().await.is_err());
        assert_eq!(count(&db, &acme).await, 1);
    }

    async fn auditor_records_nothing_and_the_log_says_that_they_tried(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        assert!(auditor.try_permit::<RecordEvents>().await.is_err());
        assert!(records(&db, acme.id()).await.iter().any(|row| row.action == "request.refused"));
    }
}

/// The proof leads from the hash to its root by code that has nothing to do with whoever made it.
fn leads_to_its_root(hash: &str, proof: &audit::Proof) {
    let leaf = hash.parse().unwrap();
    let (index, size) = (proof.leaf_index.unsigned_abs(), proof.size.unsigned_abs());
    bailiwick_proof::tree::verify_inclusion(&leaf, index, size, &proof.path, &proof.root).unwrap();
}
