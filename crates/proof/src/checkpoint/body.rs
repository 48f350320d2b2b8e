//! The text of a checkpoint: C2SP tlog-checkpoint.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{NoteError, SignedNote, VerifierKey};
use crate::hash::{Hash, empty_root};

/// What a log says about itself at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's unique name; one line, by custom a URL without its scheme.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The RFC 6962 root of those leaves.
    pub root: Hash,
    /// Further lines, which mean nothing here; normally none.
    pub extensions: Vec<String>,
}

/// Why a text is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The signed note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Fewer than three lines, no final newline, or an empty line.
    #[error("a checkpoint is at least three lines, none of them empty, each ending in a newline")]
    Lines,
    /// The second line is not a decimal number without leading zeros.
    #[error("the size in a checkpoint is a decimal number without leading zeros")]
    Size,
    /// The third line is not the base64 of 32 octets.
    #[error("the root in a checkpoint is the base64 of 32 octets")]
    Root,
    /// A size of zero with a root that is not the empty tree's.
    #[error("the checkpoint gives an empty log a root that is not the empty root")]
    EmptyRoot,
    /// The checkpoint of another log.
    #[error("the checkpoint is of the log {found}, not of {expected}")]
    Origin {
        /// The log asked for.
        expected: String,
        /// The log it is about.
        found: String,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Self { origin: origin.into(), size, root, extensions: Vec::new() }
    }

    /// Reads a signed checkpoint, and returns it only if one of `keys` signed it and it is about the log `origin`.
    ///
    /// # Errors
    /// A malformed note, a signature that is missing or wrong, a malformed checkpoint, or that of another log.
    pub fn open(note: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        note.verify_any(keys)?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::Origin { expected: origin.to_owned(), found: checkpoint.origin });
        }
        Ok(checkpoint)
    }

    /// Reads the unsigned text.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Lines);
        }
        let checkpoint =
            Self { origin: origin.to_owned(), size: parse_size(size)?, root: parse_root(root)?, extensions };
        if checkpoint.size == 0 && checkpoint.root != empty_root() {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(checkpoint)
    }
}

/// The text to sign; each line ends in a newline.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Reads a number of leaves in its one spelling.
pub(crate) fn parse_size(line: &str) -> Result<u64, CheckpointError> {
    let size: u64 = line.parse().map_err(|_| CheckpointError::Size)?;
    // Rust's parser takes "+1" and "007"; the format has one spelling.
    if size.to_string() == line { Ok(size) } else { Err(CheckpointError::Size) }
}

/// Reads a hash as checkpoints and proofs have it: base64 of 32 octets.
pub(crate) fn parse_root(line: &str) -> Result<Hash, CheckpointError> {
    let bytes = STANDARD.decode(line).map_err(|_| CheckpointError::Root)?;
    Hash::from_slice(&bytes).map_err(|_| CheckpointError::Root)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const PUBLISHED: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_published_example_reads_and_writes() {
        let checkpoint = Checkpoint::parse(PUBLISHED).unwrap();
        assert_eq!(
            (checkpoint.origin.as_str(), checkpoint.size),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.to_string(), PUBLISHED);
    }

    #[test]
    fn extension_lines_are_kept() {
        let text = format!("{PUBLISHED}one\ntwo\n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!(checkpoint.extensions, ["one", "two"]);
        assert_eq!(checkpoint.to_string(), text);
    }

    #[test]
    fn an_empty_log_has_the_empty_root() {
        let text = Checkpoint::new("log", 0, empty_root()).to_string();
        assert!(Checkpoint::parse(&text).is_ok());
        let forged = Checkpoint::new("log", 0, crate::leaf_hash(b"x")).to_string();
        assert_eq!(Checkpoint::parse(&forged), Err(CheckpointError::EmptyRoot));
    }

    #[test]
    fn other_spellings_are_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for (text, error) in [
            (String::new(), CheckpointError::Lines),
            (format!("log\n1\n{root}"), CheckpointError::Lines),
            ("log\n1\n".to_owned(), CheckpointError::Lines),
            (format!("\n1\n{root}\n"), CheckpointError::Lines),
            (format!("log\n1\n{root}\n\n"), CheckpointError::Lines),
            (format!("log\n01\n{root}\n"), CheckpointError::Size),
            (format!("log\n+1\n{root}\n"), CheckpointError::Size),
            (format!("log\n-1\n{root}\n"), CheckpointError::Size),
            (format!("log\n1 \n{root}\n"), CheckpointError::Size),
            (format!("log\n18446744073709551616\n{root}\n"), CheckpointError::Size),
            (format!("log\n1\n{}\n", root.trim_end_matches('=')), CheckpointError::Root),
            (format!("log\n1\n{}\n", root.replace("2I=", "2J=")), CheckpointError::Root),
            ("log\n1\nAAAA\n".to_owned(), CheckpointError::Root),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
    }
}
