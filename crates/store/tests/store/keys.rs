//! Keys of tenants: sealed values that somebody tampers with, nodes that are killed, and versions that are destroyed.

use bailiwick_domain::{
    entity::DestructionState,
    ids::FactorId,
    role::Role,
    rule::{CancelKeyDestruction, ChangeMyProofs, DestroyKey, LiftHold, PlaceHold, ReadKeys, RotateKey},
    time::Span,
};
use bailiwick_ops::{
    Error as Refused,
    audit::hold::{self, NewHold},
    factors,
    keys::{self as ops, Upkeep},
    step_up::Answer,
};
use bailiwick_proof::certificate::Certificate;
use bailiwick_store::{Error, accounts, keys};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::totp::TotpSecret;
use uuid::Uuid;

use crate::{
    raw, raw_rows,
    support::{self, raw::Raw},
};

async fn factor(actor: &Actor) -> (FactorId, TotpSecret) {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
    (factor.id, secret)
}

async fn opened(acme: &Tenant, id: FactorId) -> Result<TotpSecret, Error> {
    accounts::factor_secret(&mut acme.db.store.read(&acme.job()).await.unwrap(), id).await
}

async fn sealed(raw: &mut Raw, id: FactorId) -> Vec<u8> {
    let rows: Vec<(Vec<u8>,)> = raw_rows!(*raw, "SELECT sealed FROM factor WHERE id = $1", id.uuid());
    rows.into_iter().next().unwrap().0
}

async fn put(raw: &mut Raw, id: FactorId, bytes: &[u8]) {
    let touched = raw!(*raw, "UPDATE factor SET sealed = $2 WHERE id = $1", id.uuid(), bytes).unwrap();
    assert_eq!(touched, 1);
}

async fn upkeep(db: &Db) {
    Upkeep::new(db.store.clone(), db.jobs(), true).round().await.unwrap();
}

async fn rotate(owner: &Actor) {
    let permit = owner.permit::<RotateKey>().await;
    owner
        .confirmed(async |answer: Option<Answer>| ops::rotate(&owner.db.store, &permit, answer).await)
        .await
        .unwrap();
}

async fn destroy(owner: &Actor, version: i64) -> Result<bailiwick_domain::entity::KeyDestruction, Refused> {
    let permit = owner.permit::<DestroyKey>().await;
    let store = &owner.db.store;
    owner
        .confirmed(async |answer: Option<Answer>| {
            ops::request(store, &permit, version, "It is old.", answer).await
        })
        .await
}

/// The owner, who signs in again: their session has ended meanwhile.
async fn owner_again(acme: &Tenant) -> Actor {
    Actor::sign_in(&acme.db, acme.id(), acme.owner().user).await
}

async fn raised(acme: &Tenant, action: &str) -> usize {
    support::raised(&acme.db.store, acme, action).await.len()
}

