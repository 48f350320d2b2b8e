//! The key that a program gives its request.

use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The header.
const HEADER: &str = "idempotency-key";
/// Characters of a key at most.
pub(crate) const LONGEST: usize = 255;

/// A key, which is visible characters of ASCII but for quotation mark and backslash, as its SHA-256: it may be anything, even what its
/// sender should not have sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of a request, if it has one. The draft writes it as a string of RFC 9651, in quotation marks; one without them is the
    /// same key.
    ///
    /// # Errors
    /// 400 for more than one, and for what is none.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>> {
        const WRONG: Error = Error::BadRequest(
            "The header Idempotency-Key holds one key of 1 to 255 visible ASCII characters without quotation marks and backslashes.",
        );
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let text = value.to_str().map_err(|_| WRONG)?.trim();
        let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let fits = key.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        if values.next().is_some() || key.is_empty() || key.len() > LONGEST || !fits {
            return Err(WRONG);
        }
        Ok(Some(Self(Sha256::digest(key.as_bytes()).into())))
    }

    /// What it is stored as.
    pub(super) const fn digest(&self) -> [u8; 32] {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let name = HeaderName::from_static(HEADER);
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotation_marks() {
        let (quoted, bare) = (headers(&["\"8e03978e-40d5\""]), headers(&["8e03978e-40d5"]));
        let (quoted, bare) = (Key::of(&quoted).unwrap().unwrap(), Key::of(&bare).unwrap().unwrap());
        assert_eq!(quoted, bare);
        assert_ne!(quoted, Key::of(&headers(&["8E03978E-40D5"])).unwrap().unwrap());
        assert_eq!(Key::of(&HeaderMap::new()).unwrap(), None);
        assert!(Key::of(&headers(&["a".repeat(LONGEST).as_str()])).unwrap().is_some());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for values in [
            [""].as_slice(),
            &["\"\""],
            &["\"a"],
            &["a\""],
            &["a b"],
            &["a\\b"],
            &["a\"b"],
            &["é"],
            &["a", "a"],
            &[long.as_str()],
        ] {
            assert!(matches!(Key::of(&headers(values)), Err(Error::BadRequest(_))), "{values:?}");
        }
    }
}
