//! A request under a key of its sender has one effect at most, whatever stops when.

use bailiwick_domain::{
    rule::{SignIn, UpdateTeam},
    time::Span,
};
use bailiwick_ops::teams::{self, NewTeam};
use bailiwick_store::{
    Permit, Store,
    kept_answers::{self, Asked, Begun, Claim},
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{raw_rows, support::raw::Raw};

const LEASE: Span = Span::seconds(60);

fn asked(request: u8) -> Asked {
    Asked { key: [7; 32], request: [request; 32], lease: LEASE }
}

async fn begin(store: &Store, acme: &Tenant) -> (Permit<UpdateTeam>, Begun) {
    let mut permit = acme.owner().permit::<UpdateTeam>().await;
    let begun = kept_answers::begin(store, &mut permit, &asked(1)).await.unwrap();
    (permit, begun)
}

fn claim(begun: Begun) -> Claim {
    match begun {
        Begun::Fresh(claim) => claim,
        other => panic!("{other:?}"),
    }
}

async fn team(db: &Db, permit: &Permit<UpdateTeam>, name: &str) -> bailiwick_ops::Result<()> {
    teams::create(&db.store, permit, NewTeam { name: name.into(), ..NewTeam::default() }).await.map(drop)
}

async fn teams(db: &Db) -> i64 {
    let mut raw = Raw::tampering(db).await;
    let rows: Vec<(i64,)> = raw_rows!(raw, "SELECT count(*) FROM team");
    rows[0].0
}

both_databases! {
    async fn what_was_cut_off_before_its_effect_is_done_by_the_next(db: Db) {
        let acme = db.tenant("acme").await;
        let (cut_off, begun) = begin(&db.store, &acme).await;
        let first = claim(begun);
        assert!(matches!(begin(&db.store, &acme).await.1, Begun::Running));
        db.clock.advance(LEASE);
        let (permit, begun) = begin(&db.store, &acme).await;
        let second = claim(begun);
        let late = team(&db, &cut_off, "Night shift").await.unwrap_err();
        assert!(late.to_string().contains("taken this one over"), "{late}");
        assert_eq!(teams(&db).await, 0, "whoever was overtaken has no effect any more");
        team(&db, &permit, "Night shift").await.unwrap();
        kept_answers::keep(&db.store, first, Some(b"late")).await.unwrap();
        kept_answers::keep(&db.store, second, Some(b"done")).await.unwrap();
        let (_, begun) = begin(&db.store, &acme).await;
        assert!(matches!(begun, Begun::Answered(Some(octets)) if octets == b"done"));
        assert_eq!(teams(&db).await, 1);
    }

    async fn what_was_cut_off_after_its_effect_is_lost_and_not_done_again(db: Db) {
        let acme = db.tenant("acme").await;
        let (permit, begun) = begin(&db.store, &acme).await;
        let claimed = claim(begun);
        team(&db, &permit, "Night shift").await.unwrap();
        assert!(matches!(begin(&db.store, &acme).await.1, Begun::Running));
        db.clock.advance(LEASE);
        assert!(matches!(begin(&db.store, &acme).await.1, Begun::Lost));
        assert!(!kept_answers::release(&db.store, claimed).await.unwrap(), "it had an effect");
        assert!(matches!(begin(&db.store, &acme).await.1, Begun::Lost));
        let mut permit = acme.owner().permit::<UpdateTeam>().await;
        db.clock.advance(kept_answers::KEPT);
        claim(kept_answers::begin(&db.store, &mut permit, &asked(1)).await.unwrap());
        assert_eq!(teams(&db).await, 1);
    }

    async fn a_change_that_fails_has_no_effect(db: Db) {
        let acme = db.tenant("acme").await;
        team(&db, &acme.owner().permit().await, "Night shift").await.unwrap();
        let (permit, begun) = begin(&db.store, &acme).await;
        assert!(team(&db, &permit, "Night shift").await.is_err(), "there is one already");
        assert!(kept_answers::release(&db.store, claim(begun)).await.unwrap());
        claim(begin(&db.store, &acme).await.1);
    }

    async fn an_answer_lies_sealed_and_nothing_is_guessed_from_its_request(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, begun) = begin(&db.store, &acme).await;
        kept_answers::keep(&db.store, claim(begun), Some(b"a planted answer")).await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = raw_rows!(raw, "SELECT key_digest, asked, sealed FROM kept_answer");
        let (key, request, sealed) = &rows[0];
        assert!(*key != [7; 32] && *request != [1; 32], "a plain digest could be guessed");
        assert!(!sealed.windows(7).any(|octets| octets == b"planted"));
        let (_, begun) = begin(&db.store, &acme).await;
        assert!(matches!(begun, Begun::Answered(Some(octets)) if octets == b"a planted answer"));
        let mut permit = acme.owner().permit::<UpdateTeam>().await;
        assert!(matches!(kept_answers::begin(&db.store, &mut permit, &asked(2)).await.unwrap(), Begun::Different));
    }

    async fn of_another_tenant_nothing_is_known(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        claim(begin(&db.store, &acme).await.1);
        claim(begin(&db.store, &other).await.1);
        let mut stranger = db.nobody::<SignIn>("192.0.2.9").await;
        let begun = kept_answers::begin(&db.store, &mut stranger, &asked(1)).await.unwrap();
        assert!(matches!(begun, Begun::Unknown));
    }
}
