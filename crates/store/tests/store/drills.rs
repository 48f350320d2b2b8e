//! A drill alters a copy and names what it did; the log itself is only read, and nobody may change it.

use bailiwick_domain::entity::{DrillKind, DrillOutcome, Severity};
use bailiwick_ops::audit::drills::{self, Choice};
use bailiwick_store::{
    DatabaseKind, Error,
    audit::{self, Drilled},
    security_events,
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use uuid::Uuid;

use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

/// Events: one full tile and a part of the next.
const EVENTS: i64 = 290;

async fn busy(db: &Db) -> Tenant {
    let acme = db.tenant("acme").await;
    let owner = acme.owner().user;
    for n in 0..EVENTS {
        rename(&db.store, &acme.job(), &owner, format!("Olive {n}")).await;
        if n % 100 == 0 {
            db.sign().await;
        }
    }
    db.sign().await;
    acme
}

/// Every octet of the log: records, leaves, tiles and checkpoints.
type Image =
    (Vec<(Uuid, Vec<u8>, Vec<u8>)>, Vec<(i64, Uuid, Vec<u8>)>, Vec<(i64, Vec<u8>)>, Vec<(i64, String)>);

async fn image(db: &Db) -> Image {
    let mut raw = Raw::superuser(db).await;
    (
        raw_rows!(raw, "SELECT id, hash, bytes FROM audit_event ORDER BY id"),
        raw_rows!(raw, "SELECT leaf_index, event, hash FROM audit_leaf ORDER BY tenant, leaf_index"),
        raw_rows!(raw, "SELECT idx, hashes FROM audit_tile ORDER BY tenant, level, idx"),
        raw_rows!(raw, "SELECT size, note FROM audit_checkpoint ORDER BY tenant, size"),
    )
}

/// The leaf in a target such as `event … at leaf 7`.
fn leaf(drilled: &Drilled) -> i64 {
    drilled.target.rsplit(' ').next().unwrap().parse().unwrap()
}

both_databases! {
    async fn every_kind_of_tampering_is_seen_in_a_copy_and_the_log_stays_as_it_is(db: Db) {
        let acme = busy(&db).await;
        let before = image(&db).await;
        let notary = db.signer().notary();
        let drill = async |kind, seed| audit::drill(&db.store, &acme.job(), &notary, seed, Some(kind), audit::COPIED).await.unwrap();
        for kind in DrillKind::ALL.iter().copied() {
            for seed in 0..5 {
                let drilled = drill(kind, seed).await;
                let exact = match kind {
                    DrillKind::Record | DrillKind::Tile | DrillKind::Checkpoint | DrillKind::Removed => true,
                    // Behind the last full tile only the signed root speaks.
                    DrillKind::Inserted | DrillKind::Reordered => leaf(&drilled) < 256,
                };
                let outcomes: &[_] = if exact { &[DrillOutcome::Named] } else { &[DrillOutcome::Named, DrillOutcome::Noticed] };
                assert!(outcomes.contains(&drilled.outcome) && !drilled.found.is_empty(), "{drilled:?}");
                assert!(drilled.records > EVENTS, "{drilled:?}");
                let again = drill(kind, seed).await;
                assert_eq!((again.target, again.outcome, again.found), (drilled.target, drilled.outcome, drilled.found));
            }
        }
        assert_eq!(image(&db).await, before);
        db.verify().await.unwrap();
    }

    async fn whatever_record_of_a_log_is_longer_than_a_copy_can_be_aimed_at(db: Db) {
        let acme = busy(&db).await;
        let owner = acme.owner().user;
        for n in 0..2 * EVENTS {
            rename(&db.store, &acme.job(), &owner, format!("Olive again {n}")).await;
            if n % 100 == 0 {
                db.sign().await;
            }
        }
        db.sign().await;
        let before = image(&db).await;
        let size = i64::try_from(before.1.len()).unwrap();
        let notary = db.signer().notary();
        let drill = async |kind, seed| audit::drill(&db.store, &acme.job(), &notary, seed, Some(kind), 512).await.unwrap();
        let mut aimed = Vec::new();
        for kind in DrillKind::ALL.iter().copied() {
            for seed in 0..8 {
                let drilled = drill(kind, seed).await;
                assert!(matches!(drilled.outcome, DrillOutcome::Named | DrillOutcome::Noticed), "{drilled:?}");
                assert!(drilled.records <= 512 && drilled.records > 256, "{drilled:?}");
                if matches!(kind, DrillKind::Record | DrillKind::Removed | DrillKind::Checkpoint | DrillKind::Tile) {
                    assert_eq!(drilled.outcome, DrillOutcome::Named, "{drilled:?}");
                }
                if kind == DrillKind::Record {
                    aimed.push(leaf(&drilled));
                }
                let again = drill(kind, seed).await;
                assert_eq!((again.target, again.outcome, again.found), (drilled.target, drilled.outcome, drilled.found));
            }
        }
        assert!(aimed.iter().any(|leaf| *leaf < 512) && aimed.iter().any(|leaf| *leaf >= 512), "{aimed:?} of {size}");
        assert_eq!(image(&db).await, before);
    }

    async fn a_hash_in_front_of_the_copy_that_was_altered_is_not_taken_for_a_good_drill(db: Db) {
        let acme = busy(&db).await;
        let owner = acme.owner().user;
        for n in 0..2 * EVENTS {
            rename(&db.store, &acme.job(), &owner, format!("Olive again {n}")).await;
        }
        db.sign().await;
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_tile SET hashes = (SELECT t.hashes FROM audit_tile t WHERE t.tenant = $1 AND t.level = 0 AND t.idx = 1)
                   WHERE tenant = $1 AND level = 0 AND idx = 0", acme.id().uuid()).unwrap();
        let notary = db.signer().notary();
        for seed in 0..4 {
            let drilled = audit::drill(&db.store, &acme.job(), &notary, seed, None, 512).await.unwrap();
            assert_eq!(drilled.outcome, DrillOutcome::Unsound, "{drilled:?}");
        }
    }

    async fn a_log_of_a_few_records_has_no_tile_to_alter_and_says_so(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let notary = db.signer().notary();
        let refused = audit::drill(&db.store, &acme.job(), &notary, 1, Some(DrillKind::Tile), audit::COPIED).await;
        assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("too short")));
        for seed in 0..20 {
            let drilled = audit::drill(&db.store, &acme.job(), &notary, seed, None, audit::COPIED).await.unwrap();
            assert!(drilled.kind != DrillKind::Tile && drilled.outcome != DrillOutcome::Missed, "{drilled:?}");
        }
    }

    async fn database_refuses_to_change_the_past_in_its_own_words_and_nothing_has_changed(db: Db) {
        let acme = busy(&db).await;
        let before = image(&db).await;
        let probes = audit::prove(&db.store, &acme.job()).await.unwrap();
        assert!(probes.iter().all(|probe| probe.refused), "{probes:?}");
        let word = match db.kind() {
            DatabaseKind::Sqlite => "is append-only",
            DatabaseKind::Postgres => "permission denied",
        };
        for statement in ["UPDATE audit_event", "DELETE FROM audit_event", "UPDATE audit_tile", "DELETE FROM audit_checkpoint"] {
            let probe = probes.iter().find(|probe| probe.statement.starts_with(statement)).unwrap();
            assert!(probe.answer.contains(word), "{probe:?}");
        }
        if db.kind() == DatabaseKind::Postgres {
            for statement in ["TRUNCATE audit_event", "ALTER TABLE audit_event DISABLE TRIGGER ALL", "DROP TABLE audit_checkpoint"] {
                assert!(probes.iter().any(|probe| probe.statement == statement), "{statement}");
            }
        }
        assert_eq!(image(&db).await, before);
    }

    async fn a_log_that_was_altered_beforehand_is_not_taken_for_a_good_drill(db: Db) {
        let acme = busy(&db).await;
        let mut raw = Raw::tampering(&db).await;
        let rows: Vec<(Uuid, Vec<u8>)> = raw_rows!(
            raw,
            "SELECT e.id, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 AND l.leaf_index = 40",
            acme.id().uuid()
        );
        let (id, bytes) = rows.into_iter().next().unwrap();
        let mut bytes = audit::unpacked(&bytes);
        let flipped = bytes.iter().rposition(|octet| *octet == b'8' || *octet == b'0').unwrap();
        bytes[flipped] ^= 1;
        raw!(raw, "UPDATE audit_event SET bytes = $1 WHERE id = $2", bytes, id).unwrap();
        let notary = db.signer().notary();
        let drilled = audit::drill(&db.store, &acme.job(), &notary, 3, None, audit::COPIED).await.unwrap();
        assert_eq!(drilled.outcome, DrillOutcome::Unsound);
    }

    async fn what_came_of_a_drill_is_recorded_and_kept(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let notary = db.signer().notary();
        let choice = Choice { seed: Some(7), kind: Some(DrillKind::Removed) };
        let drill = drills::run(&db.store, &acme.job(), &notary, choice).await.unwrap();
        assert_eq!((drill.outcome, drill.seed), (DrillOutcome::Named, 7));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(audit::find_drill(&mut view, drill.id).await.unwrap(), drill);
        assert_eq!(audit::drills(&mut view, None).await.unwrap().items, [drill]);
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        assert!(raised.iter().all(|event| event.kind != "audit_drill.run"), "{raised:?}");
        drop(view);
        // Another organisation sees nothing of it.
        let globex = db.tenant("globex").await;
        let mut view = db.store.read(&globex.job()).await.unwrap();
        assert!(audit::drills(&mut view, None).await.unwrap().items.is_empty());
        drop(view);
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn whoever_reads_security_events_hears_of_a_log_that_is_not_sound(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "UPDATE audit_checkpoint SET note = 'nothing' WHERE tenant = $1", acme.id().uuid()).unwrap();
        let notary = db.signer().notary();
        let drill = drills::run(&db.store, &acme.job(), &notary, Choice::default()).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        let event = raised.iter().find(|event| event.kind == "audit_drill.run").unwrap();
        assert_eq!((event.severity, drill.outcome), (Severity::High, DrillOutcome::Unsound));
    }
}