both_databases! {
    async fn value_that_was_tampered_with_is_named_and_told_of_and_never_given_out(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let member = acme.user(Role::PlanManager).await;
        let (id, secret) = factor(&member).await;
        let (other, _) = factor(&acme.user(Role::PlanManager).await).await;
        let (foreign, _) = factor(&globex.owner()).await;
        let mut raw = Raw::superuser(&db).await;
        let whole = sealed(&mut raw, id).await;
        let (beside, theirs) = (sealed(&mut raw, other).await, sealed(&mut raw, foreign).await);
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let cut = whole[..whole.len() - 1].to_vec();
        let short = whole[..20].to_vec();
        for (what, bytes) in
            [("flipped", &flipped), ("cut", &cut), ("short", &short), ("swapped", &beside), ("foreign", &theirs)]
        {
            put(&mut raw, id, bytes).await;
            let refused = opened(&acme, id).await;
            let Err(Error::Sealed { place, .. }) = refused else { panic!("{what}: {refused:?}") };
            assert_eq!(place, format!("factor.sealed of {}", id.uuid().simple()), "{what}");
        }
        upkeep(&db).await;
        assert_eq!(raised(&acme, "sealed_value.refused").await, 1, "once for the cell, however often it is read");
        assert_eq!(raised(&globex, "sealed_value.refused").await, 0);
        db.clock.advance(Span::hours(2));
        assert!(opened(&acme, id).await.is_err());
        upkeep(&db).await;
        assert_eq!(raised(&acme, "sealed_value.refused").await, 2, "it is still so");
        put(&mut raw, id, &whole).await;
        assert_eq!(opened(&acme, id).await.unwrap().base32().as_str(), secret.base32().as_str());
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn organisations_key_that_was_tampered_with_is_named_and_told_of(db: Db) {
        let acme = db.tenant("acme").await;
        let (id, secret) = factor(&acme.user(Role::PlanManager).await).await;
        let mut raw = Raw::superuser(&db).await;
        let rows: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT wrapped FROM tenant_key WHERE tenant = $1", acme.id().uuid());
        let whole = rows.into_iter().next().unwrap().0;
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        // A server that does not have it in memory.
        let node = db.another().await;
        for bytes in [flipped, whole[..whole.len() - 1].to_vec()] {
            let put = "UPDATE tenant_key SET wrapped = $2 WHERE tenant = $1";
            assert_eq!(raw!(raw, put, acme.id().uuid(), bytes).unwrap(), 1);
            let away = accounts::factor_secret(&mut node.read(&acme.job()).await.unwrap(), id).await;
            assert!(matches!(away, Err(Error::KeysAway)), "{away:?}");
        }
        Upkeep::new(node.clone(), db.jobs(), false).round().await.unwrap();
        assert_eq!(raised(&acme, "sealed_value.refused").await, 1);
        assert_eq!(raw!(raw, "UPDATE tenant_key SET wrapped = $2 WHERE tenant = $1", acme.id().uuid(), whole).unwrap(), 1);
        let opened = accounts::factor_secret(&mut node.read(&acme.job()).await.unwrap(), id).await.unwrap();
        assert_eq!(opened.base32().as_str(), secret.base32().as_str());
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn value_that_does_not_open_keeps_its_key_and_holds_up_no_other(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, member) = (acme.owner(), acme.user(Role::PlanManager).await);
        let beside = acme.user(Role::PlanManager).await;
        let ((id, _), (other, _)) = (factor(&member).await, factor(&beside).await);
        rotate(&owner).await;
        let mut raw = Raw::superuser(&db).await;
        let mut flipped = sealed(&mut raw, id).await;
        *flipped.last_mut().unwrap() ^= 1;
        put(&mut raw, id, &flipped).await;
        upkeep(&db).await;
        upkeep(&db).await;
        assert_eq!(sealed(&mut raw, id).await, flipped, "what does not open stays as it was found");
        assert_eq!(sealed(&mut raw, other).await[1..5], [0, 0, 0, 2]);
        let left = destroy(&owner, 1).await;
        assert!(matches!(left, Err(Refused::Conflict(_))), "{left:?}");
    }

    async fn wrapping_anew_that_is_killed_goes_on_where_it_was(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, member) = (acme.owner(), acme.user(Role::PlanManager).await);
        let (id, secret) = factor(&member).await;
        rotate(&owner).await;
        // What was there is under the second version; what comes then stays behind at the third, when the process ends.
        keys::rewrap(&db.store, &acme.job()).await.unwrap();
        let (late, other) = factor(&acme.user(Role::Auditor).await).await;
        rotate(&owner).await;
        let next = db.another_if_several().await;
        while keys::left(&mut next.read(&acme.job()).await.unwrap()).await.unwrap().left > 0 {
            assert!(keys::rewrap(&next, &acme.job()).await.unwrap() > 0);
        }
        assert_eq!(keys::rewrap(&next, &acme.job()).await.unwrap(), 0, "nothing is left");
        let versions = keys::protects(&mut next.read(&acme.job()).await.unwrap()).await.unwrap();
        assert_eq!(versions.keys().copied().collect::<Vec<_>>(), [3]);
        assert_eq!(opened(&acme, id).await.unwrap().base32().as_str(), secret.base32().as_str());
        assert_eq!(opened(&acme, late).await.unwrap().base32().as_str(), other.base32().as_str());
    }

    async fn destroyed_version_opens_nothing_that_a_copy_still_holds_and_is_certified(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, member) = (acme.owner(), acme.user(Role::PlanManager).await);
        let (id, secret) = factor(&member).await;
        let mut raw = Raw::superuser(&db).await;
        let backup = sealed(&mut raw, id).await;
        let wrapped: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT wrapped FROM tenant_key WHERE tenant = $1", acme.id().uuid());
        assert!(matches!(destroy(&owner, 1).await, Err(Refused::Conflict(_))), "it is the one that seals");
        rotate(&owner).await;
        assert!(matches!(destroy(&owner, 1).await, Err(Refused::Conflict(_))), "something is under it");
        assert!(matches!(destroy(&owner, 7).await, Err(Refused::NotFound)));
        while keys::left(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap().left > 0 {
            upkeep(&db).await;
        }
        // Letters with codes came meanwhile, under the new version.
        db.clock.advance(Span::hours(2));
        let owner = owner_again(&acme).await;
        let asked = destroy(&owner, 1).await.unwrap();
        db.clock.advance(Span::seconds(1));
        assert!(matches!(destroy(&owner, 1).await, Err(Refused::Conflict(_))), "it waits already");
        db.clock.advance(Span::seconds(1));
        let permit = owner.permit::<CancelKeyDestruction>().await;
        ops::cancel(&db.store, &permit, asked.id).await.unwrap();
        assert!(matches!(ops::cancel(&db.store, &permit, asked.id).await, Err(Refused::Conflict(_))));
        db.clock.advance(Span::days(8));
        upkeep(&db).await;
        put(&mut raw, id, &backup).await;
        assert!(opened(&acme, id).await.is_ok(), "it was called off, so a backup opens");
        upkeep(&db).await;

        let owner = owner_again(&acme).await;
        let asked = destroy(&owner, 1).await.unwrap();
        // Later they would have to set up a second factor first.
        let reader = owner.permit::<ReadKeys>().await;
        db.clock.advance(Span::days(6));
        upkeep(&db).await;
        assert_eq!(keys::versions(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap().len(), 2, "it waits");
        db.clock.advance(Span::days(2));
        upkeep(&db).await;
        let done = keys::find_destruction(&mut db.store.read(&acme.job()).await.unwrap(), asked.id).await.unwrap();
        assert_eq!((done.destruction.state, done.destruction.destroyed), (DestructionState::Done, Some(1)));
        assert_eq!(raised(&acme, "key_destruction.requested").await, 2);
        assert_eq!(raised(&acme, "key_destruction.cancelled").await, 1);
        assert_eq!(raised(&acme, "key_destruction.done").await, 1);

        // Neither the version nor its wrapped form is anywhere in the database, and the copy opens for nobody.
        let rows: Vec<(i64, Vec<u8>)> = raw_rows!(raw, "SELECT version, wrapped FROM tenant_key WHERE tenant = $1", acme.id().uuid());
        assert!(rows.iter().all(|(version, bytes)| *version == 2 && *bytes != wrapped[0].0));
        let fresh = sealed(&mut raw, id).await;
        assert_eq!(opened(&acme, id).await.unwrap().base32().as_str(), secret.base32().as_str());
        put(&mut raw, id, &backup).await;
        for store in [db.store.clone(), db.another().await] {
            let gone = accounts::factor_secret(&mut store.read(&acme.job()).await.unwrap(), id).await;
            assert!(matches!(gone, Err(Error::KeysGone)), "{gone:?}");
        }
        put(&mut raw, id, &fresh).await;

        db.sign().await;
        let text = ops::certificate(&db.store, &reader, asked.id).await.unwrap();
        assert!(text.contains("version 1 of the organisation's encryption key"), "{text}");
        let (_, checkpoint) = Certificate::check(text.as_bytes(), db.signer().verifier()).unwrap();
        assert!(checkpoint.origin.contains(&acme.id().to_string()));
        let forged = text.replace("version 1 of", "version 2 of");
        assert!(Certificate::check(forged.as_bytes(), db.signer().verifier()).is_err());
        db.verify().await.unwrap();
    }

    async fn legal_hold_keeps_every_version(db: Db) {
        let acme = db.tenant("acme").await;
        let (store, owner) = (&db.store, acme.owner());
        rotate(&owner).await;
        while keys::left(&mut store.read(&acme.job()).await.unwrap()).await.unwrap().left > 0 {
            upkeep(&db).await;
        }
        let asked = destroy(&owner, 1).await.unwrap();
        db.clock.advance(Span::seconds(1));
        let permit = owner.permit::<PlaceHold>().await;
        let id: bailiwick_domain::ids::AuditHoldId = store.new_id();
        let new = NewHold { id: id.to_string(), scope: "tenant".into(), reason: "Matter 12".into(), ..NewHold::default() };
        owner.confirmed(async |answer| hold::place(store, &permit, &new, answer).await).await.unwrap();
        db.clock.advance(Span::days(8));
        upkeep(&db).await;
        assert_eq!(keys::versions(&mut store.read(&acme.job()).await.unwrap()).await.unwrap().len(), 2, "it is held");
        let owner = owner_again(&acme).await;
        let permit = owner.permit::<LiftHold>().await;
        owner.confirmed(async |answer| hold::lift(store, &permit, id, "It is over.", answer).await).await.unwrap();
        db.clock.advance(Span::seconds(1));
        upkeep(&db).await;
        let found = keys::find_destruction(&mut store.read(&acme.job()).await.unwrap(), asked.id).await.unwrap();
        assert_eq!(found.destruction.state, DestructionState::Done);
        let rows: Vec<(Uuid, i64)> = {
            let mut raw = Raw::superuser(&db).await;
            raw_rows!(raw, "SELECT tenant, version FROM tenant_key WHERE tenant = $1", acme.id().uuid())
        };
        assert_eq!(rows, [(acme.id().uuid(), 2)]);
    }
}
