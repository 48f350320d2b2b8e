//! One key per data subject: destroying its stored form is erasure.
//!
//! Everything personal about a subject is sealed under that subject's key, and the key itself is stored once,
//! wrapped by the tenant key. Deleting the [`WrappedSubjectKey`] leaves every sealed value in place and
//! unreadable for good, backups of the values included, once the wrapped key has left its own backups.
//!
//! ```text
//! offset  bytes
//!      0      1  format, 2
//!      1     24  nonce
//!     25    n+16  ciphertext and its tag
//! ```
//!
//! A value is sealed under the subject key directly (XAES-256-GCM): personal values are short and many, and a
//! data key for each would be longer than the value.

use std::fmt;

use crate::aead::{self, EXTENDED_NONCE, Refused, TAG};
use crate::entropy::Entropy;
use crate::envelope::{Context, LONGEST, OpenError, RewrapError, SealError};
use crate::keyring::TenantKeys;
use crate::secret::{KeyBytes, Plaintext};
use crate::transcript::Transcript;

const FORMAT: u8 = 2;
const OVERHEAD: usize = 1 + EXTENDED_NONCE + TAG;

/// The key of one data subject.
pub struct SubjectKey {
    tenant: [u8; 16],
    subject: [u8; 16],
    bytes: KeyBytes,
}

/// A subject key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedSubjectKey {
    /// The tenant, authenticated by the wrapping.
    pub tenant: [u8; 16],
    /// The data subject, authenticated likewise.
    pub subject: [u8; 16],
    /// The version of the tenant key that wrapped it.
    pub key_version: u32,
    /// Nonce, wrapped key and tag: 72 bytes.
    pub bytes: Vec<u8>,
}

impl SubjectKey {
    /// Makes the key of a subject and its stored form, under the newest tenant key.
    ///
    /// # Errors
    /// [`SealError::Cipher`], never expected in practice.
    pub fn create(
        keys: &TenantKeys,
        subject: [u8; 16],
        entropy: &dyn Entropy,
    ) -> Result<(Self, WrappedSubjectKey), SealError> {
        let key = Self { tenant: *keys.tenant(), subject, bytes: KeyBytes::random(entropy) };
        let wrapped = key.wrap(keys, entropy)?;
        Ok((key, wrapped))
    }

    /// Unwraps the stored form.
    ///
    /// # Errors
    /// [`OpenError::WrongTenant`], [`OpenError::KeyVersion`], or [`OpenError::Rejected`] when it was altered
    /// or belongs to another subject.
    pub fn restore(keys: &TenantKeys, wrapped: &WrappedSubjectKey) -> Result<Self, OpenError> {
        if *keys.tenant() != wrapped.tenant {
            return Err(OpenError::WrongTenant);
        }
        let version = wrapped.key_version;
        let key = keys.version(version).ok_or(OpenError::KeyVersion(version))?;
        let aad = wrap_aad(&wrapped.tenant, &wrapped.subject, version);
        let bytes = aead::open(key.bytes(), &aad, &wrapped.bytes)?;
        let bytes = KeyBytes::copy_from(&bytes).ok_or(OpenError::Rejected)?;
        Ok(Self { tenant: wrapped.tenant, subject: wrapped.subject, bytes })
    }

    /// The stored form under the newest tenant key: one step of a key rotation. Sealed values stay as they
    /// are.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn rewrap(
        keys: &TenantKeys,
        wrapped: &WrappedSubjectKey,
        entropy: &dyn Entropy,
    ) -> Result<WrappedSubjectKey, RewrapError> {
        Ok(Self::restore(keys, wrapped)?.wrap(keys, entropy)?)
    }

    /// Seals a personal value of this subject for `context`.
    ///
    /// # Errors
    /// [`SealError::WrongTenant`], [`SealError::TooLong`].
    pub fn seal(
        &self,
        context: &Context<'_>,
        plaintext: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<SubjectSealed, SealError> {
        if self.tenant != context.tenant {
            return Err(SealError::WrongTenant);
        }
        if plaintext.len() > LONGEST {
            return Err(SealError::TooLong);
        }
        let mut out = Vec::with_capacity(OVERHEAD + plaintext.len());
        out.push(FORMAT);
        aead::seal(&self.bytes, entropy, &self.value_aad(context), plaintext, &mut out)?;
        Ok(SubjectSealed(out))
    }

    /// Opens a personal value of this subject at `context`.
    ///
    /// # Errors
    /// [`OpenError::WrongTenant`], or [`OpenError::Rejected`] when it was altered, moved, or is another
    /// subject's.
    pub fn open(&self, context: &Context<'_>, sealed: &SubjectSealed) -> Result<Plaintext, OpenError> {
        if self.tenant != context.tenant {
            return Err(OpenError::WrongTenant);
        }
        let body = sealed.0.get(1..).ok_or(OpenError::Truncated)?;
        Ok(Plaintext::new(aead::open(&self.bytes, &self.value_aad(context), body)?))
    }

    /// The data subject.
    #[must_use]
    pub fn subject(&self) -> &[u8; 16] {
        &self.subject
    }

    fn wrap(&self, keys: &TenantKeys, entropy: &dyn Entropy) -> Result<WrappedSubjectKey, Refused> {
        let key = keys.newest();
        let key_version = key.version();
        let mut bytes = Vec::with_capacity(EXTENDED_NONCE + 32 + TAG);
        let aad = wrap_aad(&self.tenant, &self.subject, key_version);
        aead::seal(key.bytes(), entropy, &aad, self.bytes.expose(), &mut bytes)?;
        Ok(WrappedSubjectKey { tenant: self.tenant, subject: self.subject, key_version, bytes })
    }

    fn value_aad(&self, context: &Context<'_>) -> Vec<u8> {
        context.transcript("bailiwick subject value v1").field(&self.subject).finish()
    }
}

