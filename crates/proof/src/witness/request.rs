//! The text that a log sends.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::{MAX_NOTE_BYTES, NoteError, SignedNote, parse_root, parse_size},
    hash::Hash,
};

/// The most lines of a consistency proof, by the standard.
pub const MAX_PROOF: usize = 63;

/// The longest request that is read, in octets.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + 64 * 64;

/// A checkpoint to be cosigned, and the proof that the log grew to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness cosigned last, as far as the log knows.
    pub old: u64,
    /// Consistency between that size and the checkpoint's, RFC 6962 §2.1.2.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub note: SignedNote,
}

/// Why a text is no such request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// More octets than are read.
    #[error("the request is longer than {MAX_REQUEST_BYTES} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the request is not plain UTF-8 text")]
    NotText,
    /// A line that is not what it has to be.
    #[error("line {0} of the request is malformed")]
    Line(usize),
    /// No empty line between the proof and the checkpoint.
    #[error("the request has no empty line before its checkpoint")]
    Shape,
    /// The checkpoint is no signed note.
    #[error("the checkpoint in the request: {0}")]
    Note(#[from] NoteError),
}

impl AddCheckpoint {
    /// Reads a request without checking what it says.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each request.
    pub fn parse(octets: &[u8]) -> Result<Self, RequestError> {
        if octets.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLong);
        }
        let text = std::str::from_utf8(octets).map_err(|_| RequestError::NotText)?;
        let (lines, note) = text.split_once("\n\n").ok_or(RequestError::Shape)?;
        let mut lines = (1..).zip(lines.split('\n'));
        let old = lines.next().and_then(|(_, line)| parse_size(line.strip_prefix("old ")?).ok());
        let old = old.ok_or(RequestError::Line(1))?;
        let mut proof = Vec::new();
        for (at, line) in lines {
            if proof.len() == MAX_PROOF {
                return Err(RequestError::Line(at));
            }
            proof.push(parse_root(line).map_err(|_| RequestError::Line(at))?);
        }
        Ok(Self { old, proof, note: SignedNote::parse(note.as_bytes())? })
    }
}

/// The body to send.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The body in the standard.
    const PUBLISHED: &str = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        \u{2014} example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

    #[test]
    fn the_published_request_reads_and_writes() {
        let request = AddCheckpoint::parse(PUBLISHED.as_bytes()).unwrap();
        assert_eq!((request.old, request.proof.len(), request.note.signatures().len()), (20_852_014, 4, 2));
        assert_eq!(request.to_string(), PUBLISHED);
    }

    #[test]
    fn other_spellings_are_refused() {
        for (text, error) in [
            (PUBLISHED.replace("old 2", "old 02"), RequestError::Line(1)),
            (PUBLISHED.replace("old ", "size "), RequestError::Line(1)),
            (PUBLISHED.replace("/6WV", "6WV"), RequestError::Line(5)),
            (PUBLISHED.replace("\n\n", "\n"), RequestError::Shape),
            (
                format!("old 0\n{}", "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n".repeat(64))
                    + PUBLISHED.split_at(PUBLISHED.find("\n\n").unwrap() + 1).1,
                RequestError::Line(65),
            ),
        ] {
            assert_eq!(AddCheckpoint::parse(text.as_bytes()), Err(error), "{text}");
        }
    }
}
