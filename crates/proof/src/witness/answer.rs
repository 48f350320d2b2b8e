//! What a witness answered.

use crate::checkpoint::{CosignerKey, NoteSignature, parse_size};

/// The longest answer that is worth reading, in octets: some signature lines.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It cosigned, at this time in seconds since 1970.
    Cosigned(NoteSignature, u64),
    /// It cosigned another size last.
    Last(u64),
    /// The tree does not extend the one it cosigned last.
    Inconsistent,
    /// It does not know the log, or not the key that signed it.
    Unknown,
    /// Something else: it is busy, broken, or no witness at all.
    Nothing,
}

/// Reads the answer to a request about the checkpoint with this text. Lines by other keys are passed over.
#[must_use]
pub fn read_answer(status: u16, body: &[u8], text: &str, key: &CosignerKey) -> Answer {
    let body = body.get(..MAX_ANSWER_BYTES).unwrap_or(body);
    let Ok(body) = std::str::from_utf8(body) else { return Answer::Nothing };
    match status {
        200 => cosigned(body, text, key).unwrap_or(Answer::Nothing),
        409 => {
            let size = body.strip_suffix('\n').and_then(|line| parse_size(line).ok());
            size.map_or(Answer::Nothing, Answer::Last)
        }
        422 => Answer::Inconsistent,
        403 | 404 => Answer::Unknown,
        _ => Answer::Nothing,
    }
}

fn cosigned(body: &str, text: &str, key: &CosignerKey) -> Option<Answer> {
    body.lines().find_map(|line| {
        let line: NoteSignature = line.parse().ok()?;
        let seconds = key.cosigned(text, &line)?;
        Some(Answer::Cosigned(line, seconds))
    })
}
