#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::entropy::SeededEntropy;
use crate::provider::FileProvider;

const PATIENCE: Duration = Duration::from_secs(5);

/// A holder that cannot be trusted: it hands the key back to whoever asks, whatever they ask with.
#[derive(Debug, Default)]
struct Gullible {
    asked: AtomicU32,
    /// It is in trouble for so many times, and then well.
    trouble: Option<(Trouble, u32)>,
    /// It never answers.
    silent: bool,
}

impl Gullible {
    async fn turn(&self) -> Result<(), Fault> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if self.silent {
            std::future::pending::<()>().await;
        }
        match self.trouble {
            Some((trouble, times)) if asked < times => Err(trouble.into()),
            _ => Ok(()),
        }
    }
}

impl Holds for Arc<Gullible> {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Transit
    }
    fn place(&self) -> String {
        "nowhere".into()
    }
    fn name(&self) -> Holding<'_, KeyId> {
        Box::pin(async { Ok(KeyId::parse("transit:nowhere").unwrap()) })
    }
    fn means(&self, id: &KeyId) -> bool {
        id.as_str() == "transit:nowhere"
    }
    fn encrypt<'a>(&'a self, _: &'a KeyId, key: &'a KeyBytes, _: &'a [u8; 32]) -> Holding<'a, Vec<u8>> {
        Box::pin(async { self.turn().await.map(|()| [key.expose().as_slice(), b"chaff"].concat()) })
    }
    fn decrypt<'a>(&'a self, _: &'a KeyId, sealed: &'a [u8], _: &'a [u8; 32]) -> Holding<'a, KeyBytes> {
        Box::pin(async {
            self.turn().await?;
            sealed.get(..32).and_then(KeyBytes::copy_from).ok_or(Fault::Rejected)
        })
    }
}

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    async fn create(&self, holder: &Arc<Gullible>) -> Result<ManagedProvider, ManagedError> {
        let (holder, entropy) = (Holder(Box::new(Arc::clone(holder))), Arc::new(SeededEntropy::new(5)));
        ManagedProvider::create(holder, &self.folder.path().join("root.key"), PATIENCE, entropy).await
    }
}

#[tokio::test]
async fn a_holder_that_overlooks_altered_octets_and_contexts_is_noticed() {
    let (stage, holder) = (Stage::new(), Arc::new(Gullible::default()));
    let provider = stage.create(&holder).await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(6));
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    assert!(matches!(provider.unwrap_key(&wrapped, b"globex").await, Err(ProviderError::Rejected(_))));
    for at in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[at] ^= 1;
        assert!(
            matches!(provider.unwrap_key(&altered, b"acme").await, Err(ProviderError::Rejected(_))),
            "octet {at}"
        );
    }
    assert_eq!(provider.unwrap_key(&wrapped, b"acme").await.unwrap().expose(), key.expose());
}

#[tokio::test]
async fn a_holder_never_sees_the_key_that_is_wrapped() {
    let (stage, holder) = (Stage::new(), Arc::new(Gullible::default()));
    let provider = stage.create(&holder).await.unwrap();
    let key = KeyBytes::random(&SeededEntropy::new(7));
    // This holder keeps in what it returns everything that it was ever told.
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    assert!(!wrapped.windows(4).any(|window| key.expose().windows(4).any(|piece| piece == window)));
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_and_nothing_else() {
    for (trouble, times, asked, outcome) in [
        (Trouble::Busy, 2, 3, None),
        (Trouble::Unreachable, 3, 3, Some(Trouble::Unreachable)),
        (Trouble::Denied, 1, 1, Some(Trouble::Denied)),
        (Trouble::Disabled, 1, 1, Some(Trouble::Disabled)),
    ] {
        let holder = Arc::new(Gullible { trouble: Some((trouble, times)), ..Gullible::default() });
        let id = KeyId::parse("transit:nowhere").unwrap();
        let key = KeyBytes::random(&SeededEntropy::new(8));
        let wrapped = wrap(&holder, &id, PATIENCE, &SeededEntropy::new(9), &key, b"acme").await;
        assert_eq!(holder.asked.load(Ordering::Relaxed), asked, "{trouble:?}");
        match (wrapped, outcome) {
            (Ok(_), None) => {}
            (Err(ProviderError::Unavailable(_, found)), Some(expected)) => assert_eq!(found, expected),
            (wrapped, _) => panic!("{trouble:?}: {wrapped:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_was_said_for_a_holder_that_is_silent() {
    let (stage, holder) = (Stage::new(), Arc::new(Gullible { silent: true, ..Gullible::default() }));
    let began = tokio::time::sleep(PATIENCE + Duration::from_millis(1));
    let created = tokio::select! {
        created = stage.create(&holder) => created,
        () = began => panic!("still waiting"),
    };
    let error = created.unwrap_err();
    assert!(matches!(error, ManagedError::Unusable { trouble: Trouble::Silent, .. }), "{error}");
    assert!(!stage.folder.path().join("root.key").exists());
}

#[tokio::test]
async fn a_successor_derives_the_same_keys_and_wraps_by_its_own() {
    let stage = Stage::new();
    let file =
        FileProvider::create(&stage.folder.path().join("old.key"), Arc::new(SeededEntropy::new(1))).unwrap();
    let holder = Arc::new(Gullible::default());
    let path = stage.folder.path().join("root.key");
    let boxed = || Holder(Box::new(Arc::clone(&holder)));
    let entropy = || Arc::new(SeededEntropy::new(10));
    ManagedProvider::succeed(&file, boxed(), &path, PATIENCE, entropy()).await.unwrap();
    let successor = ManagedProvider::open(boxed(), &path, PATIENCE, entropy()).await.unwrap();
    let derived = file.derive_key(b"a").await.unwrap();
    assert_eq!(derived.expose(), successor.derive_key(b"a").await.unwrap().expose());
    assert_ne!(file.key_id(), successor.key_id());
    let wrapped = file.wrap_key(&derived, b"a").await.unwrap();
    assert!(matches!(successor.unwrap_key(&wrapped, b"a").await, Err(ProviderError::Rejected(_))));
    let error = ManagedProvider::create(boxed(), &path, PATIENCE, entropy()).await.unwrap_err();
    assert!(matches!(error, ManagedError::Exists(_)));
}

#[tokio::test]
async fn a_file_of_another_root_key_is_refused_by_name() {
    let (stage, holder) = (Stage::new(), Arc::new(Gullible::default()));
    let path = stage.folder.path().join("root.key");
    let open = async || {
        let (holder, entropy) = (Holder(Box::new(Arc::clone(&holder))), Arc::new(SeededEntropy::new(5)));
        ManagedProvider::open(holder, &path, PATIENCE, entropy).await.unwrap_err()
    };
    assert!(matches!(open().await, ManagedError::Missing(_)));
    Stored::write(&path, &KeyId::parse("transit:elsewhere").unwrap(), &[1]).unwrap();
    let error = open().await;
    assert!(
        matches!(&error, ManagedError::Other { id, .. } if id.as_str() == "transit:elsewhere"),
        "{error}"
    );
    std::fs::remove_file(&path).unwrap();
    Stored::write(&path, &KeyId::parse("transit:nowhere").unwrap(), &[1]).unwrap();
    assert!(matches!(open().await, ManagedError::Rejected { .. }));
}
