//! The sequencer on PostgreSQL: nothing is skipped, nothing is placed twice, one process leads.

use bailiwick_domain::{
    role::Role,
    rule::{ByJob, ReadAudit},
    time::Span,
};
use bailiwick_store::{
    DatabaseKind, Permit,
    audit::{self, Sequencer},
};
use bailiwick_testkit::{Db, START, Tenant, both_databases, postgres_only, sqlite_only};
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

async fn waiting(db: &Db, tenant: &Tenant) -> usize {
    let permit: Permit<ByJob> = tenant.job();
    let mut view = db.store.read(&permit).await.unwrap();
    audit::just_now(&mut view, &audit::Sought::default()).await.unwrap().len()
}

/// Ends the connection that holds the lease, as a network that breaks does.
async fn break_the_lease(raw: &mut Raw) {
    let ended: Vec<(bool,)> = raw_rows!(
        *raw,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    );
    assert_eq!(ended, [(true,)]);
}

both_databases! {
    async fn writer_sees_their_event_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        db.clock.advance(Span::seconds(1));
        rename(&db.store, &acme.job(), &owner.user, "Olive".into()).await;
        let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
        let now = audit::just_now(&mut view, &audit::Sought::default()).await.unwrap();
        let found = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap();
        let newest = now.iter().chain(&found.items).next().unwrap();
        assert_eq!((newest.action.as_str(), newest.revision), ("user.renamed", 2));
        match db.kind() {
            DatabaseKind::Sqlite => assert!(now.is_empty() && newest.leaf_index.is_some()),
            DatabaseKind::Postgres => assert!(now.len() > 1 && newest.leaf_index.is_none()),
        }
        let page = audit::event_page(&mut view, newest.event).await.unwrap();
        assert_eq!(page.proof.is_some(), db.kind() == DatabaseKind::Sqlite);
        drop(view);
        db.settle().await;
        assert_eq!(waiting(&db, &acme).await, 0);
    }

    async fn operator_sees_how_far_the_jobs_are_behind(db: Db) {
        let acme = db.tenant("acme").await;
        db.tenant("globex").await;
        db.sign().await;
        let nothing = audit::Lag { waiting: 0, oldest_waiting: None, unsigned: 0, unsigned_trees: 0 };
        assert_eq!(audit::lag(&db.store).await.unwrap(), nothing);
        db.clock.set(START + Span::seconds(10));
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        if db.kind() == DatabaseKind::Postgres {
            let lag = audit::Lag { waiting: 1, oldest_waiting: Some(START + Span::seconds(10)), ..nothing };
            assert_eq!(audit::lag(&db.store).await.unwrap(), lag);
        }
        db.settle().await;
        assert_eq!(audit::lag(&db.store).await.unwrap(), audit::Lag { unsigned: 1, unsigned_trees: 1, ..nothing });
        let connections = db.store.connections();
        assert!(connections.in_use + connections.idle > 0, "{connections:?}");
    }

    async fn thousands_of_events_find_their_places_in_rounds(db: Db) {
        let acme = db.tenant("acme").await;
        for n in 0..600 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        }
        db.sign().await;
        let reports = db.verify().await.unwrap();
        assert_eq!(reports[0].verified.tiles, 2);
        assert!(reports[0].verified.size > 600);
    }
}

