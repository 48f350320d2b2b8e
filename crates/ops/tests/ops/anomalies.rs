//! What is unusual in the log is noted once, with the query that shows it.

use std::sync::Arc;

use bailiwick_domain::{
    entity::AnomalyKind,
    habit::{Countries, Thresholds},
    rule::{CreateApiKey, CreateRole, Invite, RecordEvents},
    time::Span,
};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    audit::anomalies::Watch,
    invitations::{self, NewInvitation},
    roles::{self, NewRole},
};
use bailiwick_store::{Credential, audit};
use bailiwick_testkit::{Db, Tenant, both_databases};

use serde_json::json;

use crate::{
    ingest::{ALL, event, sent},
    raised::raised,
    support::verified,
};

const QUIET: Thresholds = Thresholds {
    quiet: Span::minutes(5),
    window: Span::minutes(5),
    burst_records: 1_000,
    burst_factor: 5,
    learnt_after: 1_000_000,
    working: None,
};

async fn look(db: &Db, countries: Option<&str>) -> usize {
    db.settle().await;
    let countries = countries.map(|list| Arc::new(Countries::parse(list).unwrap()));
    Watch::new(db.store.clone(), db.jobs(), QUIET, countries).round().await.unwrap()
}

async fn invite(acme: &Tenant, email: &str) {
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
    invitations::create(&acme.db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
}

async fn make_role(acme: &Tenant) {
    let new = NewRole {
        label: "Night auditor".into(),
        permissions: vec!["user:read".into()],
        ..NewRole::default()
    };
    roles::create(&acme.db.store, &acme.owner().permit::<CreateRole>().await, new).await.unwrap();
}

both_databases! {
    async fn responder_is_told_of_a_new_action_and_led_to_the_records(db: Db) {
        let acme = db.tenant("acme").await;
        assert_eq!(look(&db, None).await, 0, "a log is looked at from its present end");
        invite(&acme, "one@acme.example").await;
        make_role(&db.tenant("globex").await).await;
        assert_eq!(look(&db, None).await, 0, "the first minutes of somebody are quiet");
        db.clock.advance(Span::minutes(6));
        invite(&acme, "two@acme.example").await;
        assert_eq!(look(&db, None).await, 0, "they did so before");
        make_role(&acme).await;
        assert!(look(&db, None).await >= 1);
        let told = raised(&acme, "audit_anomaly.noted").await;
        assert!(told >= 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let notes = audit::anomalies(&mut view, None).await.unwrap().items;
        drop(view);
        let note = notes.iter().find(|note| note.what == "role.created").unwrap();
        assert_eq!((note.kind, note.user), (AnomalyKind::Action, acme.owner().id()));
        let who = acme.owner().id();
        assert!(note.query.starts_with(&format!("/audit?actor={who}&action=role.created&from=")), "{}", note.query);
        assert_eq!(look(&db, None).await, 0, "each record is looked at once");
        assert_eq!(raised(&acme, "audit_anomaly.noted").await, told);
        verified(&db).await;
    }

    async fn an_actor_of_the_product_and_the_key_that_sends_have_habits_too(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let new = NewApiKey { name: "Product".into(), scopes: vec!["audit:write".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let (key, secret) = api_keys::create(&db.store, &owner.permit::<CreateApiKey>().await, new).await.unwrap();
        let send = async |id: &str, action: &str, actor: &str| {
            let permit = db.store.gate().admit::<RecordEvents>(Credential::Key(secret.hash()), owner.request()).await.unwrap();
            sent(&db.store, permit, &event(id, json!({"action": action, "actor": {"id": actor}})), ALL).await.unwrap();
        };
        look(&db, None).await;
        send("a", "app.plan.seen", "u-17").await;
        look(&db, None).await;
        db.clock.advance(Span::minutes(6));
        send("b", "app.plan.seen", "u-17").await;
        send("c", "app.plan.seen", "u-18").await;
        assert_eq!(look(&db, None).await, 0, "the key did so before, and u-18 was never seen");
        send("d", "app.plan.exported", "u-17").await;
        assert_eq!(look(&db, None).await, 2);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let notes = audit::anomalies(&mut view, None).await.unwrap().items;
        let actor = audit::id_of("product", "u-17").unwrap();
        for (who, called) in [(actor, Some("u-17")), (key.id.uuid(), None)] {
            let note = notes.iter().find(|note| note.actor == who).unwrap();
            assert_eq!((note.kind, note.what.as_str(), note.user), (AnomalyKind::Action, "app.plan.exported", owner.id()));
            assert!(note.query.starts_with(&format!("/audit?actor={who}&action=app.plan.exported&from=")), "{}", note.query);
            let names = audit::called_by_product(&mut view, &notes).await.unwrap();
            assert_eq!(names.get(&who).map(String::as_str), called);
        }
        drop(view);
        verified(&db).await;
    }

    async fn a_country_is_told_apart_where_there_is_a_list(db: Db) {
        let acme = db.tenant("acme").await;
        // Wherever the owner of these tests sits, it is the same country the whole time.
        let list = "0.0.0.0/0,AU\n";
        look(&db, Some(list)).await;
        invite(&acme, "one@acme.example").await;
        look(&db, Some(list)).await;
        db.clock.advance(Span::minutes(6));
        invite(&acme, "two@acme.example").await;
        assert_eq!(look(&db, Some(list)).await, 0);
        invite(&acme, "three@acme.example").await;
        assert_eq!(look(&db, Some("0.0.0.0/0,FR\n")).await, 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let notes = audit::anomalies(&mut view, None).await.unwrap().items;
        assert_eq!(notes.iter().map(|note| (note.kind, note.what.as_str())).collect::<Vec<_>>(), [(AnomalyKind::Place, "FR")]);
    }
}
