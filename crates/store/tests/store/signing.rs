//! The signer: what is signed once stays true, or is refused by name.

use std::{collections::BTreeSet, fs, path::PathBuf};

use bailiwick_domain::rule::{ByJob, ReadAudit, ReadPosture};
use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote},
    tree::verify_inclusion,
};
use bailiwick_store::{
    DatabaseKind, Permit, Store,
    audit::{self, CheckpointStore, SignError},
    posture,
};
use bailiwick_testkit::{Db, Place, Tenant, both_databases};

use crate::{raw, raw_rows, support::raw::Raw, tampering::rename};

pub(crate) fn file(db: &Db, tenant: &Tenant) -> PathBuf {
    db.outside().folder().join(format!("{}.checkpoint", tenant.id()))
}

async fn notes(db: &Db, tenant: &Tenant) -> Vec<(i64, String)> {
    let mut raw = Raw::superuser(db).await;
    raw_rows!(
        raw,
        "SELECT size, note FROM audit_checkpoint WHERE tenant = $1 ORDER BY size",
        tenant.id().uuid()
    )
}

/// A copy of the database as it is now, and the way back to it.
pub(crate) struct Backup {
    db: Db,
    copy: Option<PathBuf>,
}

impl Backup {
    pub(crate) async fn take(db: &Db) -> Self {
        let mut raw = Raw::superuser(db).await;
        let copy = match db.place() {
            Place::Sqlite(_) => {
                let copy = db.folder().join("backup.db");
                raw!(raw, format!("VACUUM INTO '{}'", copy.display())).unwrap();
                Some(copy)
            }
            Place::Postgres(_) => {
                for table in TABLES {
                    raw!(raw, format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}")).unwrap();
                }
                None
            }
        };
        Self { db: db.clone(), copy }
    }

    /// Puts the old state back, and opens it as the server does after a restore.
    pub(crate) async fn restore(&self) -> Store {
        match (&self.copy, self.db.place()) {
            (Some(copy), Place::Sqlite(path)) => {
                self.db.store.close().await;
                for file in ["bailiwick.db-wal", "bailiwick.db-shm"] {
                    let _ = fs::remove_file(path.with_file_name(file));
                }
                fs::copy(copy, path).unwrap();
            }
            _ => {
                let mut raw = Raw::tampering(&self.db).await;
                for table in TABLES.iter().rev() {
                    raw!(raw, format!("DELETE FROM {table}")).unwrap();
                }
                for table in TABLES {
                    raw!(raw, format!("INSERT INTO {table} SELECT * FROM backup_{table}")).unwrap();
                }
            }
        }
        self.db.another().await
    }
}

const TABLES: [&str; 12] = [
    "users",
    "audit_event",
    "audit_leaf",
    "audit_tile",
    "audit_tree",
    "audit_head",
    "audit_checkpoint",
    "audit_pending",
    "audit_personal",
    "audit_posting",
    "audit_tail",
    "audit_rollup",
];

/// Gives every event of a restored database its place.
pub(crate) async fn settle(store: &Store) {
    let mut sequencer = audit::Sequencer::new(store.clone());
    sequencer.drain().await.unwrap();
    while store.kind() == DatabaseKind::Postgres && !sequencer.leads() {
        tokio::task::yield_now().await;
        sequencer.drain().await.unwrap();
    }
    sequencer.release().await;
}

