//! Addresses of mail.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Line;

/// One mailbox: `local@domain` (RFC 5321 §4.1.2), without a name, a comment or a line break.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(lettre::Address);

/// The text is not one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an address of mail")]
pub struct BadAddress;

impl Address {
    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.domain()
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    pub(crate) const fn inner(&self) -> &lettre::Address {
        &self.0
    }
}

impl FromStr for Address {
    type Err = BadAddress;
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if text.len() > 254 || text.chars().any(char::is_control) {
            return Err(BadAddress);
        }
        text.parse().map(Self).map_err(|_| BadAddress)
    }
}

impl TryFrom<String> for Address {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<Self, BadAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.as_str().to_owned()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who letters come from: an address, with or without a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The name beside the address.
    pub name: Option<Line>,
    /// The address; answers go there.
    pub address: Address,
}

/// The text is neither `address` nor `name <address>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("neither an address nor a name with an address in angle brackets")]
pub struct BadSender;

impl FromStr for Sender {
    type Err = BadSender;
    fn from_str(text: &str) -> Result<Self, BadSender> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('<') else {
            return Ok(Self { name: None, address: text.parse().map_err(|_| BadSender)? });
        };
        let address = rest.strip_suffix('>').ok_or(BadSender)?.parse().map_err(|_| BadSender)?;
        let name = name.trim().trim_matches('"');
        let name = if name.is_empty() { None } else { Some(Line::parse(name).map_err(|_| BadSender)?) };
        Ok(Self { name, address })
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_one_address() {
        for text in [
            "",
            "a",
            "a@b\r\nBcc: c@d.example",
            "a@b.example, c@d.example",
            "A <a@b.example>",
            "a b@c.example",
        ] {
            assert_eq!(text.parse::<Address>(), Err(BadAddress), "{text:?}");
        }
        assert_eq!(
            "a.b+c@d.example".parse::<Address>().map(|a| a.domain().to_owned()).as_deref(),
            Ok("d.example")
        );
    }

    #[test]
    fn operator_names_the_sender_with_or_without_a_name() {
        for (text, shown) in [
            ("no-reply@b.example", "no-reply@b.example"),
            (" Bailiwick <no-reply@b.example>", "Bailiwick <no-reply@b.example>"),
            ("\"Care, Example\" <no-reply@b.example>", "Care, Example <no-reply@b.example>"),
        ] {
            assert_eq!(text.parse::<Sender>().map(|sender| sender.to_string()).as_deref(), Ok(shown));
        }
        for text in ["", "Bailiwick", "Bailiwick <>", "Bailiwick <a@b.example> x", "Bail\nwick <a@b.example>"]
        {
            assert_eq!(text.parse::<Sender>(), Err(BadSender), "{text:?}");
        }
    }
}
