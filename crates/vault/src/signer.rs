//! The Ed25519 key (RFC 8032) that signs checkpoints.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use crate::entropy::Entropy;
use crate::provider::{KeyId, KeyProvider, ProviderError};
use crate::secret::KeyBytes;
use crate::transcript::Transcript;

/// A named signing key.
pub struct Signer {
    name: String,
    pair: Ed25519KeyPair,
    public_key: [u8; 32],
}

/// A signing key as it is stored: everything but the seed is public, and the seed is wrapped by the root key.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedSigner {
    /// The name on the signature line of a checkpoint.
    pub name: String,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
    /// The root key that wrapped the seed.
    pub provider_key_id: KeyId,
    /// The wrapped seed.
    pub bytes: Vec<u8>,
}

impl Signer {
    /// Makes a new signing key and its stored form.
    ///
    /// `name` appears on signature lines (C2SP signed-note): no white space, no control characters, no `+`, 1
    /// to 128 bytes.
    ///
    /// # Errors
    /// [`SignerError::Name`]; whatever the provider answers.
    pub async fn generate(
        name: &str,
        provider: &dyn KeyProvider,
        entropy: &dyn Entropy,
    ) -> Result<(Self, WrappedSigner), SignerError> {
        let seed = KeyBytes::random(entropy);
        let signer = Self::from_seed(name, &seed)?;
        let wrapped = signer.wrap(&seed, provider).await?;
        Ok((signer, wrapped))
    }

    /// Unwraps the stored form.
    ///
    /// # Errors
    /// [`SignerError::UnknownRoot`] when the provider holds another root key, [`SignerError::Provider`] when
    /// name, public key or seed were altered.
    pub async fn restore(wrapped: &WrappedSigner, provider: &dyn KeyProvider) -> Result<Self, SignerError> {
        let seed = unwrap_seed(wrapped, provider).await?;
        let signer = Self::from_seed(&wrapped.name, &seed)?;
        if signer.public_key != wrapped.public_key {
            return Err(SignerError::Mismatch);
        }
        Ok(signer)
    }

    /// The stored form under another root key: one step of a root key rotation. The signing key stays the
    /// same.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub async fn rewrap(
        wrapped: &WrappedSigner,
        from: &dyn KeyProvider,
        to: &dyn KeyProvider,
    ) -> Result<WrappedSigner, SignerError> {
        let seed = unwrap_seed(wrapped, from).await?;
        Self::from_seed(&wrapped.name, &seed)?.wrap(&seed, to).await
    }

    /// The name on signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 public key, for verifiers.
    #[must_use]
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// Signs a message: 64 bytes, the same for the same message.
    ///
    /// # Errors
    /// [`SignerError::Cipher`], never expected in practice.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature = self.pair.try_sign(message).map_err(|_| SignerError::Cipher)?;
        signature.as_ref().try_into().map_err(|_| SignerError::Cipher)
    }

    fn from_seed(name: &str, seed: &KeyBytes) -> Result<Self, SignerError> {
        let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > 128 || name.contains(refused) {
            return Err(SignerError::Name);
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| SignerError::Cipher)?;
        let public_key = pair.public_key().as_ref().try_into().map_err(|_| SignerError::Cipher)?;
        Ok(Self { name: name.to_owned(), pair, public_key })
    }

    async fn wrap(&self, seed: &KeyBytes, provider: &dyn KeyProvider) -> Result<WrappedSigner, SignerError> {
        let bytes = provider.wrap_key(seed, &context(&self.name, &self.public_key)).await?;
        Ok(WrappedSigner {
            name: self.name.clone(),
            public_key: self.public_key,
            provider_key_id: provider.key_id().clone(),
            bytes,
        })
    }
}

async fn unwrap_seed(wrapped: &WrappedSigner, provider: &dyn KeyProvider) -> Result<KeyBytes, SignerError> {
    if *provider.key_id() != wrapped.provider_key_id {
        return Err(SignerError::UnknownRoot(wrapped.provider_key_id.clone()));
    }
    Ok(provider.unwrap_key(&wrapped.bytes, &context(&wrapped.name, &wrapped.public_key)).await?)
}

