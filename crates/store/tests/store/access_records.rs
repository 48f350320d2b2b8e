//! The records that decide what people may do are found before they have their place in the tree, and believed only as they were
//! hashed.

use bailiwick_domain::{
    past::{Person, things},
    role::Role,
    rule::{AssignRole, ByJob, ChangeMe, UpdateTeam},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    profile::{self, Profile},
    teams::{self, NewTeam},
    users,
};
use bailiwick_store::{
    Permit,
    audit::{self, Told},
};
use bailiwick_testkit::{Db, both_databases};

use crate::{raw, raw_rows, support::raw::Raw};

fn named(name: &str) -> NewTeam {
    NewTeam { name: name.to_owned(), ..NewTeam::default() }
}

/// The records about somebody up to a moment.
async fn told(db: &Db, permit: &Permit<ByJob>, user: bailiwick_domain::ids::UserId, at: Timestamp) -> Told {
    let mut view = db.store.read(permit).await.unwrap();
    audit::about_person(&mut view, user, at).await.unwrap()
}

both_databases! {
    async fn records_about_a_person_are_found_up_to_a_moment(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let before = db.store.now();
        db.clock.advance(Span::minutes(1));
        users::assign_role(&db.store, &acme.owner().permit::<AssignRole>().await, user.id, "developer").await.unwrap();
        // Nothing was sequenced: what is committed is found all the same.
        for (at, role) in [(before, Role::Auditor), (db.store.now(), Role::Developer)] {
            let Told::All(records) = told(&db, &acme.job(), user.id, at).await else { panic!("{at}") };
            let person = Person::of(user.id, things(records)).unwrap().unwrap();
            assert!(person.role == role && person.active, "{person:?}");
        }
        let Told::All(none) = told(&db, &acme.job(), user.id, before - Span::days(1)).await else { panic!() };
        assert!(none.records.is_empty());
    }

    async fn records_of_another_tenant_are_not_there(db: Db) {
        let acme = db.tenant("acme").await;
        let zenith = db.tenant("zenith").await;
        let now = db.store.now();
        let Told::All(none) = told(&db, &zenith.job(), acme.owner().id(), now).await else { panic!() };
        assert!(none.records.is_empty());
        let mut view = db.store.read(&zenith.job()).await.unwrap();
        assert_eq!(audit::joined(&mut view, None, now, 10).await.unwrap(), [zenith.owner().id()]);
    }

    async fn altered_record_says_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let mut raw = Raw::tampering(&db).await;
        let found: Vec<(Vec<u8>, i64)> = raw_rows!(
            raw,
            "SELECT e.bytes, a.recorded_at FROM audit_access a JOIN audit_event e ON e.tenant = a.tenant AND e.id = a.event WHERE a.subject = $1",
            user.id.uuid()
        );
        let forged = String::from_utf8(audit::unpacked(&found[0].0)).unwrap().replace("auditor", "developer").into_bytes();
        let touched = raw!(
            raw,
            "UPDATE audit_event SET bytes = $1 WHERE id IN (SELECT event FROM audit_access WHERE subject = $2)",
            forged,
            user.id.uuid()
        );
        assert_eq!(touched.unwrap(), 1);
        assert!(matches!(told(&db, &acme.job(), user.id, db.store.now()).await, Told::Unreadable));
    }

    async fn of_somebody_with_more_records_than_are_read_nothing_is_said(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        assert!(matches!(told(&db, &acme.job(), user.id, db.store.now()).await, Told::All(_)));
        let mut raw = Raw::tampering(&db).await;
        let more = raw!(
            raw,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
             INSERT INTO audit_access (tenant, subject, recorded_at, event, kind, action, says)
             SELECT a.tenant, a.subject, a.recorded_at - n.i, a.event, a.kind, a.action, a.says FROM audit_access a CROSS JOIN n WHERE a.subject = $1",
            user.id.uuid()
        );
        assert_eq!(usize::try_from(more.unwrap()).unwrap(), audit::OF_PERSON);
        assert!(matches!(told(&db, &acme.job(), user.id, db.store.now()).await, Told::TooMany));
    }

    async fn nobody_hides_what_they_may_do_behind_a_thousand_names(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let team = teams::create(&db.store, &acme.owner().permit::<UpdateTeam>().await, named("Night 0")).await.unwrap().id;
        // As many as they like, each in a change of its own; a few at the same moment.
        for n in 1..=30 {
            if n % 3 == 0 {
                db.clock.advance(Span::seconds(1));
            }
            let profile = Profile { name: format!("Una {n}"), time_zone: String::new() };
            profile::change_mine(&db.store, &user.permit::<ChangeMe>().await, profile).await.unwrap();
            teams::change(&db.store, &acme.owner().permit::<UpdateTeam>().await, team, named(&format!("Night {n}"))).await.unwrap();
        }
        let before = db.store.now();
        db.clock.advance(Span::minutes(1));
        users::assign_role(&db.store, &acme.owner().permit::<AssignRole>().await, user.id(), "developer").await.unwrap();
        for (at, role) in [(before, Role::Auditor), (db.store.now(), Role::Developer)] {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let all = audit::about_people(&mut view, &[user.id()], at).await.unwrap().remove(0).1;
            drop(view);
            for told in [all, told(&db, &acme.job(), user.id(), at).await] {
                let Told::All(history) = told else { panic!("{told:?}") };
                assert!(history.records.len() <= 5, "{}", history.records.len());
                assert_eq!(Person::of(user.id(), things(history)).unwrap().unwrap().role, role);
            }
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let setting = audit::setting(&mut view, at).await.unwrap();
            assert!(setting.is_complete());
            assert_eq!(setting.team(team), Some("Night 30"), "the last name is told");
        }
        // What was left out is counted: a note that is missing among them shows, too.
        let mut raw = Raw::tampering(&db).await;
        let first: Vec<(i64,)> = raw_rows!(raw, "SELECT min(recorded_at) FROM audit_access WHERE subject = $1 AND says = 'nothing'", user.id().uuid());
        let gone = raw!(raw, "DELETE FROM audit_access WHERE subject = $1 AND says = 'nothing' AND recorded_at = $2", user.id().uuid(), first[0].0);
        assert!(gone.unwrap() >= 1);
        let Told::All(history) = told(&db, &acme.job(), user.id(), db.store.now()).await else { panic!() };
        assert!(Person::of(user.id(), things(history)).is_err());
    }

    async fn a_note_that_is_missing_shows_as_a_hole(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let made = db.store.now();
        db.clock.advance(Span::minutes(1));
        users::assign_role(&db.store, &acme.owner().permit::<AssignRole>().await, user.id, "developer").await.unwrap();
        let mut raw = Raw::tampering(&db).await;
        let gone = raw!(raw, "DELETE FROM audit_access WHERE subject = $1 AND recorded_at = $2", user.id.uuid(), made.micros());
        assert_eq!(gone.unwrap(), 1);
        let Told::All(records) = told(&db, &acme.job(), user.id, db.store.now()).await else { panic!() };
        assert!(Person::of(user.id, things(records)).is_err());
    }
}
