//! Recovery codes, for whoever has lost their second factor.
//!
//! A code is 125 random bits in Crockford's base32, which has no letter that looks like a digit, in five groups of five:
//! `7Q2MK-0XH9B-…`. Nobody tries as many values out, so what is stored is SHA-256, as of a token, without salt and
//! without a slow hash (OWASP ASVS 5.0, 6.5.2: from 112 bits on).

use std::fmt;

use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::secret::SecretBytes;
use crate::token::{TokenError, TokenHash};

/// Letters of a code, without what stands between its groups.
const LETTERS: usize = 25;
/// Letters in a group.
const GROUP: usize = 5;
/// No text that is a code is longer, however it was spaced.
const LONGEST: usize = 60;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// One recovery code.
pub struct RecoveryCode(SecretBytes<LETTERS>);

impl RecoveryCode {
    /// Draws a new code.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let random: SecretBytes<LETTERS> = SecretBytes::random(entropy);
        let mut letters = SecretBytes::zeroed();
        // A byte holds eight whole alphabets, so no letter comes more often than another.
        for (letter, byte) in letters.expose_mut().iter_mut().zip(random.expose()) {
            *letter = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or_default();
        }
        Self(letters)
    }

    /// Reads a code as people type it: in either case, with or without what stands between the groups, and with the letters
    /// that were taken for digits.
    ///
    /// # Errors
    /// [`TokenError`] unless twenty-five letters of the alphabet are left; what was typed is not repeated.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError);
        }
        let mut letters = SecretBytes::zeroed();
        let mut places = letters.expose_mut().iter_mut();
        for typed in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let letter = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            };
            let letter =
                u8::try_from(letter).ok().filter(|letter| ALPHABET.contains(letter)).ok_or(TokenError)?;
            *places.next().ok_or(TokenError)? = letter;
        }
        if places.next().is_some() { Err(TokenError) } else { Ok(Self(letters)) }
    }

    /// The text to show: the only place it may go.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LETTERS + LETTERS / GROUP));
        for (place, letter) in self.0.expose().iter().enumerate() {
            if place > 0 && place.is_multiple_of(GROUP) {
                text.push('-');
            }
            text.push(char::from(*letter));
        }
        text
    }

    /// What is stored and looked up: SHA-256 of the twenty-five letters.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secret::assert_hidden;

    #[test]
    fn person_reads_five_groups_of_five_and_nobody_reads_them_by_accident() {
        let code = RecoveryCode::generate(&SeededEntropy::new(7));
        let text = code.expose();
        let groups: Vec<_> = text.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [5, 5, 5, 5, 5]);
        assert!(!text.contains(['O', 'I', 'L', 'U']), "no letter looks like a digit");
        assert_hidden(&code, code.0.expose());
    }

    #[test]
    fn a_code_holds_more_bits_than_a_plain_hash_asks_for() {
        // OWASP ASVS 5.0, 6.5.2: below 112 bits it would have to be hashed as a password is.
        assert!(LETTERS as u32 * ALPHABET.len().ilog2() >= 112);
        let seen: std::collections::BTreeSet<char> = (0..100)
            .flat_map(|seed| {
                RecoveryCode::generate(&SeededEntropy::new(seed)).expose().chars().collect::<Vec<_>>()
            })
            .collect();
        assert_eq!(
            seen.len(),
            ALPHABET.len() + 1,
            "each letter is drawn, and what stands between the groups"
        );
    }

    #[test]
    fn person_types_a_code_as_they_like() {
        let code = RecoveryCode::parse("01234-56789-ABCDE-FGHJK-MNPQR").unwrap();
        for typed in [
            "0123456789abcdefghjkmnpqr",
            " oi234 56789-abcde fghjk mnpqr ",
            "0L234-56789-ABCDE-FGHJK-MNPQR",
            "O1234-56789-ABCDE-FGHJK-MNPQR",
        ] {
            assert_eq!(RecoveryCode::parse(typed).unwrap().hash(), code.hash(), "{typed}");
        }
        for typed in [
            "",
            "01234-56789-ABCDE-FGHJK-MNPQ",
            "01234-56789-ABCDE-FGHJK-MNPQRS",
            "U1234-56789-ABCDE-FGHJK-MNPQR",
            "é1234-56789-ABCDE-FGHJK-MNPQR",
        ] {
            assert_eq!(RecoveryCode::parse(typed).unwrap_err(), TokenError, "{typed}");
        }
        assert!(RecoveryCode::parse(&" ".repeat(100)).is_err());
    }

    proptest! {
        #[test]
        fn a_code_survives_its_text(seed: u64) {
            let code = RecoveryCode::generate(&SeededEntropy::new(seed));
            prop_assert_eq!(RecoveryCode::parse(&code.expose()).unwrap().hash(), code.hash());
        }

        #[test]
        fn arbitrary_text_is_parsed_without_a_panic(text in ".{0,80}", near in "[0-9A-Za-z -]{20,35}") {
            let _ = RecoveryCode::parse(&text);
            let _ = RecoveryCode::parse(&near);
        }
    }
}
