//! Events of the guarded product when the database fails, and what only shows in its tables.

use std::sync::Arc;

use bailiwick_domain::{
    ids::EventId,
    rule::{RecordEvents, SetIntake},
    time::Span,
};
use bailiwick_ops::audit::{
    ingest::{Answer, Ask, Item, Refused, record},
    intake::{self, NewRules},
};
use bailiwick_store::{
    DatabaseKind, Error, PoolOptions, Store,
    audit::ingest::{included, leaves},
    statements,
};
use bailiwick_testkit::{Fault, Place, Proxy, Tenant, both_databases, postgres_only};
use serde_json::{Value, json};

use crate::{raw, raw_rows, support::raw::Raw};

const ALL: Ask = Ask { whole: true, included: false };

fn event(key: &str) -> Value {
    json!({"key": key, "action": "app.plan.changed", "entity": {"type": "app.plan", "id": "PL-1"}, "after": {"note": key}})
}

async fn send(store: &Store, acme: &Tenant, body: &Value) -> Result<Answer, Refused> {
    let permit = acme.owner().try_permit_from::<RecordEvents>(store).await.unwrap();
    record(store, permit, Arc::from(body.to_string().into_bytes()), ALL).await
}

fn ids(answer: &Answer) -> Vec<String> {
    let id = |item: &Item| match item {
        Item::Stored { event, .. } => event.to_string(),
        other => panic!("{other:?}"),
    };
    answer.items.iter().map(id).collect()
}

/// Lets every record meet a full disk, in the database's own words.
async fn fill(raw: &mut Raw) {
    let steps: &[&str] = match raw.kind() {
        // SQLite says the same of a table whose rows have been numbered to the end.
        DatabaseKind::Sqlite => &[
            "CREATE TABLE brim (n INTEGER PRIMARY KEY AUTOINCREMENT)",
            "INSERT INTO brim (n) VALUES (9223372036854775807)",
            "CREATE TRIGGER brimful AFTER INSERT ON audit_event BEGIN INSERT INTO brim (n) VALUES (NULL); END",
        ],
        DatabaseKind::Postgres => &[
            "CREATE FUNCTION brim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",
            "CREATE TRIGGER brimful BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION brim()",
        ],
    };
    for step in steps {
        raw!(*raw, step).unwrap();
    }
}

async fn make_room(raw: &mut Raw) {
    let steps: &[&str] = match raw.kind() {
        DatabaseKind::Sqlite => &["DROP TRIGGER brimful", "DROP TABLE brim"],
        DatabaseKind::Postgres => &["DROP TRIGGER brimful ON audit_event", "DROP FUNCTION brim()"],
    };
    for step in steps {
        raw!(*raw, step).unwrap();
    }
}

postgres_only! {
    async fn what_is_sent_again_after_a_lost_commit_or_answer_is_stored_once(db: Db) {
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let acme = db.tenant("acme").await;
        let proxy = Proxy::to(database.host()).await;
        let far = db.another_with(&PoolOptions { url: database.app_url_behind(proxy.address()), ..db.options() }).await;
        for (fault, keys) in [(Fault::CommitLost, ["a", "b"]), (Fault::AnswerLost, ["c", "d"])] {
            let body = json!(keys.map(event));
            // The rules are read before, so that the commit that is lost is the one that matters.
            let permit = acme.owner().try_permit_from::<RecordEvents>(&far).await.unwrap();
            bailiwick_store::intake::remembered(&far, &permit).await.unwrap();
            proxy.arm(fault);
            let lost = record(&far, permit, Arc::from(body.to_string().into_bytes()), ALL).await;
            assert!(matches!(lost, Err(Refused::Store(_))), "{fault:?}: {lost:?}");
            let first = ids(&send(&far, &acme, &body).await.unwrap());
            assert_eq!(ids(&send(&far, &acme, &body).await.unwrap()), first, "{fault:?}");
        }
        db.sign().await;
        db.verify().await.unwrap();
        let mut raw = Raw::superuser(&db).await;
        assert_eq!(raw.number("SELECT count(*) FROM audit_leaf WHERE action = 'app.plan.changed'").await, 4);
        assert_eq!(raw.number("SELECT count(*) FROM audit_intake").await, 4);
    }
}

