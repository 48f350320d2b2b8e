//! What is taken from somebody after the gate has let them in is not used up by what was on its way.

use std::time::Duration;

use bailiwick_domain::{
    entity::{User, UserStatus},
    ids::{ApiKeyId, UserId},
    role::Role,
    rule::{AssignRole, ChangeMe, CreateApiKey, DisableUser, GrantPermission, RevokeApiKey, RevokeSession},
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    bulk::{self, Chosen},
    profile::{self, Profile},
    sessions,
    users::{self, NewGrant},
};
use bailiwick_store::{Credential, Permit};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::support::{HOME, request, verified};

async fn person(db: &Db, acme: &Tenant, id: UserId) -> User {
    let mut view = db.store.read(&acme.job()).await.unwrap();
    bailiwick_store::users::find(&mut view, id).await.unwrap()
}

/// Uses a permit that is worth nothing any more.
async fn is_refused(db: &Db, acme: &Tenant, permit: &Permit<DisableUser>, what: &str) {
    let target = acme.add(Role::Auditor).await.id;
    let outcome = users::disable(&db.store, permit, target).await;
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("nothing was done")),
        "{what}: {outcome:?}"
    );
    assert_eq!(person(db, acme, target).await.status, UserStatus::Active, "{what}");
}

async fn admitted(acme: &Tenant) -> (Actor, Permit<DisableUser>) {
    let actor = acme.user(Role::TenantOwner).await;
    let permit = actor.permit().await;
    (actor, permit)
}

/// A denial, which takes nothing that these tests use.
fn denial() -> NewGrant {
    NewGrant {
        permission: "audit:read".into(),
        effect: "deny".into(),
        reason: "It is not theirs to read.".into(),
        expires_at: None,
    }
}

fn key(db: &Db) -> NewApiKey {
    let catalogue = db.store.catalogue();
    let scopes = catalogue.names(catalogue.tenant_permissions()).into_iter().map(str::to_owned).collect();
    NewApiKey { name: "Sync".into(), scopes, expires_at: None, tag: None, ..NewApiKey::default() }
}

/// A key of `maker` that the gate has let in, and its record's id.
async fn admitted_key(db: &Db, maker: &Actor) -> (ApiKeyId, Permit<DisableUser>) {
    let permit = maker.permit::<CreateApiKey>().await;
    let (made, secret) = api_keys::create(&db.store, &permit, key(db)).await.unwrap();
    let credential = Credential::Key(Secret::parse(secret.expose()).unwrap().hash());
    (made.id, db.store.gate().admit(credential, request(db, HOME)).await.unwrap())
}

both_databases! {
    async fn whoever_loses_session_account_or_rights_after_the_gate_changes_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let (store, owner) = (&db.store, acme.owner());
        let (disabled, permit) = admitted(&acme).await;
        users::disable(store, &owner.permit::<DisableUser>().await, disabled.id()).await.unwrap();
        is_refused(&db, &acme, &permit, "disabled").await;
        let (ended, permit) = admitted(&acme).await;
        sessions::end_all(store, &owner.permit::<RevokeSession>().await, ended.id()).await.unwrap();
        is_refused(&db, &acme, &permit, "session ended").await;
        let (demoted, permit) = admitted(&acme).await;
        users::assign_role(store, &owner.permit::<AssignRole>().await, demoted.id(), "auditor").await.unwrap();
        is_refused(&db, &acme, &permit, "another role").await;
        let (denied, permit) = admitted(&acme).await;
        users::grant(store, &owner.permit::<GrantPermission>().await, denied.id(), denial()).await.unwrap();
        is_refused(&db, &acme, &permit, "a denial of something else").await;
        // Asked anew, the gate says what is so now.
        let target = acme.add(Role::SupportCoordinator).await.id;
        users::disable(store, &denied.permit::<DisableUser>().await, target).await.unwrap();
        verified(&db).await;
    }

    async fn key_that_is_revoked_or_loses_its_maker_after_the_gate_changes_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let (store, owner) = (&db.store, acme.owner());
        let (id, permit) = admitted_key(&db, &owner).await;
        let target = acme.add(Role::Auditor).await.id;
        users::disable(store, &permit, target).await.unwrap();
        api_keys::revoke(store, &owner.permit::<RevokeApiKey>().await, id).await.unwrap();
        is_refused(&db, &acme, &permit, "revoked").await;
        let maker = acme.user(Role::TenantOwner).await;
        let (_, permit) = admitted_key(&db, &maker).await;
        users::disable(store, &owner.permit::<DisableUser>().await, maker.id()).await.unwrap();
        is_refused(&db, &acme, &permit, "its maker disabled").await;
    }

    async fn changed_rights_do_not_stop_what_somebody_does_to_what_is_theirs(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let permit = user.permit::<ChangeMe>().await;
        users::grant(&db.store, &acme.owner().permit::<GrantPermission>().await, user.id(), denial()).await.unwrap();
        let new = Profile { name: "Una Renamed".into(), time_zone: String::new() };
        profile::change_mine(&db.store, &permit, new).await.unwrap();
        assert_eq!(person(&db, &acme, user.id()).await.name, "Una Renamed");
    }

    async fn bulk_action_stops_where_its_sender_is_disabled(db: Db) {
        let acme = db.tenant("acme").await;
        let (sender, permit) = admitted(&acme).await;
        let mut people = Vec::new();
        for _ in 0..60 {
            people.push(acme.add(Role::Auditor).await.id);
        }
        let (first, chosen) = (people[0], Chosen::of(people.clone()).unwrap());
        let stops = acme.owner().permit::<DisableUser>().await;
        let store = db.store.clone();
        let going = tokio::spawn(async move { bulk::disable(&store, &permit, chosen).await });
        // Once the first one is done there are 59 changes to come, and this one among them.
        while person(&db, &acme, first).await.status == UserStatus::Active {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        users::disable(&db.store, &stops, sender.id()).await.unwrap();
        let answered = going.await.unwrap().unwrap();
        let done = answered.iter().take_while(|one| one.outcome.is_ok()).count();
        assert!((1..60).contains(&done), "{done} of 60");
        for (n, one) in answered.iter().enumerate() {
            let status = person(&db, &acme, one.user).await.status;
            assert_eq!(status == UserStatus::Disabled, n < done, "{n}: nothing is done after the first refusal");
            assert_eq!(one.outcome.is_ok(), n < done);
        }
        verified(&db).await;
    }
}
