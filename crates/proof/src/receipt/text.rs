//! The text of a receipt: C2SP tlog-proof.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{MAX_PATH, MAX_RECEIPT_BYTES, Receipt};
use crate::checkpoint::{NoteError, SignedNote, parse_root, parse_size};

/// The first line of a receipt.
pub(crate) const TITLE: &str = "c2sp.org/tlog-proof@v1";

/// Why a text is not a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// More octets than are read.
    #[error("the receipt is longer than {MAX_RECEIPT_BYTES} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the receipt is not plain UTF-8 text")]
    NotText,
    /// A line that is not what it has to be.
    #[error("line {0} of the receipt is malformed")]
    Line(usize),
    /// No empty line between the proof and its checkpoint.
    #[error("the receipt has no empty line before its checkpoint")]
    Shape,
    /// The checkpoint is no signed note.
    #[error("the checkpoint in the receipt: {0}")]
    Note(#[from] NoteError),
}

impl Receipt {
    /// Reads a receipt without checking what it says.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each receipt.
    pub fn parse(octets: &[u8]) -> Result<Self, ReceiptError> {
        if octets.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLong);
        }
        let text = std::str::from_utf8(octets).map_err(|_| ReceiptError::NotText)?;
        let (proof, note) = text.split_once("\n\n").ok_or(ReceiptError::Shape)?;
        let mut lines = (1..).zip(proof.split('\n'));
        let mut next = || lines.next().ok_or(ReceiptError::Shape);
        if next()? != (1, TITLE) {
            return Err(ReceiptError::Line(1));
        }
        let (mut at, mut line) = next()?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(STANDARD.decode(encoded).map_err(|_| ReceiptError::Line(at))?);
            (at, line) = next()?;
        }
        let index = line.strip_prefix("index ").and_then(|text| parse_size(text).ok());
        let index = index.ok_or(ReceiptError::Line(at))?;
        let mut path = Vec::new();
        for (at, line) in lines {
            if path.len() == MAX_PATH {
                return Err(ReceiptError::Line(at));
            }
            path.push(parse_root(line).map_err(|_| ReceiptError::Line(at))?);
        }
        Ok(Self { extra, index, path, note: SignedNote::parse(note.as_bytes())? })
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        Self::parse(text.as_bytes())
    }
}

/// The text to keep, as `.tlog-proof`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}
