//! A bucket of another maker: SeaweedFS, which keeps Object Lock. `cargo xtask test` installs it; without it these tests fail and say so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::{fs, path::PathBuf, sync::Arc};

use bailiwick_domain::{
    clock::Clock,
    time::{Span, Timestamp},
};
use bailiwick_objects::{Bucket, Lock, Options};
use bailiwick_peers::{Key, OWNER, SeaweedFs, WRITER, now};
use tempfile::TempDir;

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
