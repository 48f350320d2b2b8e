//! Documents, sealed in frames, so that any size is sealed and opened in constant memory.
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: *Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance*) over AES-256-GCM, under a data key that belongs to one version of one document. Every frame but the last holds
//! [`FRAME`] octets. A frame authenticates where it belongs: tenant, document, version, its number, and whether it is the last one.
//! So a frame that was altered, cut, swapped, moved or taken from elsewhere opens nowhere, and a document that lost its end has no
//! last frame.
//!
//! ```text
//! offset  bytes
//!      0      7  what the nonce begins with, drawn anew each time a frame is sealed
//!      7   n+16  ciphertext and its tag
//! nonce = these 7 bytes ‖ number of the frame (4, big-endian) ‖ 1 for the last frame, else 0
//! ```
//!
//! The beginning of the nonce is drawn for each frame and stored with it, because an upload that was interrupted seals a frame of
//! the same number again, perhaps with other content: under a fixed nonce that would give both away.

use std::fmt;

use crate::aead::{NONCE, TAG};
use crate::entropy::{Entropy, draw};
use crate::envelope::{self, Context, OpenError, SealError, Sealed};
use crate::keyring::{TenantKey, TenantKeys};
use crate::secret::{KeyBytes, Wiped};
use crate::transcript::Transcript;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Octets of a document in every frame but the last, which holds what is left.
pub const FRAME: usize = 64 * 1024;
/// Octets that a frame is longer than what it holds.
pub const OVERHEAD: usize = PREFIX + TAG;
/// Octets of every sealed frame but the last.
pub const SEALED_FRAME: usize = FRAME + OVERHEAD;
/// The algorithm, as evidence names it.
pub const ALGORITHM: &str = "AES-256-GCM, STREAM, 64 KiB frames";
/// The longest document, in octets: 2²⁴ frames, which keeps drawn nonces apart.
pub const LONGEST: u64 = (FRAME as u64) << 24;

const PREFIX: usize = 7;

/// The version of a document: where its frames belong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The tenant.
    pub tenant: [u8; 16],
    /// The document.
    pub document: [u8; 16],
    /// The version.
    pub version: [u8; 16],
}

impl Place {
    fn context(&self) -> Context<'_> {
        Context {
            tenant: self.tenant,
            table: "document_version",
            row: &self.version,
            column: "sealed_key",
            version: 1,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} of document {}", id(&self.version), id(&self.document))
    }
}

/// How many frames a document of this length has; an empty one has one.
#[must_use]
pub const fn frames(octets: u64) -> u64 {
    let frames = octets.div_ceil(FRAME as u64);
    if frames == 0 { 1 } else { frames }
}

/// How long a document of this length is once it is sealed.
#[must_use]
pub const fn sealed_octets(octets: u64) -> u64 {
    octets + frames(octets) * OVERHEAD as u64
}

/// The data key of one version of a document.
pub struct DocumentKey {
    cipher: LessSafeKey,
    place: Place,
    /// What the associated data of each of its frames begins with.
    aad: Vec<u8>,
}

impl DocumentKey {
    /// A new data key for a version, and its form to be stored: wrapped by the tenant key.
    ///
    /// # Errors
    /// [`SealError::WrongTenant`] when the key is another tenant's.
    pub fn generate(
        tenant: &TenantKey,
        place: Place,
        entropy: &dyn Entropy,
    ) -> Result<(Self, Sealed), SealError> {
        let key = KeyBytes::random(entropy);
        let sealed = envelope::seal(tenant, &place.context(), key.expose(), entropy)?;
        let key = Self::of(&key, place).ok_or(SealError::Cipher)?;
        Ok((key, sealed))
    }

    /// Unwraps the stored form.
    ///
    /// # Errors
    /// [`Fault::Key`] with the reason: another tenant's keys, a key of another version, an altered one.
    pub fn unwrap(tenant: &TenantKeys, place: Place, sealed: &Sealed) -> Result<Self, DocumentError> {
        let refused = |fault| DocumentError { place, fault };
        let key =
            envelope::open(tenant, &place.context(), sealed).map_err(|error| refused(Fault::Key(error)))?;
        let key = KeyBytes::copy_from(key.as_bytes());
        key.and_then(|key| Self::of(&key, place)).ok_or(refused(Fault::Key(OpenError::Rejected)))
    }

