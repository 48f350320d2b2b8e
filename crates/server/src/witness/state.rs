//! What a witness cosigned last of each log.

use std::{collections::BTreeMap, fmt};

use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote},
    witness::Seen,
};

const TITLE: &str = "bailiwick-witness-state v1";

/// Logs that are remembered at most.
const LOGS: usize = 10_000;

/// Octets of a note that is remembered at most; one of a log that has a few signatures is far shorter.
const NOTE: usize = 4096;

/// The signed checkpoint that a witness cosigned last, of each log by its name.
///
/// The text is its title and then, for each log in the order of their names, the number of the note's octets on a line and
/// the note itself: what the log signed stays at hand, as evidence if it ever signs another history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(BTreeMap<String, Kept>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    seen: Seen,
    note: String,
}

impl State {
    /// What was cosigned last of a log; the empty tree of one that is new.
    pub(crate) fn seen(&self, origin: &str) -> Seen {
        self.0.get(origin).map(|kept| kept.seen).unwrap_or_default()
    }

    /// Whether anything of a log was cosigned.
    pub(crate) fn knows(&self, origin: &str) -> bool {
        self.0.contains_key(origin)
    }

    /// The state with another checkpoint as the last; nothing where there is no room for another log, or for
    /// a note as long as this one.
    pub(crate) fn with(&self, checkpoint: &Checkpoint, note: &SignedNote) -> Option<Self> {
        let kept = note.to_string();
        if kept.len() > NOTE {
            return None;
        }
        let mut state = self.clone();
        let seen = Seen { size: checkpoint.size, root: checkpoint.root };
        state.0.insert(checkpoint.origin.clone(), Kept { seen, note: kept });
        (state.0.len() <= LOGS).then_some(state)
    }

    /// Reads what was written; nothing for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix(TITLE)?.strip_prefix('\n')?;
        let mut state = Self::default();
        while !rest.is_empty() {
            let (length, after) = rest.split_once('\n')?;
            let (note, after) = after.split_at_checked(length.parse().ok()?)?;
            let signed = SignedNote::parse(note.as_bytes()).ok()?;
            let checkpoint = Checkpoint::parse(signed.text()).ok()?;
            state = state.with(&checkpoint, &signed)?;
            rest = after;
        }
        (state.to_string() == text).then_some(state)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}")?;
        self.0.values().try_for_each(|Kept { note, .. }| write!(f, "{}\n{note}", note.len()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_proof::leaf_hash;
    use proptest::prelude::*;

    use super::*;

    fn note(origin: &str, size: u64) -> (Checkpoint, SignedNote) {
        let checkpoint = Checkpoint::new(origin, size, leaf_hash(&size.to_be_bytes()));
        let text = format!("{checkpoint}\n\u{2014} {origin} AAAAAQIDBAUG\n");
        (checkpoint, SignedNote::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_was_cosigned_is_read_again_and_half_of_it_is_not() {
        let mut state = State::default();
        assert_eq!(State::parse(&state.to_string()), Some(state.clone()));
        for (origin, size) in [("b.example", 3), ("a.example", 7), ("b.example", 9)] {
            let (checkpoint, note) = note(origin, size);
            state = state.with(&checkpoint, &note).unwrap();
        }
        assert_eq!(
            (state.seen("a.example").size, state.seen("b.example").size, state.seen("c.example").size),
            (7, 9, 0)
        );
        let text = state.to_string();
        assert_eq!(State::parse(&text), Some(state));
        for cut in 0..text.len() {
            let half = text.get(..cut).unwrap_or_default();
            assert!(State::parse(half).is_none_or(|state| state.to_string() == half), "{half}");
        }
        assert_eq!(State::parse(&format!("{text}x")), None);
    }

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in any::<String>()) {
            let _ = State::parse(&text);
            let _ = State::parse(&format!("{TITLE}\n{text}"));
        }
    }
}
