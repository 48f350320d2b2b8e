//! The version of a key in a path.

use std::str::FromStr;

/// A version, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyVersion(pub(crate) i64);

/// Not a version.
#[derive(Debug)]
pub(crate) struct NoVersion;

impl FromStr for KeyVersion {
    type Err = NoVersion;

    /// One spelling only: no sign, no zeros in front.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let version: u32 = text.parse().map_err(|_| NoVersion)?;
        if version == 0 || version.to_string() != text { Err(NoVersion) } else { Ok(Self(version.into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_spelling() {
        assert!(matches!("7".parse(), Ok(KeyVersion(7))));
        for bad in ["", "0", "07", "+7", "-7", "7.0", "4294967296"] {
            assert!(KeyVersion::from_str(bad).is_err(), "{bad}");
        }
    }
}