    fn of(key: &KeyBytes, place: Place) -> Option<Self> {
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).ok()?);
        let aad = Transcript::new("bailiwick document frame v1")
            .field(&place.tenant)
            .field(&place.document)
            .field(&place.version)
            .finish();
        Some(Self { cipher, place, aad })
    }

    /// Which version it is the key of.
    #[must_use]
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Seals what a document holds from frame `first` on, and appends the frames to `out`. `ends` says whether the document ends with it;
    /// before its end, every frame is full.
    ///
    /// # Errors
    /// [`Fault::Shape`] where frames before the end are not full, and for nothing at all before the end.
    pub fn seal(
        &self,
        first: u32,
        plain: &[u8],
        ends: bool,
        entropy: &dyn Entropy,
        out: &mut Vec<u8>,
    ) -> Result<(), DocumentError> {
        let shape = || self.refused(Fault::Shape);
        if !ends && (plain.is_empty() || !plain.len().is_multiple_of(FRAME)) {
            return Err(shape());
        }
        let frames = plain.len().div_ceil(FRAME).max(1);
        // Reserved at once: a vector that grew later would leave a copy of the plaintext in the memory it left.
        out.reserve_exact(plain.len() + frames * OVERHEAD);
        let mut rest = plain;
        for (at, number) in (0..frames).zip(first..) {
            let (now, later) = rest.split_at(rest.len().min(FRAME));
            rest = later;
            let last = ends && at + 1 == frames;
            let prefix = draw::<PREFIX>(entropy);
            out.extend_from_slice(&prefix);
            let start = out.len();
            out.extend_from_slice(now);
            let body = out.get_mut(start..).ok_or_else(shape)?;
            let (nonce, aad) = (nonce(prefix, number, last), self.aad(number, last));
            let tag = self.cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), body);
            out.extend_from_slice(tag.map_err(|_| shape())?.as_ref());
        }
        Ok(())
    }

    /// Opens one frame in the memory in which it lies, and gives what it held.
    ///
    /// # Errors
    /// [`Fault::Truncated`] for what is too short to be a frame; [`Fault::Frame`] where one bit is another, or the frame belongs elsewhere.
    /// The memory then holds nothing of the document.
    pub fn open<'a>(
        &self,
        number: u32,
        last: bool,
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], DocumentError> {
        let (prefix, body) = sealed
            .split_first_chunk_mut::<PREFIX>()
            .filter(|(_, body)| body.len() >= TAG)
            .ok_or_else(|| self.refused(Fault::Truncated))?;
        let (nonce, aad) = (nonce(*prefix, number, last), self.aad(number, last));
        // On failure the library overwrites what it had decrypted.
        self.cipher.open_in_place(nonce, Aad::from(aad), body).map_err(|_| self.refused(Fault::Frame(number)))
    }

    /// Opens frames that follow one another, the first of which has the number `first`, of a document of `frames` frames.
    ///
    /// # Errors
    /// As [`open`](Self::open); nothing is given out then.
    pub fn open_all(&self, first: u32, frames: u64, sealed: &[u8]) -> Result<Wiped, DocumentError> {
        let holds = |frame: &[u8]| frame.len().saturating_sub(OVERHEAD);
        let mut plain = Wiped::zeroed(sealed.chunks(SEALED_FRAME).map(holds).sum());
        let mut rest = plain.as_mut();
        for (frame, number) in sealed.chunks(SEALED_FRAME).zip(first..) {
            let (place, later) = std::mem::take(&mut rest).split_at_mut(holds(frame));
            rest = later;
            let last = u64::from(number) + 1 == frames;
            self.open_into(number, last, frame, place)?;
        }
        Ok(plain)
    }

    /// Opens one frame into memory of its length.
    fn open_into(
        &self,
        number: u32,
        last: bool,
        sealed: &[u8],
        plain: &mut [u8],
    ) -> Result<(), DocumentError> {
        let parts = sealed.split_first_chunk::<PREFIX>();
        let (prefix, (body, tag)) = parts
            .and_then(|(prefix, rest)| Some((*prefix, rest.split_last_chunk::<TAG>()?)))
            .ok_or_else(|| self.refused(Fault::Truncated))?;
        let (nonce, aad) = (nonce(prefix, number, last), self.aad(number, last));
        let opened = self.cipher.open_separate_gather(nonce, Aad::from(aad), body, tag, plain);
        opened.map_err(|_| self.refused(Fault::Frame(number)))
    }

    fn aad(&self, number: u32, last: bool) -> Vec<u8> {
        let mut aad = Vec::with_capacity(self.aad.len() + 5);
        aad.extend_from_slice(&self.aad);
        aad.extend_from_slice(&number.to_be_bytes());
        aad.push(u8::from(last));
        aad
    }

    const fn refused(&self, fault: Fault) -> DocumentError {
        DocumentError { place: self.place, fault }
    }
}

impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentKey").field("place", &self.place).finish_non_exhaustive()
    }
}

fn nonce(prefix: [u8; PREFIX], number: u32, last: bool) -> Nonce {
    let mut nonce = [0; NONCE];
    let parts = prefix.iter().copied().chain(number.to_be_bytes()).chain([u8::from(last)]);
    for (to, from) in nonce.iter_mut().zip(parts) {
        *to = from;
    }
    Nonce::assume_unique_for_key(nonce)
}

/// What is wrong with a sealed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its data key could not be unwrapped.
    #[error("its data key cannot be used: {0}")]
    Key(OpenError),
    /// It ends too early.
    #[error("it is cut short")]
    Truncated,
    /// It is not as long as it was.
    #[error("it is not as long as it was")]
    Length,
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// One frame was altered, moved from elsewhere, or sealed under another key; nothing tells which.
    #[error("frame {0} was altered, moved, or sealed under another key")]
    Frame(u32),
    /// Its ciphertext has another SHA-256 than its evidence says.
    #[error("its ciphertext has another SHA-256 than when it was stored")]
    Digest,
    /// A frame before the end is not full.
    #[error("a frame before its end is not full")]
    Shape,
}

/// A sealed document that cannot be used, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// Which one.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.place, self.fault)
    }
}

impl std::error::Error for DocumentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// An id as it is written everywhere else.
fn id(bytes: &[u8; 16]) -> String {
    let mut text = hex::encode(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

#[cfg(test)]
mod tests;
