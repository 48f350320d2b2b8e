//! Against a real token of SoftHSM.
//!
//! Its library looks for tokens where a variable of the process says, and nobody sets that of a process that runs: so each test
//! starts itself once more, with the variable set.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests, which look into their own environment"
)]

use std::process::Command;
use std::time::Duration;

use bailiwick_peers::SoftHsm;
use tempfile::TempDir;

use super::*;
use crate::entropy::SeededEntropy;
use crate::provider::{KeyProvider, ManagedError, ManagedProvider, ProviderError, suite};

const PATIENCE: Duration = Duration::from_secs(20);
const TOKEN: &str = "Acme Ltd";
/// Says in which folder the second start of a test finds the PIN, and where it may write.
const FOLDER: &str = "BAILIWICK_TEST_PKCS11";

/// In the first start, makes a token with keys and starts the test once more; in the second one, gives what that needs.
fn stage(test: &str, keys: &[(&str, &str, bool)]) -> Option<Stage> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Some(Stage { folder: folder.into() });
    }
    let (hsm, folder) = (SoftHsm::make(TOKEN), TempDir::new().unwrap());
    for (label, kind, may_leave) in keys {
        hsm.make_key(TOKEN, label, kind, *may_leave);
    }
    std::fs::write(folder.path().join("pin"), hsm.pin()).unwrap();
    std::os::unix::fs::symlink(hsm.module(), folder.path().join("module.so")).unwrap();
    let (name, value) = hsm.variable();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("provider::pkcs11::real::{test}"), "--nocapture"])
        .env(name, value)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "the test was not found: {said}");
    None
}

struct Stage {
    folder: PathBuf,
}

impl Stage {
    fn holder(&self, key: &str) -> Holder {
        let settings = Pkcs11Settings {
            module: self.folder.join("module.so"),
            token: TOKEN.into(),
            key: key.into(),
            pin: Credential::File(self.folder.join("pin")),
        };
        Holder::pkcs11(settings).unwrap()
    }

    async fn create(&self, key: &str) -> Result<ManagedProvider, ManagedError> {
        let (path, entropy) = (self.folder.join(format!("{key}.key")), Arc::new(SeededEntropy::new(1)));
        ManagedProvider::create(self.holder(key), &path, PATIENCE, entropy).await
    }

    async fn open(&self, key: &str) -> Result<ManagedProvider, ManagedError> {
        let (path, entropy) = (self.folder.join(format!("{key}.key")), Arc::new(SeededEntropy::new(2)));
        ManagedProvider::open(self.holder(key), &path, PATIENCE, entropy).await
    }
}

fn trouble_of(error: &ManagedError) -> Option<Trouble> {
    match error {
        ManagedError::Unusable { trouble, .. } => Some(*trouble),
        _ => None,
    }
}

#[tokio::test]
async fn a_key_in_a_token_keeps_its_promises() {
    let Some(stage) = stage("a_key_in_a_token_keeps_its_promises", &[("root", "AES:32", false)]) else {
        return;
    };
    let first = stage.create("root").await.unwrap();
    assert_eq!(first.key_id().as_str(), "pkcs11:Acme%20Ltd/root");
    assert!(first.kind().is_managed());
    let again = stage.open("root").await.unwrap();
    suite::keeps_its_promises(Arc::new(first), Arc::new(again)).await;
}

#[tokio::test]
async fn only_a_key_that_stays_in_its_token_is_a_root_key() {
    let keys = [
        ("leaves", "AES:32", true),
        ("short", "AES:16", false),
        ("twice", "AES:32", false),
        ("twice", "AES:32", false),
        ("other", "generic:32", false),
    ];
    let Some(stage) = stage("only_a_key_that_stays_in_its_token_is_a_root_key", &keys) else { return };
    for label in ["leaves", "short", "twice"] {
        let error = stage.create(label).await.unwrap_err();
        assert!(matches!(trouble_of(&error), Some(Trouble::Unfit(_))), "{label}: {error}");
    }
    for label in ["other", "nowhere"] {
        assert_eq!(trouble_of(&stage.create(label).await.unwrap_err()), Some(Trouble::Absent), "{label}");
    }
}

#[tokio::test]
async fn a_wrong_pin_is_tried_once_and_a_corrected_one_counts() {
    let test = "a_wrong_pin_is_tried_once_and_a_corrected_one_counts";
    let Some(stage) = stage(test, &[("root", "AES:32", false)]) else { return };
    stage.create("root").await.unwrap();
    let right = std::fs::read_to_string(stage.folder.join("pin")).unwrap();
    std::fs::write(stage.folder.join("pin"), "77777777").unwrap();
    let Holder(holder) = stage.holder("root");
    // Far more often than a token takes before it locks itself.
    for _ in 0..20 {
        assert_eq!(holder.name().await, Err(Fault::Trouble(Trouble::Denied)));
    }
    std::fs::write(stage.folder.join("pin"), format!("{right}\n")).unwrap();
    assert!(holder.name().await.is_ok());
    stage.open("root").await.unwrap().check().await.unwrap();
}

#[tokio::test]
async fn another_key_by_the_same_name_opens_nothing() {
    let keys = [("root", "AES:32", false), ("next", "AES:32", false)];
    let Some(stage) = stage("another_key_by_the_same_name_opens_nothing", &keys) else { return };
    let (root, next) = (stage.create("root").await.unwrap(), stage.create("next").await.unwrap());
    let key = KeyBytes::random(&SeededEntropy::new(3));
    let wrapped = root.wrap_key(&key, b"acme").await.unwrap();
    assert!(matches!(next.unwrap_key(&wrapped, b"acme").await, Err(ProviderError::Rejected(_))));
    let (path, entropy) = (stage.folder.join("root.key"), Arc::new(SeededEntropy::new(4)));
    let error = ManagedProvider::open(stage.holder("next"), &path, PATIENCE, entropy).await.unwrap_err();
    assert!(matches!(error, ManagedError::Other { .. }));
}
