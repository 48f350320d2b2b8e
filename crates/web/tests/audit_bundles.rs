//! Evidence bundles for programs, and receipts with values.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::Method;
use bailiwick_domain::{role::Role, rule::GrantPermission};
use bailiwick_ops::users::{self, NewGrant};
use bailiwick_proof::{
    bundle::{Proven, Selection, read},
    checkpoint::Trust,
    receipt::Disclosed,
};
use bailiwick_store::{
    audit::{self, Place, Sought},
    security_events,
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, full_key};

fn trust(db: &Db) -> Trust {
    Trust { logs: vec![db.signer().verifier().clone()], ..Trust::default() }
}

fn proven(db: &Db, answer: &Answer) -> Proven {
    assert_eq!(answer.status, 200, "{}", answer.text());
    read(&answer.body).unwrap().verify(&trust(db)).unwrap()
}

/// Somebody who may do what an auditor may, but for this.
async fn auditor_without(tenant: &Tenant, permission: &str) -> Caller {
    let auditor = tenant.user(Role::Auditor).await;
    let new = NewGrant {
        permission: permission.into(),
        effect: "deny".into(),
        reason: "Not from here.".into(),
        expires_at: None,
    };
    let permit = tenant.owner().permit::<GrantPermission>().await;
    users::grant(&tenant.db.store, &permit, auditor.id(), new).await.unwrap();
    Caller::from(&auditor)
}

async fn ask(service: &Service, caller: &Caller, body: Value) -> Answer {
    service.send(caller, &Method::POST, "/v1/audit/bundles", Sent::Json(body)).await
}

both_databases! {
    async fn program_takes_records_along_with_what_proves_them(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        db.sign().await;
        let answer = ask(&service, &program, json!({"query": "outcome:ok"})).await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"evidence-"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let found = proven(&db, &answer);
        assert!(found.disclosed == 0 && found.hidden > 0, "{found:?}");
        let owner = acme.owner().id();
        let entity = json!({"type": "user", "id": owner});
        let history = proven(&db, &ask(&service, &program, json!({"entity": entity, "disclose": ["/email", "ip"]})).await);
        assert!(matches!(&history.manifest.of, Selection::Entity { id, .. } if *id == owner.to_string()));
        assert!(history.disclosed > 0 && history.hidden > 0, "names were not asked for: {history:?}");
        // What a program took is recorded as what the program did.
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let sought = Sought::default().action("evidence_bundle.made");
        let rows = audit::search(&mut view, &sought, Place::Newest).await.unwrap().items;
        assert_eq!(rows.iter().map(|row| row.actor_kind.as_str()).collect::<Vec<_>>(), ["api_key", "api_key"]);
    }

    async fn program_is_told_why_it_gets_no_bundle(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        db.sign().await;
        let stranger = other.owner().id();
        for (body, status) in [
            (json!({}), 422),
            (json!({"query": "", "entity": {"type": "user", "id": stranger}}), 422),
            (json!({"query": "outcome:good"}), 422),
            (json!({"query": "", "disclose": ["name"]}), 422),
            (json!({"query": "action:user.disabled"}), 409),
            (json!({"entity": {"type": "user", "id": stranger}}), 404),
            (json!({"entity": {"type": "no kind", "id": stranger}}), 404),
            (json!({"entity": {"type": "user", "id": "1"}}), 404),
        ] {
            let answer = ask(&service, &program, body.clone()).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.text());
        }
        let unknown = ask(&service, &program, json!({"query": "", "limit": 5})).await;
        assert!(unknown.status.is_client_error() && unknown.text().contains("limit"), "{}", unknown.text());
        let manager = Caller::from(&acme.user(Role::OperationsManager).await);
        assert_eq!(ask(&service, &manager, json!({"query": ""})).await.status, 403);
    }

    async fn receipt_shows_the_values_that_are_asked_for(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        db.sign().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let sought = Sought::default().action("user.created");
        let event = audit::search(&mut view, &sought, Place::Newest).await.unwrap().items[0].event;
        drop(view);
        let path = format!("/v1/audit/events/{event}/receipt");
        let plain = service.get(&program, &path).await.text();
        assert!(plain.starts_with("c2sp.org/tlog-proof@v1\n") && !plain.contains("disclosed"), "{plain}");
        let send = async |caller: &Caller, paths: &str| {
            service.send(caller, &Method::POST, &path, Sent::Json(json!({"disclose": [paths]}))).await
        };
        let read = async |paths: &str| {
            let answer = send(&program, paths).await;
            assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
            Disclosed::parse(&answer.body).unwrap()
        };
        let one = read("/email").await;
        one.verify(&trust(&db)).unwrap();
        assert_eq!((one.values.len(), one.receipt.to_string()), (1, plain));
        assert!(one.values[0].value.as_str().unwrap().contains('@'));
        let all = read("*").await;
        all.verify(&trust(&db)).unwrap();
        assert_eq!(all.values.len(), all.committed().len());
        assert_eq!(send(&program, "name").await.status, 422);
        // Reading alone takes no value along, and each that left is on record.
        assert_eq!(service.get(&program, &format!("{path}?disclose=/email")).await.status, 400);
        assert_eq!(send(&Caller::from(&acme.user(Role::Auditor).await), "/email").await.status, 200);
        assert_eq!(send(&auditor_without(&acme, "audit:export").await, "/email").await.status, 403);
        assert_eq!(service.get(&auditor_without(&acme, "audit:export").await, &path).await.status, 200);
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let made = audit::search(&mut view, &Sought::default().action("evidence_bundle.made"), Place::Newest).await.unwrap().items;
        assert_eq!(made.len(), 3, "{made:?}");
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        assert_eq!(raised.iter().filter(|event| event.kind == "evidence_bundle.made" && event.detail.ends_with("left with a receipt")).count(), 3);
    }

    async fn whoever_may_not_read_the_log_takes_none_of_it_along(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let service = Service::over(&db);
        let body = || json!({"query": "outcome:ok"});
        assert_eq!(ask(&service, &Caller::from(&acme.user(Role::Auditor).await), body()).await.status, 200);
        assert_eq!(ask(&service, &auditor_without(&acme, "audit:read").await, body()).await.status, 403);
        let blind = auditor_without(&acme, "audit:read").await;
        assert_eq!(service.get(&blind, "/audit/bundle").await.status, 403);
    }
}
