//! References to secrets: what stands in a configuration in the place of a value.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::secret::SecretName;

/// Octets of the name of a variable at most.
const LONGEST_VARIABLE: usize = 128;
/// Octets of a name in AWS Secrets Manager at most, which is what it takes itself.
const LONGEST_AWS: usize = 512;

/// Where a secret is, instead of the secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Reference {
    /// `secret://gateway/stripe/api_key`: the current version of a secret that is stored here.
    Stored(SecretName),
    /// `env://PAYMENTS_STRIPE_KEY`: a variable of the server's environment that the operator has opened.
    Variable(VariableName),
    /// `awssm://name`: a secret of AWS Secrets Manager.
    Aws(AwsSecretName),
}

/// The name of a variable: 1 to 128 capitals, digits and `_`, not beginning with a digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VariableName(String);

/// A name in AWS Secrets Manager: 1 to 512 letters, digits and `/_+=.@-`; behind `#` a member of its JSON.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AwsSecretName(String);

/// The text is no reference to a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a reference such as secret://gateway/stripe/api_key")]
pub struct BadReference;

impl VariableName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AwsSecretName {
    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let (scheme, name) = text.split_once("://").ok_or(BadReference)?;
        match scheme {
            "secret" => name.parse().map(Self::Stored).map_err(|_| BadReference),
            "env" if is_variable(name) => Ok(Self::Variable(VariableName(name.to_owned()))),
            "awssm" if is_aws(name) => Ok(Self::Aws(AwsSecretName(name.to_owned()))),
            _ => Err(BadReference),
        }
    }
}

fn is_variable(name: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'_';
    (1..=LONGEST_VARIABLE).contains(&name.len())
        && name.bytes().all(fits)
        && !name.bytes().next().is_some_and(|first| first.is_ascii_digit())
}

fn is_aws(name: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"/_+=.@#-".contains(&octet);
    (1..=LONGEST_AWS).contains(&name.len()) && name.bytes().all(fits)
}

impl TryFrom<String> for Reference {
    type Error = BadReference;
    fn try_from(text: String) -> Result<Self, BadReference> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.to_string()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(name) => write!(f, "secret://{name}"),
            Self::Variable(name) => write!(f, "env://{}", name.as_str()),
            Self::Aws(name) => write!(f, "awssm://{}", name.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::sniff::is_reference;

    #[test]
    fn a_reference_has_one_spelling() {
        for right in [
            "secret://gateway/stripe/api_key",
            "secret://a",
            "env://PAYMENTS_KEY",
            "env://_A9",
            "awssm://prod/mail@v1",
            "awssm://prod/db#password",
        ] {
            assert_eq!(right.parse::<Reference>().unwrap().to_string(), right);
        }
        let long = format!("env://{}", "A".repeat(129));
        for wrong in [
            "",
            "secret",
            "secret:",
            "secret://",
            "secret:///a",
            "secret://A",
            "secret://a/../b",
            "secret://a ",
            " secret://a",
            "SECRET://a",
            "env://",
            "env://payments",
            "env://9A",
            "env://A-B",
            "env://A=B",
            long.as_str(),
            "awssm://",
            "awssm://a b",
            "awssm://a\n",
            "https://a",
            "file:///etc/passwd",
            "vault://a",
        ] {
            assert_eq!(wrong.parse::<Reference>(), Err(BadReference), "{wrong:?}");
            assert!(serde_json::from_value::<Reference>(wrong.into()).is_err());
        }
    }

    proptest! {
        #[test]
        fn whatever_is_a_reference_comes_back_as_it_was_written(text in "(secret|env|awssm|https)?(://)?[a-zA-Z0-9_./@ -]{0,24}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text.as_str());
                prop_assert!(is_reference(&text), "what is a reference is never taken for a secret: {}", text);
                let image = serde_json::to_value(&reference).unwrap();
                prop_assert_eq!(serde_json::from_value::<Reference>(image).unwrap(), reference);
            }
        }

        #[test]
        fn no_text_is_taken_that_is_not_whole(text in any::<String>()) {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
