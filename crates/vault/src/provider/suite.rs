//! What every provider has to do, whatever holds its root key.

use std::sync::Arc;

use super::{KeyProvider, ProviderError};
use crate::entropy::{Entropy, SeededEntropy, draw};
use crate::secret::{KeyBytes, assert_hidden};

/// Puts a provider through everything that is promised of all of them. `again` opens the same root key once more.
pub(super) async fn keeps_its_promises(first: Arc<dyn KeyProvider>, again: Arc<dyn KeyProvider>) {
    assert_eq!(first.key_id(), again.key_id());
    assert!(first.key_id().as_str().starts_with(&format!("{}:", first.kind().name())), "{}", first.key_id());
    first.check().await.unwrap();
    any_key_comes_back_for_its_context_alone(&*first, &*again).await;
    no_altered_octet_passes(&*first).await;
    derived_keys_follow_from_root_key_and_purpose(&*first, &*again).await;
}

/// Random keys and contexts of random lengths: what is wrapped by one is unwrapped by the other, and for no other context.
async fn any_key_comes_back_for_its_context_alone(first: &dyn KeyProvider, again: &dyn KeyProvider) {
    let entropy = SeededEntropy::new(2024);
    for _ in 0..24 {
        let key = KeyBytes::random(&entropy);
        let [high, low] = draw::<2>(&entropy);
        let mut context = vec![0; usize::from(u16::from_be_bytes([high & 1, low]))];
        entropy.fill(&mut context);
        let wrapped = first.wrap_key(&key, &context).await.unwrap();
        let second = first.wrap_key(&key, &context).await.unwrap();
        assert_ne!(wrapped, second);
        assert!(!wrapped.windows(8).any(|window| key.expose().starts_with(window)));
        assert_eq!(again.unwrap_key(&wrapped, &context).await.unwrap().expose(), key.expose());
        context.push(0);
        assert!(matches!(again.unwrap_key(&wrapped, &context).await, Err(ProviderError::Rejected(_))));
        assert_hidden(&first, key.expose());
    }
}

async fn no_altered_octet_passes(provider: &dyn KeyProvider) {
    let key = KeyBytes::random(&SeededEntropy::new(2025));
    let wrapped = provider.wrap_key(&key, b"acme").await.unwrap();
    let rejected = async |altered: &[u8]| {
        let answer = provider.unwrap_key(altered, b"acme").await;
        matches!(answer, Err(ProviderError::Rejected(id)) if id == *provider.key_id())
    };
    for at in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(rejected(&altered).await, "octet {at} of {}", wrapped.len());
    }
    for length in [0, 1, 2, 3, 4, wrapped.len() / 2, wrapped.len() - 1] {
        assert!(rejected(&wrapped[..length]).await, "cut to {length}");
    }
    assert!(rejected(&[&wrapped[..], &[0]].concat()).await);
    let other = provider.wrap_key(&KeyBytes::random(&SeededEntropy::new(2026)), b"acme").await.unwrap();
    let half = wrapped.len() / 2;
    assert!(rejected(&[&wrapped[..half], &other[half..]].concat()).await, "two halves");
    assert_eq!(provider.unwrap_key(&wrapped, b"acme").await.unwrap().expose(), key.expose());
}

async fn derived_keys_follow_from_root_key_and_purpose(first: &dyn KeyProvider, again: &dyn KeyProvider) {
    let key = first.derive_key(b"a").await.unwrap();
    assert_eq!(key.expose(), again.derive_key(b"a").await.unwrap().expose());
    assert_ne!(key.expose(), first.derive_key(b"b").await.unwrap().expose());
    assert_ne!(key.expose(), first.derivation_secret().expose());
    assert_hidden(&first, key.expose());
    assert_hidden(&first, first.derivation_secret().expose());
}

#[tokio::test]
async fn a_root_key_file_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    let first = super::FileProvider::create(&path, Arc::new(SeededEntropy::new(1))).unwrap();
    let again = super::FileProvider::open(&path, Arc::new(SeededEntropy::new(2))).unwrap();
    keeps_its_promises(Arc::new(first), Arc::new(again)).await;
}
