//! Links in letters: a public address, and a path with a token that only the recipient may learn.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The path of a link, such as `/join/…`. It lets in whoever holds it, so it has no readable `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkPath(Zeroizing<String>);

/// The text is not a path or an address that may stand in a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a link that may stand in a letter")]
pub struct BadLink;

impl LinkPath {
    /// Takes a path of letters, digits, hyphens and underscores between single slashes.
    ///
    /// # Errors
    /// [`BadLink`] for any other text.
    pub fn parse(text: impl Into<String>) -> Result<Self, BadLink> {
        let text = Zeroizing::new(text.into());
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let fits = text.len() <= 200 && text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain));
        if fits { Ok(Self(text)) } else { Err(BadLink) }
    }

    /// The path, for the letter alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LinkPath {
    type Error = BadLink;
    fn try_from(text: String) -> Result<Self, BadLink> {
        Self::parse(text)
    }
}

impl From<LinkPath> for String {
    fn from(path: LinkPath) -> Self {
        path.0.to_string()
    }
}

impl fmt::Debug for LinkPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkPath(…)")
    }
}

/// What every link begins with: scheme, host and perhaps a port, without a slash at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkBase(String);

impl LinkBase {
    /// Takes the address under which people reach the server.
    ///
    /// # Errors
    /// [`BadLink`] unless it is `http://` or `https://` with a host and nothing behind it.
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(BadLink)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']');
        let fits = !host.is_empty() && host.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(BadLink) }
    }

    /// The whole link.
    pub(crate) fn to(&self, path: &LinkPath) -> Zeroizing<String> {
        Zeroizing::new(format!("{}{}", self.0, path.expose()))
    }

    /// The host and port, by which people recognise the product.
    pub(crate) fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, host)| host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_plain_and_nobody_reads_it_by_accident() {
        let path = LinkPath::parse("/join/AZaz09_-");
        assert_eq!(path.as_ref().map(LinkPath::expose), Ok("/join/AZaz09_-"));
        assert_eq!(format!("{path:?}"), "Ok(LinkPath(…))");
        for text in ["", "/", "join", "//evil.example", "/a//b", "/a b", "/a\nb", "/a?b", "/a#b", "/a/", "/é"]
        {
            assert_eq!(LinkPath::parse(text), Err(BadLink), "{text:?}");
        }
    }

    #[test]
    fn a_link_begins_with_an_origin() {
        for text in ["https://b.example", "http://localhost:8080", "https://[::1]:8443"] {
            assert!(LinkBase::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "b.example",
            "ftp://b.example",
            "https://",
            "https://b.example/",
            "https://a@b.example",
            "https://b.example\"x",
        ] {
            assert_eq!(LinkBase::parse(text), Err(BadLink), "{text}");
        }
    }
}
