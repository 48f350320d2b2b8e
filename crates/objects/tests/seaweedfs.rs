//! A bucket of another maker: SeaweedFS, which keeps Object Lock. `cargo xtask test` installs it; without it these tests fail and say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::{fs, io::ErrorKind, path::PathBuf, sync::Arc};

use bailiwick_domain::{
    clock::Clock,
    time::{Span, Timestamp},
};
use bailiwick_objects::{Bucket, Listed, Lock, Options};
use bailiwick_peers::{Key, OWNER, SeaweedFs, WRITER, now};
use tempfile::TempDir;
use tokio::sync::mpsc::channel;

const REFUSED: u16 = 403;
const DONE: u16 = 204;

/// A moment.
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A bucket below `audit/`, as the archive reaches it.
fn bucket(service: &SeaweedFs, name: &str, key: Key, at: Timestamp, compliance: bool) -> Bucket {
    let options = Options {
        bucket: name.into(),
        prefix: "audit".into(),
        region: "us-east-1".into(),
        endpoint: Some(service.endpoint()),
        key: key.id.into(),
        secret: key.secret.into(),
        lock: Some(Lock { compliance, days: 7 }),
    };
    Bucket::new(options, Arc::new(At(at)))
}

/// A file with these octets.
fn file(folder: &TempDir, octets: &[u8]) -> PathBuf {
    let path = folder.path().join("file");
    fs::write(&path, octets).unwrap();
    path
}

