//! Exports: what is in the file, who is told, and what a server that was killed does.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use bailiwick_domain::{
    entity::{AuditExport, ExportState},
    ids::AuditExportId,
    role::Role,
    rule::{DownloadExport, ExportAudit},
    time::Span,
};
use bailiwick_ops::{
    Error,
    exports::{self, Exports, MOST_WAITING, Spool},
};
use bailiwick_proof::{Hash, checkpoint::Checkpoint, leaf_hash, tree::verify_inclusion};
use bailiwick_store::audit::{self, Place, Sought, export};
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::Value;

use crate::raised::raised;

fn spool(db: &Db) -> Spool {
    Spool::new(db.folder().join("exports"), None)
}

fn job(db: &Db) -> Exports {
    Exports::new(db.store.clone(), db.jobs(), spool(db))
}

async fn ask(tenant: &Tenant, format: &str, sought: &Sought) -> Result<AuditExport, Error> {
    let permit = tenant.owner().permit::<ExportAudit>().await;
    exports::ask(&tenant.db.store, &permit, &spool(&tenant.db), format, sought).await
}

async fn listed(tenant: &Tenant, id: AuditExportId) -> export::Listed {
    export::find(&mut tenant.db.store.read(&tenant.job()).await.unwrap(), id).await.unwrap()
}

async fn path(tenant: &Tenant, id: AuditExportId) -> PathBuf {
    let permit = tenant.owner().permit::<DownloadExport>().await;
    exports::download(&tenant.db.store, &permit, &spool(&tenant.db), id).await.unwrap().path
}

/// The octets of the record in a line, without anything being written anew.
fn octets(line: &str) -> &str {
    let rest = line.strip_prefix("{\"event\":").unwrap();
    &rest[..rest.rfind(",\"hash\":\"").unwrap()]
}

