//! Documents in a bucket, or in a container of another cloud.

use std::{future::Future, io, path::Path};

use bailiwick_domain::time::Timestamp;
use bailiwick_objects::{Bucket, Cloud, Listed};
use bailiwick_ops::documents::{Doing, Found, Objects};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The object store of documents.
#[derive(Debug)]
pub(crate) enum Store {
    /// Of S3, or of a service that speaks its protocol.
    Bucket(Bucket),
    /// Of another cloud.
    Cloud(Cloud),
}

impl Objects for Store {
    fn address(&self, name: &str) -> String {
        match self {
            Self::Bucket(bucket) => bucket.address(name),
            Self::Cloud(cloud) => cloud.address(name),
        }
    }

    fn put<'a>(&'a self, name: &'a str, file: &'a Path) -> Doing<'a, ()> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.put_in_parts(name, file)),
            Self::Cloud(cloud) => Box::pin(cloud.put(name, file)),
        }
    }

    fn length<'a>(&'a self, name: &'a str) -> Doing<'a, u64> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.length(name)),
            Self::Cloud(cloud) => Box::pin(cloud.length(name)),
        }
    }

    fn read<'a>(&'a self, name: &'a str, from: u64, octets: u64) -> Doing<'a, Vec<u8>> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.read(name, from, octets)),
            Self::Cloud(cloud) => Box::pin(cloud.read(name, from, octets)),
        }
    }

    fn remove<'a>(&'a self, name: &'a str) -> Doing<'a, ()> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.remove(name)),
            Self::Cloud(cloud) => Box::pin(cloud.remove(name)),
        }
    }

    fn list<'a>(&'a self, folder: &'a str, found: Sender<Found>) -> Doing<'a, ()> {
        let (send, receive) = channel(1);
        match self {
            Self::Bucket(bucket) => {
                Box::pin(handed_on(async move { bucket.list(folder, &send).await }, receive, found))
            }
            Self::Cloud(cloud) => {
                Box::pin(handed_on(async move { cloud.list(folder, &send).await }, receive, found))
            }
        }
    }

    fn abandon(&self, before: Timestamp) -> Doing<'_, usize> {
        match self {
            Self::Bucket(bucket) => Box::pin(bucket.abandon(before)),
            // Azure forgets what was never committed after a week; of Google the bucket's own rules say when.
            Self::Cloud(_) => Box::pin(async { Ok(0) }),
        }
    }
}

