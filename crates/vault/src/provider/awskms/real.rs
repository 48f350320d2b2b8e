//! Against two programs that play AWS KMS, each of which lies in its own way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_peers::{Kms, Player};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::entropy::SeededEntropy;
use crate::provider::{KeyProvider, ManagedError, ManagedProvider, ProviderError, suite};

const PATIENCE: Duration = Duration::from_secs(20);

struct Stage {
    kms: Kms,
    folder: TempDir,
}

impl Stage {
    fn new(player: Player) -> Self {
        let stage = Self { kms: Kms::start(player), folder: TempDir::new().unwrap() };
        std::fs::write(stage.folder.path().join("secret"), "marked-secret-of-the-access-key\n").unwrap();
        stage
    }

    fn key(&self) -> String {
        self.kms.make_key("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("root.key")
    }

    fn holder(&self, key: &str) -> Holder {
        let settings = AwsKmsSettings {
            key: key.into(),
            region: "us-east-1".into(),
            address: Some(self.kms.address().parse().unwrap()),
            access_key: "owner".into(),
            secret: Credential::File(self.folder.path().join("secret")),
        };
        Holder::awskms(settings).unwrap()
    }

    async fn create(&self, key: &str) -> Result<ManagedProvider, ManagedError> {
        ManagedProvider::create(self.holder(key), &self.path(), PATIENCE, Arc::new(SeededEntropy::new(1)))
            .await
    }

    async fn open(&self, key: &str) -> Result<ManagedProvider, ManagedError> {
        ManagedProvider::open(self.holder(key), &self.path(), PATIENCE, Arc::new(SeededEntropy::new(2))).await
    }
}

fn trouble_of(error: &ManagedError) -> Option<Trouble> {
    match error {
        ManagedError::Unusable { trouble, .. } => Some(*trouble),
        _ => None,
    }
}

async fn keeps_its_promises(player: Player) {
    let stage = Stage::new(player);
    let arn = stage.key();
    let first = stage.create(&arn).await.unwrap();
    assert_eq!(first.key_id().as_str(), format!("awskms:{arn}"));
    assert!(first.kind().is_managed());
    let again = stage.open(arn.rsplit_once('/').unwrap().1).await.unwrap();
    suite::keeps_its_promises(Arc::new(first), Arc::new(again)).await;
}

#[tokio::test]
async fn a_key_of_kms_keeps_its_promises_with_moto() {
    keeps_its_promises(Player::Moto).await;
}

/// This one opens ciphertexts that were altered; what it hands out then opens nothing.
#[tokio::test]
async fn a_key_of_kms_keeps_its_promises_with_ministack() {
    keeps_its_promises(Player::Ministack).await;
}

#[tokio::test]
async fn an_alias_is_what_it_was_when_it_was_taken_up() {
    let stage = Stage::new(Player::Moto);
    let (first, second) = (stage.key(), stage.key());
    stage.kms.must("CreateAlias", &json!({"AliasName": "alias/bailiwick", "TargetKeyId": first}));
    let provider = stage.create("alias/bailiwick").await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(3));
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    stage.kms.must("UpdateAlias", &json!({"AliasName": "alias/bailiwick", "TargetKeyId": second}));
    let again = stage.open("alias/bailiwick").await.unwrap();
    assert_eq!(again.key_id().as_str(), format!("awskms:{first}"));
    assert_eq!(again.unwrap_key(&wrapped, b"acme").await.unwrap().expose(), key.expose());
    assert!(matches!(stage.open(&second).await, Err(ManagedError::Other { .. })));
}

#[tokio::test]
async fn keys_that_are_disabled_absent_or_for_something_else_are_no_root_keys() {
    for player in [Player::Moto, Player::Ministack] {
        let stage = Stage::new(player);
        let disabled = stage.key();
        stage.kms.must("DisableKey", &json!({"KeyId": disabled.rsplit_once('/').unwrap().1}));
        assert_eq!(
            trouble_of(&stage.create(&disabled).await.unwrap_err()),
            Some(Trouble::Disabled),
            "{player:?}"
        );
        let signs = stage.kms.make_key("SIGN_VERIFY", "ECC_NIST_P256");
        assert!(
            matches!(trouble_of(&stage.create(&signs).await.unwrap_err()), Some(Trouble::Unfit(_))),
            "{player:?}"
        );
        let nowhere = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000";
        assert_eq!(
            trouble_of(&stage.create(nowhere).await.unwrap_err()),
            Some(Trouble::Absent),
            "{player:?}"
        );
        assert!(!stage.path().exists());
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_told_apart_and_nothing_shows_the_secret() {
    let stage = Stage::new(Player::Moto);
    let arn = stage.key();
    let provider = stage.create(&arn).await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(4));
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    let Stage { kms, folder } = stage;
    drop(kms);
    let error = provider.unwrap_key(&wrapped, b"acme").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_, Trouble::Unreachable)), "{error}");
    assert!(matches!(provider.check().await, Err(ProviderError::Unavailable(..))));
    for shown in [format!("{provider:?}"), format!("{error} {error:?}")] {
        assert!(!shown.contains("marked-secret"), "{shown}");
    }
    std::fs::remove_file(folder.path().join("secret")).unwrap();
    let error = provider.check().await.unwrap_err();
    assert!(matches!(error, ProviderError::Unavailable(_, Trouble::Credential)), "{error}");
}