fn context(name: &str, public_key: &[u8; 32]) -> Vec<u8> {
    Transcript::new("bailiwick signer v1").field(name.as_bytes()).field(public_key).finish()
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("name", &self.name)
            .field("public_key", &hex::encode(self.public_key))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WrappedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedSigner")
            .field("name", &self.name)
            .field("public_key", &hex::encode(self.public_key))
            .field("provider_key_id", &self.provider_key_id)
            .finish_non_exhaustive()
    }
}

/// Why there is no signing key or no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The name cannot stand on a signature line.
    #[error("a signer's name has 1 to 128 bytes, no white space, no control characters and no `+`")]
    Name,
    /// Wrapped by a root key that this provider does not hold.
    #[error("the signing key was wrapped by root key {0}, which is not configured here")]
    UnknownRoot(KeyId),
    /// The seed does not belong to the stored public key.
    #[error("the stored signing key does not belong to its public key")]
    Mismatch,
    /// The provider refused.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The cryptographic library refused; never expected in practice.
    #[error("the cryptographic library refused to sign")]
    Cipher,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::keyring::tests::provider;
    use crate::secret::assert_hidden;

    const NAME: &str = "audit.example.org/acme";

    #[test]
    fn signatures_match_rfc_8032() {
        // RFC 8032, section 7.1, test 2.
        let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let signer = Signer::from_seed(NAME, &KeyBytes::copy_from(&seed).unwrap()).unwrap();
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(hex::encode(signer.public_key()), public);
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(signer.sign(&[0x72]).unwrap()), signature);
        assert_hidden(&signer, &seed);
    }

    #[tokio::test]
    async fn a_restart_keeps_the_signing_key() {
        let root = provider(91);
        let (signer, wrapped) = Signer::generate(NAME, root.as_ref(), &SeededEntropy::new(92)).await.unwrap();
        let again = Signer::restore(&wrapped, root.as_ref()).await.unwrap();
        assert_eq!((again.name(), again.public_key()), (NAME, signer.public_key()));
        let signature = again.sign(b"checkpoint").unwrap();
        let verifier = UnparsedPublicKey::new(&ED25519, signer.public_key());
        assert!(verifier.verify(b"checkpoint", &signature).is_ok());
        assert!(verifier.verify(b"checkpoinT", &signature).is_err());
        assert_hidden(&wrapped, &wrapped.bytes);
    }

    #[tokio::test]
    async fn nobody_can_rename_or_swap_a_stored_signing_key() {
        let root = provider(91);
        let (_, wrapped) = Signer::generate(NAME, root.as_ref(), &SeededEntropy::new(92)).await.unwrap();
        let renamed = WrappedSigner { name: "other".to_owned(), ..wrapped.clone() };
        assert!(matches!(Signer::restore(&renamed, root.as_ref()).await, Err(SignerError::Provider(_))));
        let swapped = WrappedSigner { public_key: [7; 32], ..wrapped.clone() };
        assert!(matches!(Signer::restore(&swapped, root.as_ref()).await, Err(SignerError::Provider(_))));
        let stranger = provider(93);
        assert!(matches!(
            Signer::restore(&wrapped, stranger.as_ref()).await,
            Err(SignerError::UnknownRoot(_))
        ));
    }

    #[tokio::test]
    async fn root_key_rotation_keeps_the_signing_key() {
        let (old, new) = (provider(91), provider(93));
        let (signer, wrapped) = Signer::generate(NAME, old.as_ref(), &SeededEntropy::new(92)).await.unwrap();
        let moved = Signer::rewrap(&wrapped, old.as_ref(), new.as_ref()).await.unwrap();
        let again = Signer::restore(&moved, new.as_ref()).await.unwrap();
        assert_eq!(again.public_key(), signer.public_key());
    }

    #[tokio::test]
    async fn a_name_that_would_break_a_signature_line_is_refused() {
        let root = provider(91);
        for name in ["", "two words", "line\nbreak", "a+b", "tab\t", &"x".repeat(129)] {
            let result = Signer::generate(name, root.as_ref(), &SeededEntropy::new(1)).await;
            assert!(matches!(result, Err(SignerError::Name)), "{name:?}");
        }
    }
}
