//! Against a real OpenBao.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_peers::OpenBao;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::entropy::SeededEntropy;
use crate::provider::{KeyProvider, ManagedError, ManagedProvider, ProviderError, suite};

const PATIENCE: Duration = Duration::from_secs(10);

/// A service with the key `bailiwick`, a token for it in a file, and a folder.
struct Stage {
    bao: OpenBao,
    folder: TempDir,
}

impl Stage {
    fn new(options: &Value) -> Self {
        let stage = Self { bao: OpenBao::start(), folder: tempfile::tempdir().unwrap() };
        stage.bao.make_key("bailiwick", options);
        std::fs::write(stage.path("token"), stage.bao.token("bailiwick")).unwrap();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> TransitSettings {
        TransitSettings {
            address: self.bao.address().parse().unwrap(),
            mount: "transit".into(),
            key: "bailiwick".into(),
            namespace: None,
            token: Credential::File(self.path("token")),
            authorities: None,
        }
    }

    fn holder(&self) -> Holder {
        Holder::transit(self.settings()).unwrap()
    }

    async fn create(&self) -> Result<ManagedProvider, ManagedError> {
        let entropy = Arc::new(SeededEntropy::new(1));
        ManagedProvider::create(self.holder(), &self.path("root.key"), PATIENCE, entropy).await
    }

    async fn open(&self) -> Result<ManagedProvider, ManagedError> {
        let entropy = Arc::new(SeededEntropy::new(2));
        ManagedProvider::open(self.holder(), &self.path("root.key"), PATIENCE, entropy).await
    }

    fn must(&self, method: &str, path: &str, body: &Value) {
        let (status, answer) = self.bao.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    }
}

fn trouble(error: &ManagedError) -> Option<Trouble> {
    match error {
        ManagedError::Unusable { trouble, .. } => Some(*trouble),
        _ => None,
    }
}

async fn refused(provider: &ManagedProvider, wrapped: &[u8]) -> Option<Trouble> {
    match provider.unwrap_key(wrapped, b"acme").await {
        Err(ProviderError::Unavailable(_, trouble)) => Some(trouble),
        _ => None,
    }
}

#[tokio::test]
async fn both_kinds_of_keys_of_transit_keep_their_promises() {
    for options in [json!({}), json!({"derived": true})] {
        let stage = Stage::new(&options);
        let first = stage.create().await.unwrap();
        assert_eq!(first.key_id().as_str(), "transit:transit/bailiwick@1");
        assert!(first.kind().is_managed());
        let again = stage.open().await.unwrap();
        suite::keeps_its_promises(Arc::new(first), Arc::new(again)).await;
    }
}

#[tokio::test]
async fn a_version_that_the_service_rotates_to_is_another_root_key() {
    let stage = Stage::new(&json!({}));
    let first = stage.create().await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(3));
    let before = first.wrap_key(&key, b"acme").await.unwrap();
    stage.must("POST", "transit/keys/bailiwick/rotate", &Value::Null);
    // Nothing moves by itself: the name still says who wrapped.
    let after = first.wrap_key(&key, b"acme").await.unwrap();
    let again = stage.open().await.unwrap();
    assert_eq!(again.key_id().as_str(), "transit:transit/bailiwick@1");
    for wrapped in [&before, &after] {
        assert_eq!(again.unwrap_key(wrapped, b"acme").await.unwrap().expose(), key.expose());
    }
    let entropy = Arc::new(SeededEntropy::new(4));
    let second = ManagedProvider::succeed(&again, stage.holder(), &stage.path("next.key"), PATIENCE, entropy)
        .await
        .unwrap();
    assert_eq!(second.key_id().as_str(), "transit:transit/bailiwick@2");
    assert_eq!(
        second.derive_key(b"a").await.unwrap().expose(),
        first.derive_key(b"a").await.unwrap().expose()
    );
    assert!(matches!(second.unwrap_key(&before, b"acme").await, Err(ProviderError::Rejected(_))));
    // Retired there, the old version says so and is not taken for damage.
    stage.must("POST", "transit/keys/bailiwick/config", &json!({"min_decryption_version": 2}));
    assert_eq!(refused(&first, &before).await, Some(Trouble::Disabled));
    second.check().await.unwrap();
}

