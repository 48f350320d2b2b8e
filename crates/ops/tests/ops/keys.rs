//! Encryption keys: rotated by hand and by schedule, learnt by other nodes, wrapped anew.

use bailiwick_domain::{
    role::Role,
    rule::{ChangeMyProofs, RotateKey, SetKeySchedule},
    time::Span,
};
use bailiwick_ops::{
    Error, factors,
    keys::{self as ops, Upkeep},
    step_up::Answer,
};
use bailiwick_store::{Error as StoreError, Scope, accounts, keys};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::totp::TotpSecret;

use crate::{
    raised::raised,
    support::{times, verified},
};

pub(crate) async fn rotate(actor: &Actor) -> Result<i64, Error> {
    let permit = actor.permit::<RotateKey>().await;
    let key = actor
        .confirmed(async |answer: Option<Answer>| ops::rotate(&actor.db.store, &permit, answer).await)
        .await?;
    Ok(key.version)
}

/// A secret that is sealed now.
async fn factor(actor: &Actor) -> (bailiwick_domain::ids::FactorId, TotpSecret) {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
    (factor.id, secret)
}

fn upkeep(db: &Db) -> Upkeep {
    Upkeep::new(db.store.clone(), db.jobs(), true)
}

async fn versions(acme: &Tenant) -> Vec<i64> {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    keys::versions(&mut view).await.unwrap().into_iter().map(|found| found.key.version).collect()
}

both_databases! {
    async fn owner_rotates_with_a_code_and_what_was_sealed_before_stays_readable(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.user(Role::PlanManager).await;
        let (before, secret) = factor(&member).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(keys::protects(&mut view).await.unwrap()[&1]["subject_key"] > 0);
        drop(view);
        assert_eq!(rotate(&acme.owner()).await.unwrap(), 2);
        assert_eq!(versions(&acme).await, [2, 1]);
        assert_eq!(raised(&acme, "tenant_key.rotated").await, 1);

        let mut view = db.store.read(&acme.job()).await.unwrap();
        let opened = accounts::factor_secret(&mut view, before).await.unwrap();
        assert_eq!(opened.base32().as_str(), secret.base32().as_str());
        let left = keys::left(&mut view).await.unwrap();
        assert!(left.left > 0, "{left:?}");
        drop(view);

        // The job wraps anew what is left, and the secret is the same.
        let mut rounds = 0;
        while keys::left(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap().left > 0 {
            rounds += 1;
            assert!(rounds < 10);
            upkeep(&db).round().await.unwrap();
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(!keys::protects(&mut view).await.unwrap().contains_key(&1));
        let opened = accounts::factor_secret(&mut view, before).await.unwrap();
        assert_eq!(opened.base32().as_str(), secret.base32().as_str());
        drop(view);
        assert_eq!(times(&db, &acme, "tenant_key.rotated").await, 1);
        verified(&db).await;
    }

    async fn another_node_learns_of_a_version_when_it_meets_what_is_sealed_under_it(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.user(Role::PlanManager).await;
        let (before, _) = factor(&member).await;
        let (met, told) = (db.another().await, db.another().await);
        for node in [&met, &told] {
            accounts::factor_secret(&mut node.read(&acme.job()).await.unwrap(), before).await.unwrap();
        }
        rotate(&acme.owner()).await.unwrap();
        let (after, secret) = factor(&member).await;
        let first = accounts::factor_secret(&mut met.read(&acme.job()).await.unwrap(), after).await;
        assert!(matches!(first, Err(StoreError::Busy)), "{first:?}");
        let again = accounts::factor_secret(&mut met.read(&acme.job()).await.unwrap(), after).await.unwrap();
        assert_eq!(again.base32().as_str(), secret.base32().as_str());
        // The job hears of it before anybody meets it.
        Upkeep::new(told.clone(), db.jobs(), false).round().await.unwrap();
        accounts::factor_secret(&mut told.read(&acme.job()).await.unwrap(), after).await.unwrap();
    }

    async fn schedule_of_the_tenant_decides_when_its_key_is_rotated(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let (store, owner) = (&db.store, acme.owner());
        let permit = owner.permit::<SetKeySchedule>().await;
        for bad in [6, 731] {
            let refused = ops::set_schedule(store, &permit, Some(bad)).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        assert!(matches!(ops::set_schedule(store, &permit, Some(90)).await, Err(Error::Conflict(_))), "the default");
        ops::set_schedule(store, &permit, Some(30)).await.unwrap();
        db.clock.advance(Span::seconds(1));
        assert_eq!(raised(&acme, "key_schedule.changed").await, 1);
        let hand = Upkeep::new(store.clone(), db.jobs(), false);
        db.clock.advance(Span::days(29));
        upkeep(&db).round().await.unwrap();
        assert_eq!((versions(&acme).await.len(), versions(&globex).await.len()), (1, 1));
        db.clock.advance(Span::days(2));
        hand.round().await.unwrap();
        assert_eq!(versions(&acme).await.len(), 1, "this server rotates nothing by itself");
        upkeep(&db).round().await.unwrap();
        assert_eq!((versions(&acme).await.len(), versions(&globex).await.len()), (2, 1));
        upkeep(&db).round().await.unwrap();
        assert_eq!(versions(&acme).await.len(), 2, "once");
        db.clock.advance(Span::days(60));
        let mut view = store.read(&acme.job()).await.unwrap();
        assert_eq!(keys::schedule(&mut view).await.unwrap().days, Some(30));
        assert!(view.now() > keys::newest(&mut view).await.unwrap().created_at + Span::days(30));
        drop(view);
        upkeep(&db).round().await.unwrap();
        assert_eq!((versions(&acme).await.len(), versions(&globex).await.len()), (3, 2), "by default after 90 days");
        verified(&db).await;
    }
}
