//! The two ciphers of this crate, both made of AES-256-GCM (NIST SP 800-38D).
//!
//! [`seal_once`] is plain AES-256-GCM, for a key that seals one message in its life. [`seal`] is XAES-256-GCM
//! (<https://c2sp.org/XAES-256-GCM>), for keys that seal any number: plain GCM with random 96-bit nonces must
//! stop at 2³² messages a key, which a busy tenant reaches; the 192-bit nonce carries 2⁸⁰.

use crate::entropy::{Entropy, draw};
use crate::secret::{KeyBytes, Wiped};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cmac;

/// Length of the authentication tag that closes every ciphertext, in bytes.
pub(crate) const TAG: usize = 16;
/// Length of the nonce of [`seal_once`], in bytes.
pub(crate) const NONCE: usize = 12;
/// Length of the nonce of [`seal`], in bytes.
pub(crate) const EXTENDED_NONCE: usize = 24;

/// The cipher did not accept its input; deliberately without any detail.
#[derive(Debug)]
pub(crate) struct Refused;

/// Appends nonce ‖ ciphertext ‖ tag to `out`. `key` must never seal a second message.
pub(crate) fn seal_once(
    key: &KeyBytes,
    entropy: &dyn Entropy,
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    let nonce = draw::<NONCE>(entropy);
    out.extend_from_slice(&nonce);
    gcm_seal(key, nonce, aad, plaintext, out)
}

/// Opens what [`seal_once`] appended.
pub(crate) fn open_once(key: &KeyBytes, aad: &[u8], sealed: &[u8]) -> Result<Wiped, Refused> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Refused)?;
    gcm_open(key, *nonce, aad, sealed)
}

/// Appends extended nonce ‖ ciphertext ‖ tag to `out`.
pub(crate) fn seal(
    key: &KeyBytes,
    entropy: &dyn Entropy,
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    let nonce = draw::<EXTENDED_NONCE>(entropy);
    out.extend_from_slice(&nonce);
    let (subkey, nonce) = derive(key, &nonce)?;
    gcm_seal(&subkey, nonce, aad, plaintext, out)
}

/// Opens what [`seal`] appended.
pub(crate) fn open(key: &KeyBytes, aad: &[u8], sealed: &[u8]) -> Result<Wiped, Refused> {
    let (nonce, sealed) = sealed.split_first_chunk::<EXTENDED_NONCE>().ok_or(Refused)?;
    let (subkey, nonce) = derive(key, nonce)?;
    gcm_open(&subkey, nonce, aad, sealed)
}

/// The subkey and short nonce of XAES-256-GCM: two AES-CMAC blocks over a counter, `X` and half the nonce.
fn derive(key: &KeyBytes, nonce: &[u8; EXTENDED_NONCE]) -> Result<(KeyBytes, [u8; NONCE]), Refused> {
    let (context, short) = nonce.split_first_chunk::<12>().ok_or(Refused)?;
    let mac = cmac::Key::new(cmac::AES_256, key.expose()).map_err(|_| Refused)?;
    let mut subkey = KeyBytes::zeroed();
    for (half, counter) in subkey.expose_mut().chunks_exact_mut(16).zip(1_u8..) {
        let mut block = [0, counter, b'X', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for (to, from) in block.iter_mut().skip(4).zip(context) {
            *to = *from;
        }
        cmac::sign_to_buffer(&mac, &block, half).map_err(|_| Refused)?;
    }
    Ok((subkey, short.try_into().map_err(|_| Refused)?))
}

fn gcm_seal(
    key: &KeyBytes,
    nonce: [u8; NONCE],
    aad: &[u8],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    // Reserved at once: a vector that grew later would leave a copy of the plaintext in the memory it left.
    out.reserve_exact(plaintext.len() + TAG);
    let start = out.len();
    out.extend_from_slice(plaintext);
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| Refused)?);
    let body = out.get_mut(start..).ok_or(Refused)?;
    let tag = cipher
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body)
        .map_err(|_| Refused)?;
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

fn gcm_open(key: &KeyBytes, nonce: [u8; NONCE], aad: &[u8], sealed: &[u8]) -> Result<Wiped, Refused> {
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| Refused)?);
    let (body, tag) = sealed.split_last_chunk::<TAG>().ok_or(Refused)?;
    // Straight into its place. Where the tag does not fit, nobody gets it, and it is overwritten.
    let mut plain = Wiped::zeroed(body.len());
    cipher
        .open_separate_gather(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body, tag, plain.as_mut())
        .map_err(|_| Refused)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entropy::SeededEntropy;

    struct Fixed(&'static [u8]);
    impl Entropy for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.copy_from_slice(self.0);
        }
    }

    #[test]
    fn extended_nonce_cipher_matches_the_published_vectors() {
        for (byte, aad, expected) in [
            (1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ] {
            let key = KeyBytes::copy_from(&[byte; 32]).unwrap();
            let mut out = Vec::new();
            seal(&key, &Fixed(b"ABCDEFGHIJKLMNOPQRSTUVWX"), aad.as_bytes(), b"XAES-256-GCM", &mut out)
                .unwrap();
            assert_eq!(hex::encode(out.get(EXTENDED_NONCE..).unwrap()), expected);
            assert_eq!(*open(&key, aad.as_bytes(), &out).unwrap(), b"XAES-256-GCM");
        }
    }

    #[test]
    fn single_use_cipher_matches_a_published_gcm_vector() {
        // The GCM specification (McGrew and Viega), test case 14: zero key, zero nonce, one zero block.
        let key = KeyBytes::copy_from(&[0; 32]).unwrap();
        let mut out = Vec::new();
        seal_once(&key, &Fixed(&[0; 12]), b"", &[0; 16], &mut out).unwrap();
        let expected = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
        assert_eq!(hex::encode(out.get(NONCE..).unwrap()), expected);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let entropy = SeededEntropy::new(3);
        let key = KeyBytes::random(&entropy);
        let mut sealed = Vec::new();
        seal(&key, &entropy, b"aad", b"payload", &mut sealed).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut altered = sealed.clone();
            *altered.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            assert!(open(&key, b"aad", &altered).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(open(&key, b"aad", sealed.get(..length).unwrap()).is_err(), "cut to {length}");
        }
        assert!(open(&key, b"aae", &sealed).is_err());
        assert!(open(&KeyBytes::random(&entropy), b"aad", &sealed).is_err());
    }
}
