//! A container of Azure, as Azurite plays it. `cargo xtask test` installs it; without it this test fails and says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;

use bailiwick_objects::Cloud;
use bailiwick_peers::Azurite;
use tempfile::TempDir;

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

    let mut options = service.options();
    options.retain(|(name, _)| name != "azure_storage_account_key");
    options.push(("azure_storage_account_key".to_owned(), "bm90IHRoZSBzZWNyZXQ=".to_owned()));
    let stranger = Cloud::new("az://archive/audit", options).unwrap();
    assert!(stranger.names("t/").await.is_err() && stranger.put("t/1/manifest", &file).await.is_err());
    assert_eq!(fetched("t/1/manifest").await, b"other");
}
