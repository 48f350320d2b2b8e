//! A change and its record stand and fall together.

use bailiwick_domain::{
    entity::User,
    role::Role,
    rule::{ByJob, DisableUser, Invite, ReadAudit, ReadUsers},
    time::Span,
};
use bailiwick_ops::invitations::NewInvitation;
use bailiwick_store::{Error, Event, Permit, Recorded, Refusal, Result, Tx, audit, users};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::{Value, json};

/// Renames a user and records it.
async fn rename(tx: &mut Tx, user: &User, name: &str) -> Result<Recorded<User>> {
    let before = users::lock(tx, user.id).await?;
    let after = User { name: name.to_owned(), ..before.clone() };
    let written = users::replace(tx, before, after.clone()).await?;
    let event = Event::new("user.renamed", &written)?;
    Ok(tx.record(event, after))
}

async fn name_of(db: &Db, tenant: &Tenant, user: &User) -> String {
    let permit: Permit<ByJob> = tenant.job();
    let mut view = db.store.read(&permit).await.unwrap();
    users::find(&mut view, user.id).await.unwrap().name
}

/// The newest event of the tenant, whether it has its place or not.
/// The newest record but for those of letters that tell of it.
async fn newest(db: &Db, tenant: &Tenant) -> (audit::Listed, Value) {
    db.settle().await;
    let permit: Permit<ByJob> = tenant.job();
    let mut view = db.store.read(&permit).await.unwrap();
    let all = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap().items;
    let listed = all.into_iter().find(|listed| !listed.action.starts_with("mail.")).unwrap();
    let page = audit::event_page(&mut view, listed.event).await.unwrap();
    (listed, serde_json::from_str(&page.bytes).unwrap())
}

async fn events(db: &Db, tenant: &Tenant) -> i64 {
    db.settle().await;
    let permit: Permit<ByJob> = tenant.job();
    let mut view = db.store.read(&permit).await.unwrap();
    audit::total(&mut view).await.unwrap()
}