both_databases! {
    async fn log_is_signed_and_the_signature_moves_on_with_it(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let first = fs::read_to_string(file(&db, &acme)).unwrap();
        assert_eq!(db.signer().run().await.unwrap(), 0, "nothing to sign twice");
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.settle().await;
        let mut view = db.store.read(&acme.owner().permit::<ReadPosture>().await).await.unwrap();
        let counts = posture::counts(&mut view).await.unwrap();
        assert_eq!(counts.unsigned, 1);
        drop(view);
        assert_eq!(db.signer().run().await.unwrap(), 1);
        let second = fs::read_to_string(file(&db, &acme)).unwrap();
        assert_ne!(first, second);
        let published = notes(&db, &acme).await;
        assert_eq!(published.iter().map(|(_, note)| note.as_str()).collect::<Vec<_>>(), [first.as_str(), second.as_str()]);
        let lines: Vec<_> = second.lines().collect();
        assert_eq!(lines[0], format!("bailiwick.test/tenant/{}", acme.id()));
        assert_eq!(lines[1], counts.events.to_string());
        assert!(lines[4].starts_with("— bailiwick-test "), "{second}");
        let mut view = db.store.read(&acme.owner().permit::<ReadPosture>().await).await.unwrap();
        let counts = posture::counts(&mut view).await.unwrap();
        assert_eq!((counts.unsigned, counts.last_signed), (0, Some(db.store.now())));
        db.signer().check().await.unwrap();
    }

    async fn auditor_is_led_from_a_record_to_the_root_in_the_note_beside_it(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        for n in 0..3 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        }
        db.sign().await;
        let mut view = db.store.read(&acme.owner().permit::<ReadAudit>().await).await.unwrap();
        let found = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap().items;
        let mut sizes = BTreeSet::new();
        for listed in found {
            let page = audit::event_page(&mut view, listed.event).await.unwrap();
            let proof = page.proof.unwrap();
            let note = proof.checkpoint.unwrap();
            let checkpoint = Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap();
            let leaf = proof.leaf_index.unsigned_abs();
            verify_inclusion(&page.hash, leaf, checkpoint.size, &proof.path, &checkpoint.root).unwrap();
            assert_eq!((proof.size.unsigned_abs(), proof.root), (checkpoint.size, checkpoint.root));
            sizes.insert(checkpoint.size);
        }
        assert!(sizes.len() >= 2, "an older checkpoint and the newest: {sizes:?}");
    }

    async fn database_that_went_backwards_is_refused_and_named(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let backup = Backup::take(&db).await;
        for n in 0..3 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
        }
        db.sign().await;
        let signed = fs::read_to_string(file(&db, &acme)).unwrap();
        db.release_lease().await;
        let old = backup.restore().await;
        let signer = db.signer_of(&old);
        let error = signer.check().await.unwrap_err();
        assert!(matches!(error, SignError::Rollback { tenant, signed, stored, missing } if tenant == acme.id() && signed == stored + 3 && missing.signed == signed && missing.kept == stored), "{error}");
        let said = error.to_string();
        assert!(said.contains("missing are events") && said.contains("signed after 2026-01-02T03:04:05"), "{said}");
        // A server that runs on nevertheless gets nothing signed.
        rename(&old, &acme.job(), &acme.owner().user, "Olive, once more".into()).await;
        settle(&old).await;
        let error = signer.run().await.unwrap_err();
        assert!(matches!(error, SignError::Rollback { tenant, .. } if tenant == acme.id()), "{error}");
        assert_eq!(fs::read_to_string(file(&db, &acme)).unwrap(), signed, "what was signed is as it was");
        let error = audit::verify_all(&old, &signer, |_| {}).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("were lost"), "{error}");
    }

    async fn operator_who_accepts_the_loss_goes_on_from_the_checkpoint_that_the_database_holds(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let backup = Backup::take(&db).await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive, lost".into()).await;
        db.sign().await;
        db.release_lease().await;
        let old = backup.restore().await;
        let signer = db.signer_of(&old);
        // Taking the newer file away is not enough: then the one that the database knows of is missing.
        fs::rename(file(&db, &acme), db.folder().join("evidence")).unwrap();
        assert!(matches!(signer.check().await, Err(SignError::Lost { tenant, .. }) if tenant == acme.id()));
        let held = notes(&db, &acme).await.pop().unwrap().1;
        // As a shell writes it.
        fs::write(file(&db, &acme), format!("{}\n", held.trim_end_matches('\n'))).unwrap();
        signer.check().await.unwrap();
        rename(&old, &acme.job(), &acme.owner().user, "Olive, anew".into()).await;
        settle(&old).await;
        assert_eq!(signer.run().await.unwrap(), 1);
        audit::verify_all(&old, &signer, |_| {}).await.unwrap();
    }

    async fn other_history_than_the_signed_one_is_refused_and_named(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let backup = Backup::take(&db).await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive as it was".into()).await;
        db.sign().await;
        db.release_lease().await;
        let old = backup.restore().await;
        let signer = db.signer_of(&old);
        for (n, name) in ["Olive as they say it was", "Olive later on"].into_iter().enumerate() {
            rename(&old, &acme.job(), &acme.owner().user, name.into()).await;
            settle(&old).await;
            // First as long as the signed one, then longer.
            let error = signer.run().await.unwrap_err();
            assert!(matches!(error, SignError::Fork { tenant, .. } if tenant == acme.id()), "{n}: {error}");
            assert!(matches!(signer.check().await, Err(SignError::Fork { .. })));
        }
        let error = audit::verify_all(&old, &signer, |_| {}).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("the root that was signed"), "{error}");
    }

    async fn crash_between_file_and_database_heals(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.sign().await;
        let note = fs::read_to_string(file(&db, &acme)).unwrap();
        let before = notes(&db, &acme).await;
        // The file was swapped, the database never heard of it.
        let mut raw = Raw::tampering(&db).await;
        raw!(raw, "DELETE FROM audit_checkpoint WHERE note = $1", note.clone()).unwrap();
        raw!(raw, "UPDATE audit_tree SET signed = signed - 1 WHERE tenant = $1", acme.id().uuid()).unwrap();
        db.signer().check().await.unwrap();
        assert_eq!(db.signer().run().await.unwrap(), 1);
        assert_eq!(fs::read_to_string(file(&db, &acme)).unwrap(), note, "the same signature, not another one");
        assert_eq!(notes(&db, &acme).await, before);
        // The same with events that came after the crash.
        raw!(raw, "DELETE FROM audit_checkpoint WHERE note = $1", note).unwrap();
        raw!(raw, "UPDATE audit_tree SET signed = signed - 1 WHERE tenant = $1", acme.id().uuid()).unwrap();
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive again".into()).await;
        db.sign().await;
        db.verify().await.unwrap();
    }

    async fn crash_before_the_file_is_in_place_leaves_the_old_one(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        let note = fs::read_to_string(file(&db, &acme)).unwrap();
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.settle().await;
        // Half a new file, as a crash leaves it.
        let fresh = db.outside().folder().join(format!("{}.new", acme.id()));
        fs::write(&fresh, &note[..10]).unwrap();
        db.signer().check().await.unwrap();
        assert_eq!(db.outside().tenants().unwrap(), [acme.id()]);
        assert_eq!(db.signer().run().await.unwrap(), 1);
        assert!(!fresh.exists());
        db.verify().await.unwrap();
        // A folder that cannot be written to: the database does not claim what is not there.
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive again".into()).await;
        db.settle().await;
        let published = notes(&db, &acme).await;
        fs::create_dir(&fresh).unwrap();
        let error = db.signer().run().await.unwrap_err();
        assert!(matches!(&error, SignError::Io { .. }), "{error}");
        assert!(error.to_string().contains(&acme.id().to_string()), "{error}");
        assert_eq!(notes(&db, &acme).await, published);
        fs::remove_dir(&fresh).unwrap();
        assert_eq!(db.signer().run().await.unwrap(), 1);
        db.verify().await.unwrap();
    }

    async fn file_in_place_and_database_away_is_made_good_later(db: Db) {
        let acme = db.tenant("acme").await;
        db.sign().await;
        rename(&db.store, &acme.job(), &acme.owner().user, "Olive".into()).await;
        db.settle().await;
        // Publishing fails; by then the file holds the new checkpoint.
        let mut raw = Raw::tampering(&db).await;
        match raw.kind() {
            DatabaseKind::Sqlite => raw!(raw, "CREATE TRIGGER refuse BEFORE INSERT ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'disk full'); END").unwrap(),
            DatabaseKind::Postgres => raw!(raw, "REVOKE INSERT ON audit_checkpoint FROM bailiwick_app").unwrap(),
        };
        assert!(matches!(db.signer().run().await, Err(SignError::Store(_))));
        let note = fs::read_to_string(file(&db, &acme)).unwrap();
        assert!(notes(&db, &acme).await.iter().all(|(_, published)| *published != note));
        db.verify().await.unwrap();
        match raw.kind() {
            DatabaseKind::Sqlite => raw!(raw, "DROP TRIGGER refuse").unwrap(),
            DatabaseKind::Postgres => raw!(raw, "GRANT INSERT ON audit_checkpoint TO bailiwick_app").unwrap(),
        };
        assert_eq!(db.signer().run().await.unwrap(), 1);
        assert_eq!(notes(&db, &acme).await.last().unwrap().1, note);
    }

    async fn two_signers_at_once_sign_one_history(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.signer_of(&db.another_if_several().await);
        for n in 0..12 {
            rename(&db.store, &acme.job(), &acme.owner().user, format!("Olive {n}")).await;
            db.settle().await;
            let mine = db.signer();
            let (one, two) = tokio::join!(mine.run(), other.run());
            assert!(one.unwrap() + two.unwrap() >= 1);
        }
        let published = notes(&db, &acme).await;
        assert_eq!(published.len(), 12);
        assert_eq!(fs::read_to_string(file(&db, &acme)).unwrap(), published.last().unwrap().1);
        let leftover: Vec<_> = fs::read_dir(db.outside().folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(leftover.len(), 5, "the checkpoint, the tree of heads with its tiles and note, and the lock: {leftover:?}");
        db.verify().await.unwrap();
    }

    async fn one_refused_log_does_not_keep_the_others_from_being_signed(db: Db) {
        let mut tenants = Vec::new();
        for slug in ["acme", "globex", "initech"] {
            tenants.push(db.tenant(slug).await);
        }
        db.sign().await;
        for tenant in &tenants {
            rename(&db.store, &tenant.job(), &tenant.owner().user, "Olive".into()).await;
        }
        db.settle().await;
        fs::write(file(&db, &tenants[1]), "scribbled over").unwrap();
        let error = db.signer().run().await.unwrap_err();
        assert!(matches!(error, SignError::Refused { tenant, .. } if tenant == tenants[1].id()), "{error}");
        for (tenant, signed) in [(&tenants[0], 2), (&tenants[1], 1), (&tenants[2], 2)] {
            assert_eq!(notes(&db, tenant).await.len(), signed, "{}", tenant.entity.slug);
        }
    }

    async fn checkpoint_by_another_key_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        let elsewhere = CheckpointStore::open(&db.folder().join("elsewhere")).unwrap();
        let foreign = db.foreign_signer(elsewhere.clone()).await;
        assert_eq!(foreign.run().await.unwrap(), 1);
        fs::copy(elsewhere.folder().join(format!("{}.checkpoint", acme.id())), file(&db, &acme)).unwrap();
        assert!(matches!(db.signer().check().await, Err(SignError::Refused { tenant, .. }) if tenant == acme.id()));
        // And so is the one that the impostor published in the database, which says more than that the file is missing.
        fs::remove_file(file(&db, &acme)).unwrap();
        let error = db.verify().await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("published at"), "{error}");
    }

    async fn folder_of_checkpoints_is_closed_to_others(db: Db) {
        use std::os::unix::fs::PermissionsExt;
        let acme = db.tenant("acme").await;
        db.sign().await;
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(db.outside().folder()), 0o700);
        let permit: Permit<ByJob> = acme.job();
        assert!(audit::last_signed(&mut db.store.read(&permit).await.unwrap()).await.unwrap().is_some());
    }
}
