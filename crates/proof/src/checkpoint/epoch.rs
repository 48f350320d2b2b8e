//! What an installation owns up to when it goes on after a loss: which signed events are gone, and what it goes on from.
//!
//! ```text
//! bailiwick-epoch/v1
//! bailiwick.example.com/tenant/0193a7c2-7b1e-7000-8000-000000000001/epoch/2
//! kept 80 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= 1767323045
//! signed 120 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= 1767326645
//! ```
//!
//! It is the text of a signed note, kept outside the database beside the last checkpoint of the epoch before. Times are
//! seconds since 1970, or `-` where none is known.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{CheckpointError, LogName, NoteError, Of, SignedNote, VerifierKey, parse_root, parse_size};
use crate::hash::Hash;

const TITLE: &str = "bailiwick-epoch/v1";

/// A head of a log and when it was signed, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of leaves.
    pub size: u64,
    /// Their root.
    pub root: Hash,
    /// Seconds since 1970.
    pub seconds: Option<u64>,
}

/// That an epoch of a tenant's log begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochStatement {
    /// The name of the log that begins; its epoch is 2 or more.
    pub log: String,
    /// What both epochs have in common: the last signed head that the database still holds.
    pub kept: Head,
    /// What had been signed in the epoch before: everything beyond `kept` is lost.
    pub signed: Head,
}

/// Why a text is no such statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// The signed note around it is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line that is not what it has to be.
    #[error("line {0} of the statement is malformed")]
    Line(u8),
}

impl From<EpochError> for CheckpointError {
    fn from(error: EpochError) -> Self {
        match error {
            EpochError::Note(note) => Self::Note(note),
            EpochError::Line(_) => Self::Lines,
        }
    }
}

impl EpochStatement {
    /// Reads a signed statement.
    ///
    /// # Errors
    /// A malformed note, a signature that is missing or wrong, or another text.
    pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Self, EpochError> {
        let note = SignedNote::parse(note)?;
        note.verify_any(keys)?;
        Self::parse(note.text())
    }

    /// Reads the unsigned text.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each statement.
    pub fn parse(text: &str) -> Result<Self, EpochError> {
        let mut lines = text.strip_suffix('\n').ok_or(EpochError::Line(1))?.split('\n');
        let mut line = |number| lines.next().ok_or(EpochError::Line(number));
        if line(1)? != TITLE {
            return Err(EpochError::Line(1));
        }
        let log = line(2)?;
        if !matches!(LogName::parse(log), Some(LogName { of: Of::Tenant { epoch: 2.., .. }, .. })) {
            return Err(EpochError::Line(2));
        }
        let kept = head(line(3)?, "kept ").ok_or(EpochError::Line(3))?;
        let signed = head(line(4)?, "signed ").ok_or(EpochError::Line(4))?;
        if lines.next().is_some() {
            return Err(EpochError::Line(5));
        }
        Ok(Self { log: log.to_owned(), kept, signed })
    }

    /// The epoch that begins, from 2.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        match LogName::parse(&self.log) {
            Some(LogName { of: Of::Tenant { epoch, .. }, .. }) => epoch,
            _ => 0,
        }
    }
}

/// The text to sign; each line ends in a newline.
impl fmt::Display for EpochStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\n{}", self.log)?;
        for (word, head) in [("kept", &self.kept), ("signed", &self.signed)] {
            write!(f, "{word} {} {} ", head.size, STANDARD.encode(head.root.0))?;
            match head.seconds {
                Some(seconds) => writeln!(f, "{seconds}")?,
                None => writeln!(f, "-")?,
            }
        }
        Ok(())
    }
}

fn head(line: &str, word: &str) -> Option<Head> {
    let mut parts = line.strip_prefix(word)?.split(' ');
    let head = Head {
        size: parse_size(parts.next()?).ok()?,
        root: parse_root(parts.next()?).ok()?,
        seconds: match parts.next()? {
            "-" => None,
            text => Some(parse_size(text).ok()?),
        },
    };
    parts.next().is_none().then_some(head)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{empty_root, leaf_hash};

    #[test]
    fn a_statement_has_one_text() {
        let statement = EpochStatement {
            log: "a.example/tenant/0193a7c2-7b1e-7000-8000-000000000001/epoch/2".into(),
            kept: Head { size: 0, root: empty_root(), seconds: None },
            signed: Head { size: 120, root: leaf_hash(b"x"), seconds: Some(1_767_326_645) },
        };
        let text = statement.to_string();
        assert_eq!(EpochStatement::parse(&text), Ok(statement.clone()));
        assert_eq!(statement.epoch(), 2);
        for (wrong, line) in [
            (text.replace("v1", "v2"), 1),
            (text.replace("/epoch/2", ""), 2),
            (text.replace("kept 0", "kept 00"), 3),
            (text.replace(" -\n", " - \n"), 3),
            (text.replace("signed", "lost"), 4),
            (format!("{text}more\n"), 5),
            (text.trim_end().to_owned(), 1),
        ] {
            assert_eq!(EpochStatement::parse(&wrong), Err(EpochError::Line(line)), "{wrong}");
        }
    }
}