fn wrap_aad(tenant: &[u8; 16], subject: &[u8; 16], version: u32) -> Vec<u8> {
    Transcript::new("bailiwick subject key v1")
        .field(tenant)
        .field(subject)
        .field(&version.to_be_bytes())
        .finish()
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectKey")
            .field("tenant", &hex::encode(self.tenant))
            .field("subject", &hex::encode(self.subject))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WrappedSubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedSubjectKey")
            .field("tenant", &hex::encode(self.tenant))
            .field("subject", &hex::encode(self.subject))
            .field("key_version", &self.key_version)
            .finish_non_exhaustive()
    }
}

/// A sealed personal value whose outer form is known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectSealed(Vec<u8>);

impl SubjectSealed {
    /// Reads a sealed value back from where it was stored.
    ///
    /// # Errors
    /// [`OpenError::Format`], [`OpenError::Truncated`], [`OpenError::TooLong`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, OpenError> {
        if let Some(format) = bytes.first().filter(|format| **format != FORMAT) {
            return Err(OpenError::Format(*format));
        }
        match bytes.len() {
            length if length < OVERHEAD => Err(OpenError::Truncated),
            length if length > OVERHEAD + LONGEST => Err(OpenError::TooLong),
            _ => Ok(Self(bytes)),
        }
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::keyring::tests::keyring;
    use crate::secret::assert_hidden;

    const TENANT: [u8; 16] = [0xAC; 16];
    static ENTROPY: SeededEntropy = SeededEntropy::new(61);

