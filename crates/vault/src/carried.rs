//! What a browser carries from the beginning of a step to its end, before any table could hold it: marked, so that it comes
//! back as it was, to whom it was given, and in time.
//!
//! ```text
//! base64url( until, 8 bytes big-endian ‖ tag, 32 bytes ‖ content )
//! tag = HMAC-SHA-256( key, label ‖ purpose ‖ bound ‖ until ‖ content ), each field led by its length
//! ```
//!
//! The content is not hidden. That it comes back only once is for the caller to see to.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

use crate::{keyed::KeyedHash, transcript::Transcript};

/// The longest text that is looked at.
const LONGEST: usize = 4096;
const UNTIL: usize = 8;
const TAG: usize = 32;

/// What came back as it was given out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried {
    /// What was marked.
    pub content: Vec<u8>,
    /// Until when it is good, in microseconds since 1970.
    pub until: i64,
    /// The mark, which no other content, purpose, holder or time has: by it the caller knows what came back before.
    pub mark: [u8; 32],
}

/// The text was not made here, or for another purpose, for somebody else, or too long ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not what was given out")]
pub struct NotCarried;

impl KeyedHash {
    /// Marks `content` for `purpose` and for whoever shows `bound` again, until a time in microseconds since 1970.
    #[must_use]
    pub fn carry(&self, purpose: &str, bound: &[u8], until: i64, content: &[u8]) -> String {
        let until = until.to_be_bytes();
        let tag = hmac::sign(self.carried_key(), &message(purpose, bound, &until, content));
        BASE64_URL_SAFE_NO_PAD.encode([until.as_slice(), tag.as_ref(), content].concat())
    }

    /// What a text of [`carry`](Self::carry) holds.
    ///
    /// # Errors
    /// [`NotCarried`], whatever is wrong with it. The tag is compared in a time that does not depend on where it differs.
    pub fn carried(&self, purpose: &str, bound: &[u8], now: i64, text: &str) -> Result<Carried, NotCarried> {
        if text.len() > LONGEST {
            return Err(NotCarried);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| NotCarried)?;
        let (until, rest) = bytes.split_first_chunk::<UNTIL>().ok_or(NotCarried)?;
        let (tag, content) = rest.split_first_chunk::<TAG>().ok_or(NotCarried)?;
        hmac::verify(self.carried_key(), &message(purpose, bound, until, content), tag)
            .map_err(|_| NotCarried)?;
        let until = i64::from_be_bytes(*until);
        if now < until {
            Ok(Carried { content: content.to_vec(), until, mark: *tag })
        } else {
            Err(NotCarried)
        }
    }
}

fn message(purpose: &str, bound: &[u8], until: &[u8; UNTIL], content: &[u8]) -> Vec<u8> {
    Transcript::new("carried").field(purpose.as_bytes()).field(bound).field(until).field(content).finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::keyring::tests::provider;

    async fn hash(seed: u64) -> KeyedHash {
        KeyedHash::derive(provider(seed).as_ref()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_given_out_comes_back_to_the_same_visitor_in_time() {
        let hash = hash(81).await;
        let text = hash.carry("sign-in", b"ada", 1_000, b"content");
        let back = hash.carried("sign-in", b"ada", 999, &text).unwrap();
        assert_eq!((back.content.as_slice(), back.until), (b"content".as_slice(), 1_000));
        let other = hash.carry("sign-in", b"ada", 1_001, b"content");
        assert_ne!(back.mark, hash.carried("sign-in", b"ada", 999, &other).unwrap().mark);
        assert_eq!(hash.carried("sign-in", b"ada", 1_000, &text), Err(NotCarried), "too late");
        assert_eq!(hash.carried("sign-in", b"bob", 999, &text), Err(NotCarried), "somebody else");
        assert_eq!(hash.carried("join", b"ada", 999, &text), Err(NotCarried), "for another purpose");
    }

    #[tokio::test]
    async fn what_was_made_elsewhere_is_refused() {
        let (ours, theirs) = (hash(81).await, hash(82).await);
        let text = theirs.carry("sign-in", b"ada", 1_000, b"content");
        assert_eq!(ours.carried("sign-in", b"ada", 0, &text), Err(NotCarried));
        for text in ["", "AA", &"A".repeat(LONGEST + 1), "not base64!"] {
            assert_eq!(ours.carried("sign-in", b"ada", 0, text), Err(NotCarried));
        }
    }

    #[tokio::test]
    async fn each_flipped_bit_is_noticed() {
        let hash = hash(81).await;
        let text = hash.carry("sign-in", b"ada", 1_000, b"content");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged.get_mut(bit / 8).map(|byte| *byte ^= 1 << (bit % 8)).unwrap();
            let text = BASE64_URL_SAFE_NO_PAD.encode(damaged);
            assert_eq!(hash.carried("sign-in", b"ada", 0, &text), Err(NotCarried), "bit {bit}");
        }
    }
}
