//! Secret bytes that are overwritten when dropped and cannot be printed.

use std::fmt;
use std::ops::Deref;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, optimization_barrier};

use crate::entropy::Entropy;

/// Exactly `N` secret bytes.
///
/// They sit behind one heap allocation, so moving the value moves a pointer and leaves no copy behind.
/// There is no `Clone`, no `PartialEq`, and no way to read them outside this crate.
pub struct SecretBytes<const N: usize>(Box<[u8; N]>);

/// A 256-bit symmetric key.
pub type KeyBytes = SecretBytes<32>;

impl<const N: usize> SecretBytes<N> {
    pub(crate) fn zeroed() -> Self {
        Self(Box::new([0; N]))
    }

    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        let mut secret = Self::zeroed();
        entropy.fill(secret.0.as_mut_slice());
        secret
    }

    /// Copies a slice of exactly `N` bytes; the caller remains responsible for the original.
    pub(crate) fn copy_from(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != N {
            return None;
        }
        let mut secret = Self::zeroed();
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    pub(crate) fn expose(&self) -> &[u8; N] {
        &self.0
    }

    pub(crate) fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for SecretBytes<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for SecretBytes<N> {}

impl<const N: usize> ConstantTimeEq for SecretBytes<N> {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

impl<const N: usize> fmt::Debug for SecretBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes<{N}>(…)")
    }
}

/// Any number of bytes that are overwritten when they are dropped, all at once: one by one, as
/// [`Zeroizing`](zeroize::Zeroizing) does it with a vector, takes longer than opening them took.
pub struct Wiped(Vec<u8>);

impl Wiped {
    /// So many zeros, to be written over.
    pub(crate) fn zeroed(length: usize) -> Self {
        Self(vec![0; length])
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Deref for Wiped {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without it, nobody would see that anything was written, and nothing would be.
        optimization_barrier(self.0.as_slice());
    }
}

impl ZeroizeOnDrop for Wiped {}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wiped({} bytes)", self.0.len())
    }
}

/// Text or bytes that came out of a ciphertext, overwritten on drop.
pub struct Plaintext(Wiped);

impl Plaintext {
    pub(crate) const fn new(bytes: Wiped) -> Self {
        Self(bytes)
    }

    /// The bytes as they were sealed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, or `None` when they are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.0.len())
    }
}

/// Fails when the `Debug` text of a value shows `secret` in any spelling a formatter might choose.
#[cfg(test)]
pub(crate) fn assert_hidden(value: &dyn fmt::Debug, secret: &[u8]) {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine};
    let decimal = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let piece = secret.get(..6).unwrap_or(secret);
    let spellings = [
        hex::encode(piece),
        hex::encode_upper(piece),
        decimal(piece),
        BASE64_STANDARD_NO_PAD.encode(piece),
        BASE64_URL_SAFE_NO_PAD.encode(piece),
        String::from_utf8_lossy(piece).into_owned(),
    ];
    for text in [format!("{value:?}"), format!("{value:#?}").replace("\n", " ").replace("  ", "")] {
        for spelling in &spellings {
            assert!(!text.contains(spelling), "{text} shows {spelling}");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn debug_shows_no_secret_byte() {
        let secret = KeyBytes::random(&SeededEntropy::new(7));
        assert_hidden(&secret, secret.expose());
        assert_hidden(&Plaintext::new(Wiped(b"hunter2!".to_vec())), b"hunter2!");
        assert_hidden(&Wiped(b"hunter2!".to_vec()), b"hunter2!");
    }

    #[test]
    #[should_panic(expected = "shows")]
    fn the_check_for_hidden_bytes_notices_a_leak() {
        let leaky = vec![0xAB_u8; 6];
        assert_hidden(&leaky, &leaky);
    }

    #[test]
    fn a_slice_of_another_length_is_no_key() {
        assert!(KeyBytes::copy_from(&[1; 31]).is_none());
        assert!(KeyBytes::copy_from(&[1; 33]).is_none());
        assert_eq!(KeyBytes::copy_from(&[1; 32]).unwrap().expose(), &[1; 32]);
    }
}
