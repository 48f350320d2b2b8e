#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;

use bailiwick_store::audit::{log, newest_checkpoint};
use bailiwick_testkit::{Db, both_databases};
use bailiwick_vault::entropy::SystemEntropy;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::{
    clock::SystemClock,
    witness::{self as process, folder::Folder},
};

/// A witness that really answers, on this machine.
struct Stage {
    _folder: TempDir,
    reached: Arc<Reached>,
}

async fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn reached(address: SocketAddr, key: CosignerKey) -> Arc<Reached> {
    let url = format!("http://{address}/add-checkpoint").parse().unwrap();
    Arc::new(Reached { post: Post::new(url, None, Duration::from_secs(5)).unwrap(), key })
}

impl Stage {
    async fn set(db: &Db) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = format!("bailiwick.test {}", db.signer().verifier());
        let made =
            Folder::create(&folder.path().join("w"), "w1.example", &[log], Arc::new(SystemEntropy)).await;
        let made = made.unwrap();
        let (verifier, trusted, state) =
            (made.verifier().unwrap(), made.trusted().unwrap(), made.state().unwrap());
        let router = process::router(made, verifier.clone(), trusted, state, Arc::new(SystemClock));
        let (listener, address) = listening().await;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { _folder: folder, reached: reached(address, verifier) }
    }

    fn job(&self, db: &Db) -> Cosign {
        Cosign::new(Arc::clone(&self.reached), db.store.clone(), db.signer(), db.jobs())
    }
}

both_databases! {
    async fn witness_cosigns_every_log_and_the_tree_of_heads(db: Db) {
        let stage = Stage::set(&db).await;
        let tenants = [db.tenant("acme").await, db.tenant("globex").await];
        let mut job = stage.job(&db);
        assert_eq!(job.round().await.unwrap(), 0, "nothing was signed yet");
        db.sign().await;
        assert_eq!(job.round().await.unwrap(), 3, "two logs and the tree of heads");
        assert_eq!(job.round().await.unwrap(), 0);
        for tenant in &tenants {
            let mut view = db.store.read(&tenant.job()).await.unwrap();
            let newest = log::checkpoint(&mut view).await.unwrap().unwrap();
            let note = bailiwick_proof::checkpoint::SignedNote::parse(newest.note.as_bytes()).unwrap();
            assert!(stage.reached.key.cosigned_note(&note).is_some(), "{note}");
        }
        let heads = std::fs::read_to_string(db.outside().folder().join("heads.note")).unwrap();
        let note = bailiwick_proof::checkpoint::SignedNote::parse(heads.as_bytes()).unwrap();
        assert!(stage.reached.key.cosigned_note(&note).is_some(), "{note}");
        db.verify().await.unwrap();
        // A job that has forgotten everything learns from the witness where it is.
        db.tenant("initech").await;
        db.sign().await;
        let mut fresh = stage.job(&db);
        assert_eq!(fresh.round().await.unwrap(), 2, "a new log, and the tree of heads");
    }

    async fn dead_witness_keeps_nobody_waiting(db: Db) {
        let stage = Stage::set(&db).await;
        let acme = db.tenant("acme").await;
        let (listener, address) = listening().await;
        drop(listener);
        let dead = reached(address, CosignerKey::new("w2.example", &stage.reached.key.public_key()).unwrap());
        let mut gone = Cosign::new(dead, db.store.clone(), db.signer(), db.jobs());
        db.sign().await;
        assert!(matches!(gone.round().await, Err(AskError::Unreachable(name, _)) if name == "w2.example"));
        assert_eq!(stage.job(&db).round().await.unwrap(), 2);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let known = witness::witnesses(&mut view).await.unwrap();
        let standing = |name: &str| known.iter().find(|known| known.name == name).map(|known| known.standing);
        assert_eq!((standing("w1.example"), standing("w2.example")), (Some(Standing::Ok), Some(Standing::Unreachable)));
        assert!(newest_checkpoint(&mut view).await.unwrap().is_some(), "what was signed is signed");
    }

    async fn witness_that_trusts_another_key_is_said_not_to_know_the_log(db: Db) {
        let folder = tempfile::tempdir().unwrap();
        let acme = db.tenant("acme").await;
        db.sign().await;
        let made = Folder::create(&folder.path().join("w"), "w3.example", &[], Arc::new(SystemEntropy)).await.unwrap();
        let (verifier, trusted, state) = (made.verifier().unwrap(), made.trusted().unwrap(), made.state().unwrap());
        let router = process::router(made, verifier.clone(), trusted, state, Arc::new(SystemClock));
        let (listener, address) = listening().await;
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut job = Cosign::new(reached(address, verifier), db.store.clone(), db.signer(), db.jobs());
        assert_eq!(job.round().await.unwrap(), 0);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(witness::witnesses(&mut view).await.unwrap().first().map(|known| known.standing), Some(Standing::Unknown));
        assert!(witness::refusals(&mut view).await.unwrap().is_empty(), "it has seen nothing that would contradict us");
    }
}