both_databases! {
    async fn killed_server_goes_on_where_it_was_and_every_line_can_be_proven(db: Db) {
        let acme = db.tenant("acme").await;
        for _ in 0..300 {
            acme.add(Role::Auditor).await;
        }
        db.sign().await;
        db.clock.advance(Span::seconds(1));
        let asked = ask(&acme, "jsonl", &Sought::default()).await.unwrap();
        assert_eq!(raised(&acme, "audit_export.requested").await, 1);
        assert_eq!(job(&db).round().await.unwrap(), 0, "what it was asked for is not signed yet");
        db.sign().await;
        // Another server wrote the first of it, more than it could note, and is gone.
        let permit = acme.job();
        let begun = export::begin(&db.store, &permit, asked.id).await.unwrap().unwrap();
        assert_eq!(export::begin(&db.store, &permit, asked.id).await.unwrap(), None, "one at a time");
        assert_eq!((begun.before, begun.records), (begun.size, 0));
        std::fs::create_dir_all(db.folder().join("exports")).unwrap();
        let file = spool(&db).path(acme.id(), &asked);
        std::fs::write(&file, b"{\"event\":{\"torn").unwrap();
        assert_eq!(job(&db).round().await.unwrap(), 0, "it may be at work still");
        db.clock.advance(Span::minutes(1));
        assert_eq!(job(&db).round().await.unwrap(), 1);
        let done = listed(&acme, asked.id).await;
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(done.export.state, ExportState::Done);
        assert_eq!(done.export.octets, Some(i64::try_from(text.len()).unwrap()));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(done.export.records, Some(i64::try_from(lines.len()).unwrap()));
        assert_eq!(i64::try_from(lines.len()).unwrap(), begun.size, "every record that is signed");
        let note = done.checkpoint.unwrap();
        let (log, key) = (db.signer().notary().log_name(acme.id()), db.signer().verifier().clone());
        let signed = Checkpoint::open(note.as_bytes(), &log, &[key]).unwrap();
        for (line, index) in lines.iter().zip((0..begun.size).rev()) {
            let value: Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["leaf_index"], index);
            let leaf = leaf_hash(octets(line).as_bytes());
            assert_eq!(value["hash"], leaf.to_string());
            let path: Vec<Hash> =
                value["proof"]["path"].as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect();
            verify_inclusion(&leaf, index.unsigned_abs(), signed.size, &path, &signed.root).unwrap();
        }
    }

    async fn server_that_is_told_to_stop_ends_between_two_chunks_and_the_next_goes_on_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        for _ in 0..300 {
            acme.add(Role::Auditor).await;
        }
        let asked = ask(&acme, "csv", &Sought::default()).await.unwrap();
        db.sign().await;
        // Told while the first chunk is being written.
        let looked = AtomicUsize::new(0);
        let told = job(&db).until(move || looked.fetch_add(1, Ordering::Relaxed) > 0);
        assert_eq!(told.round().await.unwrap(), 0);
        let file = spool(&db).path(acme.id(), &asked);
        let begun = std::fs::read_to_string(&file).unwrap();
        assert_eq!(begun.lines().count(), 257, "a head and one chunk");
        assert_eq!(told.round().await.unwrap(), 0, "nothing is begun any more");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), begun);
        assert_eq!(job(&db).round().await.unwrap(), 1);
        let done = listed(&acme, asked.id).await.export;
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!((done.state, done.octets), (ExportState::Done, Some(i64::try_from(text.len()).unwrap())));
        assert_eq!(done.records, Some(i64::try_from(text.lines().count() - 1).unwrap()));
        assert!(text.starts_with(&begun) && done.records > Some(256));
    }

    async fn proofs_are_built_only_for_who_asks_and_the_records_are_the_same(db: Db) {
        let acme = db.tenant("acme").await;
        acme.add(Role::Auditor).await;
        let asked = ask(&acme, "csv", &Sought::default()).await.unwrap();
        db.sign().await;
        let begun = export::begin(&db.store, &acme.job(), asked.id).await.unwrap().unwrap();
        let selection = export::Selection::parse(&asked.selection).unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let bare = export::chunk(&mut view, &selection, begun.size, begun.before, None).await.unwrap();
        let mut proofs = export::Proofs::default();
        let proven =
            export::chunk(&mut view, &selection, begun.size, begun.before, Some(&mut proofs)).await.unwrap();
        assert_eq!(i64::try_from(bare.records.len()).unwrap(), begun.size);
        assert_eq!(bare.records.len(), proven.records.len());
        for (index, (bare, proven)) in (0..begun.size).rev().zip(bare.records.iter().zip(&proven.records)) {
            assert_eq!((bare.leaf_index, bare.hash, &bare.octets), (index, proven.hash, &proven.octets));
            assert_eq!(leaf_hash(&bare.octets), bare.hash);
            assert!(bare.path.is_empty() && !proven.path.is_empty());
        }
    }

    async fn a_file_that_cannot_be_written_is_said_so(db: Db) {
        let acme = db.tenant("acme").await;
        let asked = ask(&acme, "csv", &Sought::default()).await.unwrap();
        db.sign().await;
        std::fs::write(db.folder().join("exports"), b"a file in the place of the folder").unwrap();
        assert_eq!(job(&db).round().await.unwrap(), 1);
        let failed = listed(&acme, asked.id).await.export;
        assert_eq!(failed.state, ExportState::Failed);
        assert!(failed.failure.unwrap().contains("could not write"));
        assert_eq!(raised(&acme, "audit_export.failed").await, 1);
        assert_eq!(job(&db).round().await.unwrap(), 0, "it is not tried again");
    }

    async fn what_a_search_finds_is_in_the_file_and_nothing_else(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        acme.add(Role::Auditor).await;
        other.add(Role::Auditor).await;
        let sought = Sought::default().action("user.created");
        let asked = ask(&acme, "ocsf", &sought).await.unwrap();
        db.sign().await;
        job(&db).round().await.unwrap();
        let text = std::fs::read_to_string(path(&acme, asked.id).await).unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let found = audit::search(&mut view, &sought, Place::Newest).await.unwrap();
        assert_eq!(text.lines().count(), found.items.len());
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["message"], "user.created");
            assert!(event["raw_data"].as_str().unwrap().contains(&acme.id().to_string()));
        }
        assert!(!text.contains("@acme.example"), "personal values are commitments");
    }

    async fn download_is_counted_and_a_removed_export_is_not_finished(db: Db) {
        let acme = db.tenant("acme").await;
        let first = ask(&acme, "csv", &Sought::default()).await.unwrap();
        let second = ask(&acme, "csv", &Sought::default()).await.unwrap();
        let owner = acme.owner();
        exports::remove(&db.store, &owner.permit::<ExportAudit>().await, &spool(&db), second.id).await.unwrap();
        db.sign().await;
        assert_eq!(job(&db).round().await.unwrap(), 1);
        let permit = owner.permit::<DownloadExport>().await;
        exports::note_download(&db.store, &permit, first.id).await.unwrap();
        assert_eq!(listed(&acme, first.id).await.export.downloads, 1);
        let gone = exports::note_download(&db.store, &permit, second.id).await;
        assert!(matches!(gone, Err(Error::Conflict(_))));
        assert!(matches!(exports::download(&db.store, &permit, &spool(&db), second.id).await, Err(Error::Conflict(_))));
    }

    async fn nobody_has_more_exports_waiting_than_the_server_takes(db: Db) {
        let acme = db.tenant("acme").await;
        for _ in 0..MOST_WAITING {
            ask(&acme, "csv", &Sought::default()).await.unwrap();
        }
        assert!(matches!(ask(&acme, "csv", &Sought::default()).await, Err(Error::Conflict(_))));
        db.sign().await;
        job(&db).round().await.unwrap();
        ask(&acme, "csv", &Sought::default()).await.unwrap();
    }
}
