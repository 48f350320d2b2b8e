//! One-time codes that are sent out of band, each for one sensitive change.

use std::fmt;

use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Digits of a code.
const DIGITS: usize = 8;
/// As many codes as there are.
const CODES: u64 = 10_u64.pow(8);

/// Eight random digits, typed by a person. Only their keyed hash is stored:
/// [`KeyedHash::code_tag`](crate::keyed::KeyedHash::code_tag).
pub struct Code(Zeroizing<String>);

impl Code {
    /// Draws a code. Of 2⁶⁴ draws each code has as many, give or take one.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 8]);
        entropy.fill(bytes.as_mut_slice());
        Self(Zeroizing::new(format!("{:0DIGITS$}", u64::from_be_bytes(*bytes) % CODES)))
    }

    /// Reads what somebody typed; white space between the digits is theirs to choose. `None` unless it is eight ASCII digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Whoever types more than this types no code.
        if text.len() > 64 {
            return None;
        }
        let digits = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect::<String>());
        (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(Self(digits))
    }

    /// The digits, for the letter alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secret::assert_hidden;

    #[test]
    fn a_code_has_one_spelling_but_for_spaces() {
        for text in ["12345678", "1234 5678", " 1 2 3 4 5 6 7 8\n"] {
            assert_eq!(Code::parse(text).unwrap().expose(), "12345678");
        }
        for text in ["", "1234567", "123456789", "1234567a", "１２３４５６７８", "-1234567", &" ".repeat(70)]
        {
            assert!(Code::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn codes_differ_and_nobody_reads_one_in_debug() {
        let entropy = SeededEntropy::new(5);
        let (first, second) = (Code::generate(&entropy), Code::generate(&entropy));
        assert_eq!((first.expose().len(), second.expose().len()), (8, 8));
        assert_ne!(first.expose(), second.expose());
        assert_hidden(&first, first.expose().as_bytes());
    }

    #[test]
    fn a_small_number_keeps_its_leading_zeros() {
        struct Zeros;
        impl Entropy for Zeros {
            fn fill(&self, out: &mut [u8]) {
                out.fill(0);
            }
        }
        assert_eq!(Code::generate(&Zeros).expose(), "00000000");
    }
}