/// Hands on what is listed, in the words of whoever asked.
async fn handed_on(
    listing: impl Future<Output = io::Result<()>>,
    mut receive: Receiver<Listed>,
    found: Sender<Found>,
) -> io::Result<()> {
    let handing = async move {
        while let Some(Listed { name, written }) = receive.recv().await {
            if found.send(Found { name, written }).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(listing, handing).0
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use bailiwick_domain::{
        clock::Clock as _,
        entity::DocumentVersionState,
        rule::{DeleteDocument, DownloadDocument, WriteDocuments},
        time::Span,
    };
    use bailiwick_objects::Options;
    use bailiwick_ops::documents::{self, Cabinet, Documents, NewVersion, check_all};
    use bailiwick_peers::{SeaweedFs, WRITER};
    use bailiwick_testkit::both_databases;

    use super::*;
    use crate::clock::SystemClock;

    const MIB: usize = 1024 * 1024;

    both_databases! {
        // The whole life of a version in a bucket of another maker.
        async fn document_lives_in_a_bucket_and_leaves_it(db: Db) {
            let service = tokio::task::spawn_blocking(SeaweedFs::start).await.unwrap();
            service.make("documents", false);
            let options = Options {
                bucket: "documents".into(),
                prefix: "kept".into(),
                region: "us-east-1".into(),
                endpoint: Some(service.endpoint()),
                key: WRITER.id.into(),
                secret: WRITER.secret.into(),
                lock: None,
            };
            let bucket = Store::Bucket(Bucket::new(options, Arc::new(SystemClock)));
            let folder = db.folder().join("documents");
            let cabinet = Cabinet::new(folder.clone(), 64 << 20, None).with_objects(Arc::new(bucket));
            let (acme, store) = (db.tenant("acme").await, &db.store);
            let owner = acme.owner();
            let permit = owner.permit::<WriteDocuments>().await;
            let whole: Vec<u8> = (0..19 * MIB + 5).map(|at| b'a' + u8::try_from((at / 977 + at) % 26).unwrap()).collect();
            let new = NewVersion { name: Some("Plan.txt".into()), document: None, octets: whole.len() as u64 };
            let id = documents::begin(store, &permit, &cabinet, new).await.unwrap().id;
            for (number, part) in whole.chunks(4 * MIB).enumerate() {
                documents::part(store, &permit, &cabinet, id, (number * 4 * MIB) as u64, part.to_vec()).await.unwrap();
            }
            assert!(service.names("documents", "").is_empty(), "nothing is there before all of it is");
            let (document, version) = documents::finish(store, &permit, &cabinet, id).await.unwrap();
            let name = format!("kept/{}/{id}.sealed", acme.id());
            assert_eq!(version.place, format!("s3://documents/{name}"));
            assert_eq!(service.names("documents", ""), std::slice::from_ref(&name));
            let place = format!("documents/{name}");
            let sealed = service.read(&place, None).unwrap();
            assert_eq!(i64::try_from(sealed.len()).unwrap(), version.sealed_octets);
            assert!(!sealed.windows(32).any(|window| window == &whole[..32]), "nothing lies in the clear");
            assert_eq!(fs::read_dir(folder.join(acme.id().to_string())).unwrap().count(), 0);

            let reads = owner.permit::<DownloadDocument>().await;
            for (from, until) in [(0, whole.len()), (16 * MIB - 3, 16 * MIB + 3), (whole.len() - 1, whole.len())] {
                let range = (from as u64, until as u64);
                let (mut reading, mut all) = documents::reading(store, &reads, &cabinet, id, range).await.unwrap();
                while let Some(more) = reading.next().await.unwrap() {
                    all.extend(more);
                }
                assert!(all == whole[from..until], "{from} to {until}");
            }
            let mut found = Vec::new();
            check_all(store, &db.jobs(), &cabinet, |one| found.push(one.error)).await.unwrap();
            assert_eq!(found, [None]);
            let mut bad = sealed;
            bad[7 * MIB] ^= 1;
            assert_eq!(service.write(WRITER, &place, &bad), 200);
            let mut found = Vec::new();
            check_all(store, &db.jobs(), &cabinet, |one| found.push(one.error.is_some())).await.unwrap();
            assert_eq!(found, [true]);
            let state = bailiwick_store::documents::version(&mut store.read(&acme.job()).await.unwrap(), id).await.unwrap().version.state;
            assert_eq!(state, DocumentVersionState::Damaged);

            let deletes = owner.permit::<DeleteDocument>().await;
            owner.confirmed(async |answer| documents::delete(store, &deletes, document.id, answer).await).await.unwrap();
            let job = Documents::new(store.clone(), db.jobs(), cabinet);
            assert_eq!(job.round().await.unwrap(), 1);
            assert!(service.names("documents", "").is_empty());

            // What a crash left: an object that nobody knows of, and one that was never completed.
            let orphan = format!("kept/{}/0193a7c2-7b1e-7000-8000-00000000aaaa.sealed", acme.id());
            let others = "kept/0193a7c2-7b1e-7000-8000-00000000bbbb/0193a7c2-7b1e-7000-8000-00000000aaaa.sealed";
            for name in [orphan.as_str(), others] {
                assert_eq!(service.write(WRITER, &format!("documents/{name}"), b"left"), 200);
            }
            service.begin_parts(WRITER, &format!("documents/{name}"));
            // What the service wrote now has to be two days old for the server.
            db.clock.advance(SystemClock.now().since(store.now()));
            db.clock.advance(Span::days(2));
            assert_eq!(job.sweep().await.unwrap(), 2);
            assert_eq!(service.names("documents", ""), [others]);
            assert_eq!(service.begun_parts("documents"), 0);
        }
    }
}
