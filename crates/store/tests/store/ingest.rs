//! Events of the guarded product when the database fails, and what only shows in its tables.

use std::sync::Arc;

use bailiwick_domain::rule::RecordEvents;
use bailiwick_ops::audit::ingest::{Answer, Ask, Item, Refused, record};
use bailiwick_store::{PoolOptions, Store};
use bailiwick_testkit::{Fault, Place, Proxy, Tenant, both_databases, postgres_only};
use serde_json::{Value, json};

use crate::{raw, support::raw::Raw};

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
