//! People whose address is known in two organisations.

use bailiwick_domain::{ids::TenantId, role::Role, rule::SignIn, time::Span};
use bailiwick_ops::{
    Error, enrolment,
    sign_in::{self, Step},
    users::{self, NewUser},
};
use bailiwick_store::security_events;
use bailiwick_testkit::{Db, PASSWORD, Tenant, both_databases};

use crate::support::{HOME, Known, records, times, try_sign_in, verified};

const EMAIL: &str = "owner@acme.example";
const OTHER: &str = "a password for globex";

/// The owner of acme, who is somebody in another organisation as well, with this password there.
async fn also_in(globex: &Tenant, password: &str) {
    let db = &globex.db;
    let new = NewUser { email: EMAIL.into(), name: "Olive Elsewhere".into(), role: Role::Auditor };
    let other = users::create(&db.store, &globex.job(), new).await.unwrap();
    enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, password.into()).await.unwrap();
}

/// Where a sign-in has led.
fn entered(step: Result<Step, Error>) -> TenantId {
    match step.unwrap() {
        Step::Done(token) | Step::SecondFactor(token) => TenantId::from_bytes(token.tenant()),
    }
}

/// Signs in to this organisation, or to any, from an unknown browser.
async fn tries(db: &Db, organisation: Option<TenantId>, password: &str) -> Result<Step, Error> {
    let permit = db.nobody::<SignIn>(HOME).await;
    let step =
        sign_in::password_in(&db.store, &db.hasher, &permit, organisation, EMAIL, password.into()).await;
    db.clock.advance(Span::seconds(1));
    step
}

async fn events(tenant: &Tenant) -> usize {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    security_events::list(&mut view, None, 100).await.unwrap().items.len()
}

both_databases! {
    async fn person_who_signs_in_rightly_to_one_leaves_nothing_at_the_other(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        also_in(&globex, OTHER).await;
        let before = (records(&db, acme.id()).await.len(), records(&db, globex.id()).await.len());
        let raised = events(&acme).await;
        for _ in 0..20 {
            assert_eq!(entered(try_sign_in(&db, HOME, EMAIL, OTHER).await), globex.id());
        }
        assert_eq!(records(&db, acme.id()).await.len(), before.0);
        assert!(records(&db, globex.id()).await.len() > before.1);
        assert_eq!(events(&acme).await, raised);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(sign_in::waits(&mut view, acme.owner().id()).await.unwrap(), []);
        drop(view);
        assert_eq!(entered(try_sign_in(&db, HOME, EMAIL, PASSWORD).await), acme.id());
        assert_eq!(times(&db, &globex, "sign_in.refused").await, 0);
        // What is right nowhere is wrong in both.
        assert!(try_sign_in(&db, HOME, EMAIL, "quite another password").await.is_err());
        assert_eq!((times(&db, &acme, "sign_in.refused").await, times(&db, &globex, "sign_in.refused").await), (1, 1));
        verified(&db).await;
    }

    async fn person_with_one_password_in_both_enters_the_one_they_ask_for(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        also_in(&globex, PASSWORD).await;
        let mut laptop = Known::default();
        for tenant in [globex.id(), acme.id()] {
            let permit = laptop.permit::<SignIn>(&db, HOME, None).await;
            let step = sign_in::password_in(&db.store, &db.hasher, &permit, Some(tenant), EMAIL, PASSWORD.into()).await.unwrap();
            let Step::Done(token) = step else { panic!("a second factor that nobody set up") };
            assert_eq!(TenantId::from_bytes(token.tenant()), tenant);
            if tenant == globex.id() {
                laptop.keep(&token);
            }
            db.clock.advance(Span::seconds(1));
        }
        assert_eq!(entered(tries(&db, None, PASSWORD).await), acme.id(), "the one that was entered last");
        assert_eq!(entered(laptop.tries(&db, HOME, EMAIL, PASSWORD).await), globex.id(), "the one that knows the browser");
        db.clock.advance(Span::seconds(1));
        assert_eq!(entered(tries(&db, None, PASSWORD).await), globex.id(), "the one that was entered last");
        verified(&db).await;
    }

    async fn organisation_that_does_not_fit_is_answered_as_a_wrong_password(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        also_in(&globex, OTHER).await;
        let initech = db.tenant("initech").await;
        let wrong = format!("{:?}", try_sign_in(&db, HOME, "nobody@acme.example", PASSWORD).await.unwrap_err());
        let before = records(&db, globex.id()).await.len();
        for organisation in [initech.id(), db.store.new_id()] {
            let hashes = db.hasher.hashes();
            let answer = tries(&db, Some(organisation), PASSWORD).await.unwrap_err();
            assert_eq!((format!("{answer:?}"), db.hasher.hashes() - hashes), (wrong.clone(), 1));
        }
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 0, "it was nobody's account");
        // A right password for the other one is a wrong one here, and says nothing there.
        let answer = tries(&db, Some(acme.id()), OTHER).await.unwrap_err();
        assert_eq!(format!("{answer:?}"), wrong);
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 1);
        assert_eq!(records(&db, globex.id()).await.len(), before);
        assert_eq!(entered(tries(&db, Some(acme.id()), PASSWORD).await), acme.id());
        verified(&db).await;
    }
}
