//! What a holder of root keys knows this server by.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::Trouble;

/// Far more than a token, a password or a PIN; a longer file is something else and is not read.
const LONGEST: u64 = 16 * 1024;

/// A token, secret or PIN. Nothing shows it.
pub enum Credential {
    /// It was given, as by the environment.
    Given(Zeroizing<String>),
    /// It stands in a file, whose content is read whenever it is needed: whoever renews it writes it there.
    File(PathBuf),
}

impl Credential {
    /// The credential as it is now, without the line break at the end of its file.
    pub(super) async fn read(&self) -> Result<Zeroizing<String>, Trouble> {
        let path = match self {
            Self::Given(text) => return Ok(text.clone()),
            Self::File(path) => path,
        };
        let metadata = tokio::fs::metadata(path).await.map_err(|_| Trouble::Credential)?;
        if !metadata.is_file() || metadata.len() > LONGEST {
            return Err(Trouble::Credential);
        }
        let octets = tokio::fs::read(path).await.map(Zeroizing::new).map_err(|_| Trouble::Credential)?;
        let text =
            std::str::from_utf8(&octets).map_err(|_| Trouble::Credential)?.trim_end_matches(['\r', '\n']);
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Trouble::Credential);
        }
        Ok(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for Credential {
    fn from(text: String) -> Self {
        Self::Given(Zeroizing::new(text))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Credential(…)"),
            Self::File(path) => f.debug_tuple("Credential").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_renewed_file_is_read_anew_and_nothing_shows_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let credential = Credential::File(path.clone());
        assert_eq!(credential.read().await, Err(Trouble::Credential));
        for (text, read) in [
            ("hunter2\n", Ok("hunter2")),
            ("hunter3\r\n", Ok("hunter3")),
            ("", Err(Trouble::Credential)),
            ("two\nlines", Err(Trouble::Credential)),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(
                credential.read().await.as_deref().map(String::as_str),
                read.as_ref().map(|text| *text),
                "{text:?}"
            );
        }
        std::fs::write(&path, "x".repeat(20_000)).unwrap();
        assert_eq!(credential.read().await, Err(Trouble::Credential));
        assert!(!format!("{:?}", Credential::from("hunter2".to_owned())).contains("hunter2"));
    }
}
