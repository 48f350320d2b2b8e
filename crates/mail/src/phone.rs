//! Phone numbers.

use std::{fmt, str::FromStr};

/// A phone number in the one spelling of E.164: a plus sign and 7 to 15 digits, the first of which is no zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phone(String);

/// The text is not a phone number with its country.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a phone number with its country, such as +61 491 570 156")]
pub struct BadPhone;

impl Phone {
    /// Reads what somebody typed: spaces, dots, hyphens and brackets between the digits are theirs to choose.
    ///
    /// # Errors
    /// [`BadPhone`] for anything that is not a number with its country.
    pub fn typed(text: &str) -> Result<Self, BadPhone> {
        // Whoever types more than this types no number.
        if text.len() > 64 {
            return Err(BadPhone);
        }
        let separator = |c: &char| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '(' | ')');
        text.trim().chars().filter(separator).collect::<String>().parse()
    }

    /// The number in full.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = BadPhone;
    fn from_str(text: &str) -> Result<Self, BadPhone> {
        let digits = text.strip_prefix('+').ok_or(BadPhone)?;
        let fits = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if fits { Ok(Self(text.to_owned())) } else { Err(BadPhone) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn person_types_a_number_as_they_write_it() {
        for text in ["+61491570156", " +61 491 570 156 ", "+61-491-570-156", "+61 (491) 570.156"] {
            assert_eq!(
                Phone::typed(text).map(|phone| phone.to_string()).as_deref(),
                Ok("+61491570156"),
                "{text}"
            );
        }
        for text in [
            "",
            "0491570156",
            "0061491570156",
            "+0491570156",
            "+61",
            "+614915701567890",
            "+6149157015678901",
            "61491570156",
            "+61491570156x",
            "+６１491570156",
            "++61491570156",
            "+61\n491570156",
            "+61491570156, +61491570157",
            &format!("+61{}491570156", " ".repeat(64)),
        ] {
            let fits = text == "+614915701567890";
            assert_eq!(Phone::typed(text).is_ok(), fits, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_has_one_spelling(text in "\\PC{0,40}") {
            if let Ok(phone) = Phone::typed(&text) {
                prop_assert_eq!(phone.as_str().parse::<Phone>(), Ok(phone.clone()));
            }
        }
    }
}