#[tokio::test]
async fn a_key_that_could_be_read_out_is_no_root_key() {
    for options in [
        json!({"exportable": true}),
        json!({"allow_plaintext_backup": true}),
        json!({"type": "chacha20-poly1305"}),
        json!({"type": "ed25519"}),
    ] {
        let stage = Stage::new(&options);
        let error = stage.create().await.unwrap_err();
        assert!(matches!(trouble(&error), Some(Trouble::Unfit(_))), "{options}: {error}");
        assert!(!stage.path("root.key").exists());
    }
}

#[tokio::test]
async fn a_service_that_refuses_or_is_gone_is_told_apart_from_a_damaged_key() {
    let stage = Stage::new(&json!({}));
    let provider = stage.create().await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(5));
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    let token = std::fs::read_to_string(stage.path("token")).unwrap();

    std::fs::write(stage.path("token"), "marked-token-that-nobody-gave").unwrap();
    assert_eq!(refused(&provider, &wrapped).await, Some(Trouble::Denied));
    let error = stage.open().await.unwrap_err();
    assert_eq!(trouble(&error), Some(Trouble::Denied));
    for shown in [format!("{error} {error:?}"), format!("{provider:?}"), stage.bao.said()] {
        assert!(!shown.contains("marked-token") && !shown.contains(&token), "{shown}");
    }
    std::fs::remove_file(stage.path("token")).unwrap();
    assert_eq!(refused(&provider, &wrapped).await, Some(Trouble::Credential));
    // A renewed token counts at once.
    std::fs::write(stage.path("token"), format!("{}\n", stage.bao.token("bailiwick"))).unwrap();
    provider.check().await.unwrap();

    stage.must("POST", "transit/keys/bailiwick/config", &json!({"deletion_allowed": true}));
    stage.must("DELETE", "transit/keys/bailiwick", &Value::Null);
    assert_eq!(refused(&provider, &wrapped).await, Some(Trouble::Absent));
    // The token may not make keys, so nothing takes the place of the one that is gone.
    assert!(matches!(provider.wrap_key(&key, b"acme").await, Err(ProviderError::Unavailable(..))));
    stage.bao.make_key("bailiwick", &json!({}));
    assert!(
        matches!(provider.check().await, Err(ProviderError::Rejected(_))),
        "another key by the same name"
    );
    assert!(matches!(stage.open().await, Err(ManagedError::Rejected { .. })));

    stage.must("PUT", "sys/seal", &Value::Null);
    assert_eq!(refused(&provider, &wrapped).await, Some(Trouble::Busy));
    let Stage { bao, folder } = stage;
    drop(bao);
    assert_eq!(refused(&provider, &wrapped).await, Some(Trouble::Unreachable));
    drop(folder);
}

#[tokio::test]
async fn settings_that_mean_another_key_are_refused_by_name() {
    let stage = Stage::new(&json!({}));
    stage.create().await.unwrap();
    let open = async |settings: TransitSettings| {
        let (holder, entropy) = (Holder::transit(settings).unwrap(), Arc::new(SeededEntropy::new(6)));
        ManagedProvider::open(holder, &stage.path("root.key"), PATIENCE, entropy).await.unwrap_err()
    };
    let other = open(TransitSettings { key: "other".into(), ..stage.settings() }).await;
    assert!(other.to_string().contains("transit:transit/bailiwick@1"), "{other}");
    let nowhere = TransitSettings { mount: "nowhere".into(), ..stage.settings() };
    let (path, entropy) = (stage.path("new.key"), Arc::new(SeededEntropy::new(7)));
    let created = ManagedProvider::create(Holder::transit(nowhere).unwrap(), &path, PATIENCE, entropy).await;
    assert!(matches!(trouble(&created.unwrap_err()), Some(Trouble::Denied | Trouble::Absent)));
}