// On SQLite the one writer gives every event its place: nobody commits late, and there is no lease.
postgres_only! {
    async fn event_that_commits_late_is_placed_late_and_found_by_its_time(db: Db) {
        let acme = db.tenant("acme").await;
        let (slow, quick) = (acme.add(Role::Auditor).await, acme.add(Role::Auditor).await);
        db.settle().await;
        let mut raw = Raw::superuser(&db).await;
        // Holds the slow one between taking its time and committing.
        raw!(raw, "BEGIN").unwrap();
        raw!(raw, "SELECT 1 FROM audit_head WHERE entity_id = $1 FOR UPDATE", slow.id.uuid()).unwrap();
        db.clock.set(START + Span::seconds(10));
        let late = tokio::spawn({
            let (store, permit, slow) = (db.store.clone(), acme.job(), slow.clone());
            async move { rename(&store, &permit, &slow, "Late".into()).await }
        });
        let mut watcher = Raw::superuser(&db).await;
        while watcher.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await == 0 {
            tokio::task::yield_now().await;
        }
        db.clock.set(START + Span::seconds(20));
        rename(&db.store, &acme.job(), &quick, "Quick".into()).await;
        db.settle().await;
        assert_eq!(waiting(&db, &acme).await, 0);
        raw!(raw, "COMMIT").unwrap();
        late.await.unwrap();
        assert_eq!(waiting(&db, &acme).await, 1);
        db.sign().await;
        assert_eq!(waiting(&db, &acme).await, 0);
        let permit: Permit<ByJob> = acme.job();
        let mut view = db.store.read(&permit).await.unwrap();
        let renamed = audit::Sought::default().action("user.renamed");
        let found = audit::search(&mut view, &renamed, audit::Place::Newest).await.unwrap().items;
        assert_eq!(found.iter().map(|row| row.entity_id).collect::<Vec<_>>(), [slow.id.uuid(), quick.id.uuid()], "in the order of commits");
        for (second, who) in [(10, slow.id), (20, quick.id)] {
            let from = START + Span::seconds(second);
            let mut at = renamed.clone();
            (at.from, at.to) = (Some(from), Some(from + Span::seconds(1)));
            let found = audit::search(&mut view, &at, audit::Place::Newest).await.unwrap().items;
            assert_eq!(found.iter().map(|row| row.entity_id).collect::<Vec<_>>(), [who.uuid()]);
            assert_eq!(audit::tally(&mut view, &at).await.unwrap().count, 1);
        }
        db.verify().await.unwrap();
    }

    async fn lease_passes_on_when_its_connection_breaks(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.another().await;
        let (mut first, mut second) = (db.sequencer(), Sequencer::new(other));
        first.drain().await.unwrap();
        let mut raw = Raw::superuser(&db).await;
        break_the_lease(&mut raw).await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        assert_eq!(second.run().await.unwrap(), 1, "the second takes over");
        assert_eq!(first.run().await.unwrap(), 0, "the first notices that it leads no more");
        assert!(!first.leads() && second.leads());
        db.signer().run().await.unwrap();
        db.verify().await.unwrap();
    }

    async fn two_leaders_at_once_do_no_harm(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.another().await;
        let (mut first, mut second) = (db.sequencer(), Sequencer::new(other));
        first.drain().await.unwrap();
        for n in 0..5 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        }
        let mut raw = Raw::superuser(&db).await;
        raw!(raw, "BEGIN").unwrap();
        raw!(raw, "SELECT 1 FROM audit_tree WHERE tenant = $1 FOR UPDATE", acme.id().uuid()).unwrap();
        // The first is in the middle of its round when it loses the lease, and does not know.
        let round = tokio::spawn(async move {
            let placed = first.run().await;
            (first, placed)
        });
        let mut watcher = Raw::superuser(&db).await;
        while watcher.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await == 0 {
            tokio::task::yield_now().await;
        }
        break_the_lease(&mut watcher).await;
        let usurper = tokio::spawn(async move {
            let placed = second.run().await;
            (second, placed)
        });
        while watcher.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await < 2 {
            tokio::task::yield_now().await;
        }
        raw!(raw, "COMMIT").unwrap();
        let ((mut first, one), (mut second, other)) = (round.await.unwrap(), usurper.await.unwrap());
        assert_eq!(one.unwrap(), 5);
        assert!(other.is_err(), "what was placed already is not placed again: {other:?}");
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, at last".into()).await;
        assert_eq!(second.run().await.unwrap() + first.run().await.unwrap(), 1);
        db.signer().run().await.unwrap();
        db.verify().await.unwrap();
    }

    async fn log_that_cannot_be_extended_does_not_hold_up_the_others(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        db.settle().await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        rename(&db.store, &globex.job(), &globex.owner().user, "Olive".into()).await;
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_event e SET bytes = 'no event' FROM audit_pending p WHERE p.event = e.id AND p.tenant = $1", acme.id().uuid()).unwrap();
        let mut sequencer = db.sequencer();
        // Whichever holds the lease tells of the failure, and the healthy log goes on.
        let error = loop {
            if let Err(error) = sequencer.run().await {
                break error;
            }
            drop(std::mem::replace(&mut sequencer, db.sequencer()));
            db.release_lease().await;
        };
        assert!(error.to_string().contains("not what this version writes"), "{error}");
        assert_eq!(waiting(&db, &globex).await, 0);
        assert_eq!(raw.number("SELECT count(*) FROM audit_pending").await, 1);
    }

    async fn auditor_sees_the_new_events_although_one_of_them_is_damaged(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        db.settle().await;
        for (second, name) in ["Olive One", "Olive Two", "Olive Three", "Olive Four"].into_iter().enumerate() {
            db.clock.set(START + Span::seconds(10 + i64::try_from(second).unwrap()));
            rename(&db.store, &acme.job(), &owner.user, name.into()).await;
        }
        let mut raw = Raw::tampering(&db).await;
        let ids: Vec<(Uuid,)> = raw_rows!(raw, "SELECT event FROM audit_pending ORDER BY recorded_at");
        // One that cannot be read, and one that can, but says something else than what was hashed.
        raw!(raw, "UPDATE audit_event SET bytes = 'no event' WHERE id = $1", ids[1].0).unwrap();
        let rows: Vec<(Vec<u8>,)> = raw_rows!(raw, "SELECT bytes FROM audit_event WHERE id = $1", ids[2].0);
        let said = String::from_utf8(audit::unpacked(&rows[0].0)).unwrap().replace("user.renamed", "user.praised");
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", said.into_bytes(), ids[2].0).unwrap();
        let mut view = db.store.read(&owner.permit::<ReadAudit>().await).await.unwrap();
        let now = audit::just_now(&mut view, &audit::Sought::default()).await.unwrap();
        assert_eq!(
            now.iter().map(|row| (row.event.uuid(), row.action.as_str(), row.outcome.as_str())).collect::<Vec<_>>(),
            [
                (ids[3].0, "user.renamed", "ok"),
                (ids[2].0, audit::UNREADABLE, audit::UNREADABLE),
                (ids[1].0, audit::UNREADABLE, audit::UNREADABLE),
                (ids[0].0, "user.renamed", "ok"),
            ]
        );
        assert_eq!(now[1].recorded_at, START + Span::seconds(12));
    }
}

postgres_only! {
    async fn second_sequencer_waits_until_the_first_lets_go(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.another_if_several().await;
        let (mut first, mut second) = (db.sequencer(), Sequencer::new(other));
        assert!(first.run().await.unwrap() > 0);
        assert!(first.leads());
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        assert_eq!(second.run().await.unwrap(), 0);
        assert!(!second.leads());
        first.release().await;
        assert_eq!(second.run().await.unwrap(), 1);
        // Dropped without a word, as when its task is aborted: the connection closes and the lock goes.
        drop(second);
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive again".into()).await;
        while first.run().await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
        db.signer().run().await.unwrap();
        db.verify().await.unwrap();
    }
}

sqlite_only! {
    async fn nobody_leads_where_the_writer_places_events_itself(db: Db) {
        db.tenant("acme").await;
        let (mut first, mut second) = (db.sequencer(), Sequencer::new(db.another_if_several().await));
        assert_eq!((first.run().await.unwrap(), second.run().await.unwrap()), (0, 0));
        assert!(!first.leads() && !second.leads());
    }
}
