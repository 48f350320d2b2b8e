//! Secrets that are kept for the product: how they are named, and how long their values are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::entity::named;

/// Octets of a value at most.
pub const LONGEST_VALUE: usize = 64 * 1024;
/// Octets of a name at most.
pub const LONGEST_NAME: usize = 200;
/// Parts of a name at most.
pub const MOST_PARTS: usize = 8;
/// Octets of one part at most.
const LONGEST_PART: usize = 64;

/// The name of a secret: one to eight parts between slashes, such as `gateway/stripe/api_key`.
///
/// A part is 1 to 64 lower-case letters, digits, `_`, `-` and `.`, and begins with a letter or a digit: so none is `.` or `..`, none is
/// empty, and no name has two spellings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(String);

/// The text is no name of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a name of a secret")]
pub struct BadSecretName;

impl SecretName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = BadSecretName;
    fn from_str(text: &str) -> Result<Self, BadSecretName> {
        let fits = text.len() <= LONGEST_NAME
            && text.split('/').count() <= MOST_PARTS
            && text.split('/').all(is_part);
        if fits { Ok(Self(text.to_owned())) } else { Err(BadSecretName) }
    }
}

fn is_part(part: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
    part.len() <= LONGEST_PART
        && part.bytes().next().is_some_and(plain)
        && part.bytes().all(|octet| plain(octet) || matches!(octet, b'_' | b'-' | b'.'))
}

impl TryFrom<String> for SecretName {
    type Error = BadSecretName;
    fn try_from(text: String) -> Result<Self, BadSecretName> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

named! {
    /// How long a value is, roughly: enough to see that something was cut off, too little to help with guessing it.
    LengthClass {
        /// Fewer than 16 octets.
        Short = "under_16",
        /// 16 to 31 octets.
        From16 = "16_to_31",
        /// 32 to 63 octets.
        From32 = "32_to_63",
        /// 64 to 255 octets.
        From64 = "64_to_255",
        /// 256 to 4,095 octets.
        From256 = "256_to_4095",
        /// 4,096 octets and more.
        From4096 = "4096_and_more",
    }
}

impl LengthClass {
    /// The class of a value of so many octets.
    pub const fn of(octets: usize) -> Self {
        match octets {
            ..16 => Self::Short,
            16..32 => Self::From16,
            32..64 => Self::From32,
            64..256 => Self::From64,
            256..4096 => Self::From256,
            4096.. => Self::From4096,
        }
    }

    /// The class as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Short => "under 16 octets",
            Self::From16 => "16 to 31 octets",
            Self::From32 => "32 to 63 octets",
            Self::From64 => "64 to 255 octets",
            Self::From256 => "256 to 4,095 octets",
            Self::From4096 => "4,096 octets and more",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for right in ["a", "gateway/stripe/api_key", "smtp.primary/pass-word", "0/1/2/3/4/5/6/7"] {
            assert_eq!(right.parse::<SecretName>().unwrap().as_str(), right);
        }
        let (long, longer) = ("a".repeat(64), "a".repeat(65));
        assert!(long.parse::<SecretName>().is_ok());
        for wrong in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "./a",
            "A",
            "a b",
            "a\n",
            "ä",
            "a/_b",
            "-a",
            "a%2fb",
            "a\\b",
            "0/1/2/3/4/5/6/7/8",
            longer.as_str(),
        ] {
            assert_eq!(wrong.parse::<SecretName>(), Err(BadSecretName), "{wrong:?}");
            assert!(serde_json::from_value::<SecretName>(wrong.into()).is_err());
        }
        let whole = [long.as_str(); 4].join("/");
        assert_eq!(whole.parse::<SecretName>(), Err(BadSecretName), "{} octets", whole.len());
    }

    #[test]
    fn a_class_says_little_of_a_length() {
        for (octets, class) in [
            (0, LengthClass::Short),
            (15, LengthClass::Short),
            (16, LengthClass::From16),
            (32, LengthClass::From32),
            (255, LengthClass::From64),
            (256, LengthClass::From256),
            (LONGEST_VALUE, LengthClass::From4096),
        ] {
            assert_eq!(LengthClass::of(octets), class, "{octets}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_a_name_stays_within_its_alphabet(text in "[a-z0-9_./A-Z -]{0,40}") {
            if let Ok(name) = text.parse::<SecretName>() {
                prop_assert_eq!(name.as_str(), text.as_str());
                let within = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-./".contains(&b));
                prop_assert!(within && !text.contains("//") && !text.starts_with(['/', '.']));
            }
        }
    }
}