    fn cell() -> Context<'static> {
        Context { tenant: TENANT, table: "personal_value", row: b"1", column: "value", version: 1 }
    }

    async fn keys() -> (Arc<TenantKeys>, Arc<TenantKeys>) {
        let ring = keyring(1);
        let first = ring.create(TENANT).await.unwrap();
        let second = ring.rotate(&first).await.unwrap();
        (ring.load(std::slice::from_ref(&first)).await.unwrap(), ring.load(&[first, second]).await.unwrap())
    }

    #[tokio::test]
    async fn a_value_is_read_back_through_the_stored_key() {
        let (_, keys) = keys().await;
        let (key, wrapped) = SubjectKey::create(&keys, [1; 16], &ENTROPY).unwrap();
        let sealed = key.seal(&cell(), b"ada@example.org", &ENTROPY).unwrap();
        let stored = SubjectSealed::parse(sealed.into_bytes()).unwrap();
        let again = SubjectKey::restore(&keys, &wrapped).unwrap();
        assert_eq!(again.open(&cell(), &stored).unwrap().as_str(), Some("ada@example.org"));
        assert_hidden(&key, key.bytes.expose());
        assert_hidden(&wrapped, &wrapped.bytes);
    }

    #[tokio::test]
    async fn erasure_of_one_subject_leaves_the_other_readable() {
        let (_, keys) = keys().await;
        let (ada, _) = SubjectKey::create(&keys, [1; 16], &ENTROPY).unwrap();
        let (bob, wrapped_bob) = SubjectKey::create(&keys, [2; 16], &ENTROPY).unwrap();
        let of_ada = ada.seal(&cell(), b"Ada", &ENTROPY).unwrap();
        let of_bob = bob.seal(&cell(), b"Bob", &ENTROPY).unwrap();
        drop(ada);
        // What remains of Ada's key is nothing; no other key of the tenant opens her value.
        let bob = SubjectKey::restore(&keys, &wrapped_bob).unwrap();
        assert_eq!(bob.open(&cell(), &of_ada).unwrap_err(), OpenError::Rejected);
        let (ada_again, _) = SubjectKey::create(&keys, [1; 16], &ENTROPY).unwrap();
        assert_eq!(ada_again.open(&cell(), &of_ada).unwrap_err(), OpenError::Rejected);
        assert_eq!(bob.open(&cell(), &of_bob).unwrap().as_str(), Some("Bob"));
    }

    #[tokio::test]
    async fn a_stored_key_cannot_change_subject_tenant_or_version() {
        let (_, keys) = keys().await;
        let (_, wrapped) = SubjectKey::create(&keys, [1; 16], &ENTROPY).unwrap();
        let other_subject = WrappedSubjectKey { subject: [2; 16], ..wrapped.clone() };
        assert_eq!(SubjectKey::restore(&keys, &other_subject).unwrap_err(), OpenError::Rejected);
        let other_tenant = WrappedSubjectKey { tenant: [2; 16], ..wrapped.clone() };
        assert_eq!(SubjectKey::restore(&keys, &other_tenant).unwrap_err(), OpenError::WrongTenant);
        let older = WrappedSubjectKey { key_version: 1, ..wrapped.clone() };
        assert_eq!(SubjectKey::restore(&keys, &older).unwrap_err(), OpenError::Rejected);
        let unknown = WrappedSubjectKey { key_version: 9, ..wrapped };
        assert_eq!(SubjectKey::restore(&keys, &unknown).unwrap_err(), OpenError::KeyVersion(9));
    }

    #[test]
    fn a_value_names_its_subject_even_where_two_keys_are_equal() {
        let key =
            |subject| SubjectKey { tenant: TENANT, subject, bytes: KeyBytes::copy_from(&[9; 32]).unwrap() };
        let sealed = key([1; 16]).seal(&cell(), b"Ada", &ENTROPY).unwrap();
        assert_eq!(key([1; 16]).open(&cell(), &sealed).unwrap().as_str(), Some("Ada"));
        assert_eq!(key([2; 16]).open(&cell(), &sealed).unwrap_err(), OpenError::Rejected);
    }

    #[tokio::test]
    async fn rotation_of_the_tenant_key_keeps_sealed_values() {
        let (before, after) = keys().await;
        let (key, wrapped) = SubjectKey::create(&before, [1; 16], &ENTROPY).unwrap();
        let sealed = key.seal(&cell(), b"Ada", &ENTROPY).unwrap();
        let rewrapped = SubjectKey::rewrap(&after, &wrapped, &ENTROPY).unwrap();
        assert_eq!((wrapped.key_version, rewrapped.key_version), (1, 2));
        let key = SubjectKey::restore(&after, &rewrapped).unwrap();
        assert_eq!(key.open(&cell(), &sealed).unwrap().as_str(), Some("Ada"));
    }

    #[tokio::test]
    async fn altered_cut_or_moved_values_are_rejected() {
        let (_, keys) = keys().await;
        let (key, _) = SubjectKey::create(&keys, [1; 16], &ENTROPY).unwrap();
        let good = key.seal(&cell(), b"Ada", &ENTROPY).unwrap().into_bytes();
        for bit in 0..good.len() * 8 {
            let mut altered = good.clone();
            *altered.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            assert!(
                SubjectSealed::parse(altered).and_then(|sealed| key.open(&cell(), &sealed)).is_err(),
                "bit {bit}"
            );
        }
        for length in 0..good.len() {
            let cut = good.get(..length).unwrap().to_vec();
            assert!(SubjectSealed::parse(cut).and_then(|sealed| key.open(&cell(), &sealed)).is_err());
        }
        let sealed = SubjectSealed::parse(good).unwrap();
        for moved in [
            Context { row: b"2", ..cell() },
            Context { column: "name", ..cell() },
            Context { version: 2, ..cell() },
        ] {
            assert_eq!(key.open(&moved, &sealed).unwrap_err(), OpenError::Rejected);
        }
        let foreign = Context { tenant: [2; 16], ..cell() };
        assert_eq!(key.open(&foreign, &sealed).unwrap_err(), OpenError::WrongTenant);
        assert_eq!(key.seal(&foreign, b"", &ENTROPY).unwrap_err(), SealError::WrongTenant);
    }

    proptest! {
        #[test]
        fn an_envelope_is_not_a_personal_value(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let parsed = SubjectSealed::parse(bytes.clone());
            prop_assert_eq!(parsed.is_ok(), bytes.first() == Some(&FORMAT) && bytes.len() >= OVERHEAD);
        }
    }
}