both_databases! {
    async fn owner_sees_who_changed_what_from_where_to_where(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.add(Role::OperationsManager).await;
        let owner = acme.owner();
        let permit = owner.permit::<DisableUser>().await;
        db.clock.advance(Span::seconds(7));
        bailiwick_ops::users::disable(&db.store, &permit, manager.id).await.unwrap();
        let (listed, event) = newest(&db, &acme).await;
        assert_eq!((listed.action.as_str(), listed.outcome.as_str(), listed.revision), ("user.disabled", "ok", 2));
        assert_eq!(event["actor"], json!({"auth": "password", "credential": event["actor"]["credential"], "id": owner.id(), "kind": "user"}));
        assert_eq!(event["changes"], json!([{"after": "disabled", "before": "active", "op": "replace", "path": "/status"}]));
        assert_eq!(event["entity"], json!({"id": manager.id, "revision": 2, "type": "user"}));
        assert_eq!(event["recorded_at"], "2026-01-02T03:04:12.000000Z");
        assert_eq!(event["request"], json!(permit.request().id));
        assert_eq!(event["tenant"], json!(acme.id()));
        assert_eq!(event["source"]["agent"], "browser");
        assert_eq!(event["prev"].as_str().unwrap().len(), 64);
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn error_undoes_the_change_and_leaves_a_record_of_the_failure(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        let permit = acme.owner().permit::<DisableUser>().await;
        let before = events(&db, &acme).await;
        let outcome: Result<User> = db
            .store
            .change(&permit, async |tx| {
                let _undone = rename(tx, &user, "Changed").await?;
                Err(Error::Conflict("on second thoughts"))
            })
            .await;
        assert!(matches!(outcome, Err(Error::Conflict(_))));
        assert_eq!(name_of(&db, &acme, &user).await, user.name);
        assert_eq!(events(&db, &acme).await, before + 1, "the failure, and nothing of what was undone");
        let (listed, event) = newest(&db, &acme).await;
        assert_eq!((listed.action.as_str(), listed.outcome.as_str()), ("request.refused", "failed"));
        assert_eq!(event["reason"], "conflict");
        assert_eq!(event["changes"][0]["after"], "DisableUser");
        assert_eq!(event["actor"]["id"], json!(acme.owner().id()));
    }

    async fn failure_that_says_nothing_of_the_request_is_not_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        let permit: Permit<ByJob> = acme.job();
        let before = events(&db, &acme).await;
        let outcome: Result<()> = db.store.change(&permit, async |_| Err(Error::Corrupt("users.role".into()))).await;
        assert!(matches!(outcome, Err(Error::Corrupt(_))));
        assert_eq!(events(&db, &acme).await, before);
    }

    async fn record_smuggled_from_another_transaction_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        let permit: Permit<ByJob> = acme.job();
        let mut smuggled = None;
        let outcome: Result<()> = db
            .store
            .change(&permit, async |tx| {
                smuggled = Some(rename(tx, &user, "First").await?);
                Err(Error::Conflict("undone"))
            })
            .await;
        assert!(outcome.is_err());
        let stolen = smuggled.unwrap();
        let outcome = db
            .store
            .change(&permit, async |tx| {
                // A write whose own record is thrown away, under the record of another transaction.
                let before = users::lock(tx, user.id).await?;
                let after = User { name: "Second".into(), ..before.clone() };
                users::replace(tx, before, after).await.map(drop)?;
                Ok::<_, Error>(stolen)
            })
            .await;
        assert!(matches!(outcome, Err(Error::Unrecorded)), "{outcome:?}");
        assert_eq!(name_of(&db, &acme, &user).await, user.name);
    }

    async fn auditor_who_tries_to_invite_is_refused_and_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let before = events(&db, &acme).await;
        assert!(matches!(auditor.try_permit::<Invite>().await, Err(Refusal::Forbidden)));
        assert_eq!(events(&db, &acme).await, before + 1);
        let (listed, event) = newest(&db, &acme).await;
        assert_eq!((listed.action.as_str(), listed.outcome.as_str()), ("request.refused", "denied"));
        assert_eq!(event["actor"]["id"], json!(auditor.id()));
        assert_eq!(event["changes"][0]["after"], "Invite");
        assert_eq!(event["reason"], "forbidden");
    }

    async fn operator_who_names_a_tenant_that_does_not_exist_is_recorded_in_their_own_log(db: Db) {
        let platform = db.platform().await;
        let operator = platform.owner();
        let before = events(&db, &platform).await;
        let permit = operator.permit::<bailiwick_domain::rule::SuspendTenant>().await;
        let outcome = bailiwick_ops::tenants::suspend(&db.store, &permit, db.store.new_id(), "no such customer", None).await;
        assert!(matches!(outcome, Err(bailiwick_ops::Error::NotFound)), "{outcome:?}");
        assert_eq!(events(&db, &platform).await, before + 1);
        let (listed, event) = newest(&db, &platform).await;
        assert_eq!(listed.outcome, "failed");
        assert_eq!(event["reason"], "not_found");
        assert_eq!(event["actor"]["id"], json!(operator.id()));
    }

    async fn view_stays_as_it_was_while_others_write(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        let mut view = db.store.read(&acme.owner().permit::<ReadUsers>().await).await.unwrap();
        let name = users::find(&mut view, user.id).await.unwrap().name;
        let permit: Permit<ByJob> = acme.job();
        db.store.change(&permit, async |tx| rename(tx, &user, "Renamed").await).await.unwrap();
        assert_eq!(users::find(&mut view, user.id).await.unwrap().name, name);
        drop(view);
        assert_eq!(name_of(&db, &acme, &user).await, "Renamed");
    }

    async fn every_revision_of_a_user_is_in_their_history_newest_first(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.owner().user;
        let permit: Permit<ByJob> = acme.job();
        // At one and the same moment, so that nothing but the revision tells them apart.
        for n in 2..=120 {
            db.store.change(&permit, async |tx| rename(tx, &user, &format!("Olive {n}")).await).await.unwrap();
        }
        db.sign().await;
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = audit::entity_history(&mut view, "user", user.id.uuid(), before).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.listed.revision);
            seen.extend(page.iter().map(|row| row.listed.revision));
        }
        assert_eq!(seen, (1..=120).rev().collect::<Vec<_>>());
    }

    async fn one_change_of_several_entities_records_each(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let before = events(&db, &acme).await;
        let permit = acme.owner().permit::<DisableUser>().await;
        bailiwick_ops::users::disable(&db.store, &permit, manager.id()).await.unwrap();
        assert_eq!(events(&db, &acme).await, before + 3, "the session that ended, the user, and the letter to them");
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn invitation_made_twice_at_once_is_made_once(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<Invite>().await;
        let invite = || NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: None };
        let (one, other) = tokio::join!(
            bailiwick_ops::invitations::create(&db.store, &permit, invite()),
            bailiwick_ops::invitations::create(&db.store, &permit, invite())
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
}