both_databases! {
    async fn keys_are_hashes_that_belong_to_one_record_each(db: Db) {
        let acme = db.tenant("acme").await;
        send(&db.store, &acme, &json!([event("order-of-prudence"), event("b")])).await.unwrap();
        let mut raw = Raw::superuser(&db).await;
        assert_eq!(raw.number("SELECT count(*) FROM audit_intake i JOIN audit_event e ON e.tenant = i.tenant AND e.id = i.event").await, 2);
        assert_eq!(raw.number("SELECT CAST(min(length(key)) + max(length(payload)) AS BIGINT) FROM audit_intake").await, 48);
    }

    async fn what_meets_a_full_disk_is_stored_nowhere_and_once_when_it_is_sent_again(db: Db) {
        let acme = db.tenant("acme").await;
        let body = json!([event("a"), event("b")]);
        send(&db.store, &acme, &event("before")).await.unwrap();
        db.settle().await;
        let mut raw = Raw::superuser(&db).await;
        let permits = [acme.owner().permit::<RecordEvents>().await, acme.owner().permit::<RecordEvents>().await];
        fill(&mut raw).await;
        for permit in permits {
            let full = record(&db.store, permit, Arc::from(body.to_string().into_bytes()), ALL).await;
            assert!(matches!(full, Err(Refused::Store(Error::Full))), "{full:?}");
        }
        assert_eq!(raw.number("SELECT count(*) FROM audit_intake").await, 1, "the keys were not used up");
        make_room(&mut raw).await;
        let first = ids(&send(&db.store, &acme, &body).await.unwrap());
        assert_eq!(ids(&send(&db.store, &acme, &body).await.unwrap()), first);
        db.sign().await;
        db.verify().await.unwrap();
        assert_eq!(raw.number("SELECT count(*) FROM audit_intake").await, 3);
        assert_eq!(raw.number("SELECT count(*) FROM audit_leaf WHERE action = 'app.plan.changed'").await, 3);
    }

    async fn nothing_that_is_hidden_reaches_the_index_or_any_table(db: Db) {
        // Single words in lower case: what search would keep as they are.
        const HIDDEN: [&str; 4] = ["pinofproducts", "traceofproducts", "annabel", "4111111111111111"];
        let acme = db.tenant("acme").await;
        let rules = NewRules {
            rules: "secret /**/pin\ndrop /debug\npersonal /contact".into(),
            detectors: ["email", "card", "token", "private_key"].map(str::to_owned).into(),
        };
        intake::set_rules(&db.store, &acme.owner().permit::<SetIntake>().await, rules).await.unwrap();
        let hiding = |key: &str| json!({
            "key": key, "action": "app.plan.changed", "entity": {"type": "app.plan", "id": "PL-1"}, "subject": {"type": "app.participant", "id": "PT-1"},
            "after": {
                "pin": "pinofproducts", "list": [{"pin": "pinofproducts"}], "debug": {"trace": "traceofproducts"},
                "contact": {"name": "annabel", "pin": "pinofproducts"}, "card": "4111111111111111", "kept": "findable"
            }
        });
        let between: Vec<_> = (0..600).map(|n| event(&format!("k{n}"))).collect();
        for body in [hiding("first"), json!(between), hiding("last")] {
            send(&db.store, &acme, &body).await.unwrap();
            // Records of one moment have no order among themselves.
            db.clock.advance(Span::seconds(1));
        }
        db.sign().await;
        let mut raw = Raw::superuser(&db).await;
        for (column, table) in [("term", "audit_posting"), ("terms", "audit_tail")] {
            let terms: Vec<(Vec<u8>,)> = raw_rows!(raw, format!("SELECT {column} FROM {table}"));
            let terms: Vec<_> = terms.iter().map(|(term,)| String::from_utf8_lossy(term)).collect();
            assert!(terms.iter().any(|term| term.contains("findable")), "{table}");
            for word in HIDDEN {
                assert!(terms.iter().all(|term| !term.contains(word)), "{word} in {table}");
            }
        }
        // The files of the other database are read where its rules are tested.
        if db.kind() == DatabaseKind::Postgres {
            let tables: Vec<(String,)> = raw_rows!(raw, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'");
            let mut dump = String::new();
            for (table,) in tables {
                let rows: Vec<(String,)> = raw_rows!(raw, format!("SELECT t::text FROM \"{table}\" t"));
                rows.iter().for_each(|(row,)| dump.push_str(row));
            }
            let hex = |text: &str| text.bytes().map(|octet| format!("{octet:02x}")).collect::<String>();
            let holds = |text: &str| dump.contains(text) || dump.contains(&hex(text));
            assert!(holds("findable"), "the dump itself holds what is stored");
            for word in HIDDEN {
                assert!(!holds(word), "{word}");
            }
        }
    }

    async fn places_of_many_events_are_one_question(db: Db) {
        let acme = db.tenant("acme").await;
        let body = json!((0..60).map(|n| event(&format!("k{n}"))).collect::<Vec<_>>());
        let answer = send(&db.store, &acme, &body).await.unwrap();
        let stored: Vec<EventId> = ids(&answer).iter().map(|id| id.parse().unwrap()).collect();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let waiting = if db.kind() == DatabaseKind::Postgres { 0 } else { 60 };
        assert_eq!(leaves(&mut view, &stored).await.unwrap().len(), waiting);
        drop(view);
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let before = statements();
        let some = leaves(&mut view, &stored[..1]).await.unwrap();
        let of_one = statements() - before;
        let all = leaves(&mut view, &stored).await.unwrap();
        assert_eq!(statements() - before, 2 * of_one, "not one for each");
        assert_eq!((some.len(), all.len()), (1, 60));
        assert_eq!(some[&stored[0]], all[&stored[0]]);
        let included = included(&mut view, &stored).await.unwrap();
        for (one, event) in included.iter().zip(&stored) {
            assert_eq!((one.event, one.proof.as_ref().unwrap().leaf_index), (*event, all[event]));
        }
    }

    async fn proofs_of_many_events_are_those_of_each_and_share_what_they_read(db: Db) {
        let acme = db.tenant("acme").await;
        let mut stored: Vec<EventId> = Vec::new();
        // Under one checkpoint, under the next beyond a full tile, and under none yet.
        for (round, (count, signed)) in [(60, true), (300, true), (40, false)].into_iter().enumerate() {
            let body = json!((0..count).map(|n| event(&format!("r{round}k{n}"))).collect::<Vec<_>>());
            let answer = send(&db.store, &acme, &body).await.unwrap();
            stored.extend(ids(&answer).iter().map(|id| id.parse::<EventId>().unwrap()));
            if signed { db.sign().await } else { db.settle().await }
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let before = statements();
        let all = included(&mut view, &stored).await.unwrap();
        let together = statements() - before;
        let mut apart = 0;
        let mut ends = Vec::new();
        for (one, event) in all.iter().zip(&stored) {
            let before = statements();
            let alone = included(&mut view, &[*event]).await.unwrap();
            apart += statements() - before;
            let (ours, theirs) = (one.proof.as_ref().unwrap(), alone[0].proof.as_ref().unwrap());
            assert_eq!((one.event, ours.leaf_index), (*event, theirs.leaf_index));
            assert_eq!((ours.size, ours.root, &ours.path), (theirs.size, theirs.root, &theirs.path));
            assert_eq!((&ours.checkpoint, ours.signed_at), (&theirs.checkpoint, theirs.signed_at));
            ends.push((ours.size, ours.checkpoint.is_some()));
        }
        ends.dedup();
        assert!(ends.len() == 3 && ends[0].1 && ends[1].1 && !ends[2].1, "{ends:?}");
        assert!(together * 20 < apart, "{together} statements, {apart} one by one");
    }

    async fn altered_event_of_the_product_is_named(db: Db) {
        let acme = db.tenant("acme").await;
        send(&db.store, &acme, &json!([event("a"), event("b"), event("c")])).await.unwrap();
        db.sign().await;
        db.verify().await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        // Another thing of the product's is what search would find it by.
        raw!(raw, "UPDATE audit_leaf SET entity_id = event WHERE action = 'app.plan.changed' AND revision = 2").unwrap();
        let found = db.verify().await.unwrap_err().to_string();
        assert!(found.contains("differs from the event itself"), "{found}");
    }
}