async fn fetched(bucket: &Bucket, folder: &TempDir, name: &str) -> Vec<u8> {
    let back = folder.path().join("back");
    bucket.fetch(name, &back).await.unwrap();
    fs::read(back).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_deletes_or_shortens_what_is_locked_in_compliance_mode_not_even_the_owner() {
    let (service, folder, at) = (SeaweedFs::start(), TempDir::new().unwrap(), now());
    service.make("archive", true);
    let bucket = bucket(&service, "archive", WRITER, at, true);
    bucket.put("t/1/manifest", &file(&folder, b"octets")).await.unwrap();
    let place = "archive/audit/t/1/manifest";
    let [version] = <[String; 1]>::try_from(service.versions(place)).unwrap();
    let (mode, until) = service.lock(place, &version);
    assert_eq!((mode.as_str(), until.unix_seconds()), ("COMPLIANCE", (at + Span::days(7)).unix_seconds()));

    for key in [WRITER, OWNER] {
        assert_eq!(service.delete(key, place, Some(&version)), REFUSED, "{}", key.id);
        let sooner = until - Span::days(1);
        assert_eq!(service.retain(key, place, &version, "COMPLIANCE", sooner), REFUSED, "{}", key.id);
        assert_eq!(service.retain(key, place, &version, "GOVERNANCE", until), REFUSED, "{}", key.id);
    }
    assert_ne!(service.suspend_versions("archive"), 200);
    assert_ne!(service.remove("archive"), DONE);
    assert_eq!(service.lock(place, &version), ("COMPLIANCE".to_owned(), until));

    // What is written over it, and a mark that it is deleted, lie in front of it and not in its place.
    assert_eq!(service.write(WRITER, place, b"forged"), 200);
    assert_eq!(service.versions(place).len(), 2);
    assert_eq!(fetched(&bucket, &folder, "t/1/manifest").await, b"forged");
    assert_eq!(service.delete(WRITER, place, None), DONE);
    assert_eq!(service.read(place, None), None);
    assert_eq!(service.read(place, Some(&version)).as_deref(), Some(&b"octets"[..]));
    assert_eq!(service.delete(OWNER, place, Some(&version)), REFUSED);

    assert_eq!(service.retain(OWNER, place, &version, "COMPLIANCE", until + Span::days(1)), 200);
    assert_eq!(service.lock(place, &version).1, until + Span::days(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_governance_mode_only_who_may_bypass_it_deletes_and_without_a_lock_nothing_is_written() {
    let (service, folder) = (SeaweedFs::start(), TempDir::new().unwrap());
    service.make("archive", true);
    let governed = bucket(&service, "archive", WRITER, now(), false);
    governed.put("t/1/manifest", &file(&folder, b"octets")).await.unwrap();
    let place = "archive/audit/t/1/manifest";
    let version = service.versions(place).remove(0);
    assert_eq!(service.lock(place, &version).0, "GOVERNANCE");
    assert_eq!(service.delete(WRITER, place, Some(&version)), REFUSED);
    assert_eq!(service.delete(OWNER, place, Some(&version)), DONE);

    // A bucket that was made without Object Lock.
    service.make("plain", false);
    let unlocked = bucket(&service, "plain", WRITER, now(), true);
    assert!(unlocked.put("t/1/manifest", &file(&folder, b"octets")).await.is_err());
    let stranger = bucket(&service, "plain", Key { secret: "not the secret", ..WRITER }, now(), true);
    assert!(stranger.put("t/1/manifest", &file(&folder, b"octets")).await.is_err());
    assert!(stranger.names("t/").await.is_err());
    assert_eq!(unlocked.names("t/").await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_put_once_the_first_stays_and_a_large_file_comes_back_whole() {
    let (service, folder) = (SeaweedFs::start(), TempDir::new().unwrap());
    service.make("archive", true);
    let bucket = bucket(&service, "archive", WRITER, now(), true);
    for octets in [b"first", b"other"] {
        bucket.put_once("t/1/manifest", &file(&folder, octets)).await.unwrap();
    }
    assert_eq!(fetched(&bucket, &folder, "t/1/manifest").await, b"first");
    assert_eq!(service.versions("archive/audit/t/1/manifest").len(), 1);
    assert!(bucket.fetch("t/2/manifest", &folder.path().join("none")).await.is_err());

    let large: Vec<u8> =
        (0..9 * 1024 * 1024_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    bucket.put("t/1/events.parquet", &file(&folder, &large)).await.unwrap();
    bucket.put("u/1/manifest", &file(&folder, b"others")).await.unwrap();
    assert!(fetched(&bucket, &folder, "t/1/events.parquet").await == large);
    let mut names = bucket.names("t/").await.unwrap();
    names.sort_unstable();
    assert_eq!(names, ["t/1/events.parquet", "t/1/manifest"]);
}

/// A bucket without locks, as documents reach it.
fn plain(service: &SeaweedFs, name: &str) -> Bucket {
    let options = Options {
        bucket: name.into(),
        prefix: "documents".into(),
        region: "us-east-1".into(),
        endpoint: Some(service.endpoint()),
        key: WRITER.id.into(),
        secret: WRITER.secret.into(),
        lock: None,
    };
    Bucket::new(options, Arc::new(At(now())))
}

async fn listed(bucket: &Bucket, folder: &str) -> Vec<Listed> {
    let (send, mut receive) = channel(2);
    let take = async {
        let mut all = Vec::new();
        while let Some(file) = receive.recv().await {
            all.push(file);
        }
        all
    };
    let listing = async move { bucket.list(folder, &send).await };
    let (done, mut all) = tokio::join!(listing, take);
    done.unwrap();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn large_file_goes_in_parts_comes_back_in_ranges_and_is_removed() {
    let (service, folder) = (SeaweedFs::start(), TempDir::new().unwrap());
    service.make("documents", false);
    let bucket = plain(&service, "documents");
    let large: Vec<u8> =
        (0..35 * 1024 * 1024_u32 + 77).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    bucket.put_in_parts("t/1.sealed", &file(&folder, &large)).await.unwrap();
    bucket.put_in_parts("t/2.sealed", &file(&folder, b"small")).await.unwrap();
    assert_eq!(service.begun_parts("documents"), 0, "what was begun is completed");
    assert!(service.read("documents/documents/t/1.sealed", None).unwrap() == large);
    assert_eq!(bucket.length("t/1.sealed").await.unwrap(), large.len() as u64);
    for (from, octets) in [(0, 10), (16 * 1024 * 1024 - 5, 10), (large.len() - 3, 3), (large.len() - 3, 9)] {
        let read = bucket.read("t/1.sealed", from as u64, octets).await.unwrap();
        let until = large.len().min(from + usize::try_from(octets).unwrap());
        assert!(read == large[from..until], "{from}");
    }
    let beyond = bucket.read("t/2.sealed", 5, 1).await.unwrap_err();
    assert_eq!(beyond.kind(), ErrorKind::UnexpectedEof, "{beyond}");
    let names: Vec<_> = listed(&bucket, "t/").await.into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["t/1.sealed", "t/2.sealed"]);
    assert!(listed(&bucket, "u/").await.is_empty());
    assert_eq!(bucket.address("t/1.sealed"), "s3://documents/documents/t/1.sealed");

    for _ in 0..2 {
        bucket.remove("t/1.sealed").await.unwrap();
        assert_eq!(bucket.length("t/1.sealed").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(bucket.read("t/1.sealed", 0, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let gone = plain(&service, "elsewhere");
    assert_ne!(
        gone.length("t/2.sealed").await.unwrap_err().kind(),
        ErrorKind::NotFound,
        "no bucket is no news of a file"
    );
    assert_ne!(gone.read("t/2.sealed", 0, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn upload_that_was_cut_off_is_given_up_once_it_is_old() {
    let (service, folder) = (SeaweedFs::start(), TempDir::new().unwrap());
    service.make("documents", false);
    let bucket = plain(&service, "documents");
    for name in ["documents/t/1.sealed", "documents/t/2.sealed", "others/t/3.sealed"] {
        service.begin_parts(WRITER, &format!("documents/{name}"));
    }
    assert_eq!(bucket.abandon(now() - Span::days(1)).await.unwrap(), 0);
    assert_eq!(service.begun_parts("documents"), 3);
    assert_eq!(bucket.abandon(now() + Span::days(1)).await.unwrap(), 2, "below its own prefix");
    assert_eq!(service.begun_parts("documents"), 1);

    // A file that ends before it was said to: nothing of it is left.
    let large = file(&folder, &vec![7; 20 * 1024 * 1024]);
    let stranger = plain(&service, "elsewhere");
    assert!(stranger.put_in_parts("t/4.sealed", &large).await.is_err());
    assert!(bucket.put_in_parts("t/4.sealed", &folder.path().join("none")).await.is_err());
    assert_eq!(service.begun_parts("documents"), 1);
}
