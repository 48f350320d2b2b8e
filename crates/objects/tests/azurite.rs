//! A container of Azure, as Azurite plays it. `cargo xtask test` installs it; without it this test fails and says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::{fs, io::ErrorKind};

use bailiwick_objects::Cloud;
use bailiwick_peers::Azurite;
use tempfile::TempDir;
use tokio::sync::mpsc::channel;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_put_once_the_first_stays_and_a_large_file_comes_back_whole() {
    let (service, folder) = (Azurite::start("archive"), TempDir::new().unwrap());
    let cloud = Cloud::new("az://archive/audit", service.options()).unwrap();
    let (file, back) = (folder.path().join("file"), folder.path().join("back"));
    let fetched = async |name: &str| {
        cloud.fetch(name, &back).await.unwrap();
        fs::read(&back).unwrap()
    };
    for octets in [b"first", b"other"] {
        fs::write(&file, octets).unwrap();
        cloud.put_once("t/1/manifest", &file).await.unwrap();
    }
    assert_eq!(fetched("t/1/manifest").await, b"first");
    cloud.put("t/1/manifest", &file).await.unwrap();
    assert_eq!(fetched("t/1/manifest").await, b"other", "only a policy of the container keeps it");
    assert!(cloud.fetch("t/2/manifest", &back).await.is_err());

    let large: Vec<u8> =
        (0..9 * 1024 * 1024_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    fs::write(&file, &large).unwrap();
    cloud.put("t/1/events.parquet", &file).await.unwrap();
    cloud.put("u/1/manifest", &file).await.unwrap();
    fs::write(&file, b"").unwrap();
    cloud.put("t/1/tiles", &file).await.unwrap();
    assert!(fetched("t/1/events.parquet").await == large);
    assert!(fetched("t/1/tiles").await.is_empty());
    let mut names = cloud.names("t/").await.unwrap();
    names.sort_unstable();
    assert_eq!(names, ["t/1/events.parquet", "t/1/manifest", "t/1/tiles"]);
    assert_eq!(cloud.names("t/2").await.unwrap(), Vec::<String>::new());

    assert_eq!(cloud.length("t/1/events.parquet").await.unwrap(), large.len() as u64);
    let (from, octets) = (8 * 1024 * 1024 - 5, 11);
    let read = cloud.read("t/1/events.parquet", from as u64, octets as u64).await.unwrap();
    assert!(read == large[from..from + octets]);
    assert_eq!(cloud.length("t/1/none").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(cloud.read("t/1/none", 0, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
    let gone = Cloud::new("az://elsewhere/audit", service.options()).unwrap();
    assert_ne!(gone.length("t/1/none").await.unwrap_err().kind(), ErrorKind::NotFound);
    let (send, mut receive) = channel(8);
    cloud.list("t/", &send).await.unwrap();
    drop(send);
    let mut listed = Vec::new();
    while let Some(file) = receive.recv().await {
        listed.push(file.name);
    }
    listed.sort_unstable();
    assert_eq!(listed, ["t/1/events.parquet", "t/1/manifest", "t/1/tiles"]);
    for _ in 0..2 {
        cloud.remove("t/1/tiles").await.unwrap();
        assert_eq!(cloud.length("t/1/tiles").await.unwrap_err().kind(), ErrorKind::NotFound);
    }

    let mut options = service.options();
    options.retain(|(name, _)| name != "azure_storage_account_key");
    options.push(("azure_storage_account_key".to_owned(), "bm90IHRoZSBzZWNyZXQ=".to_owned()));
    let stranger = Cloud::new("az://archive/audit", options).unwrap();
    assert!(stranger.names("t/").await.is_err() && stranger.put("t/1/manifest", &file).await.is_err());
    assert_eq!(fetched("t/1/manifest").await, b"other");
}
