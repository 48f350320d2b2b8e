//! What can stand at a place of a query that is being typed.

use super::Key;

/// The part of the text that a completion replaces, and what is wanted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completing {
    /// The first character that is replaced, counted from 0.
    pub start: usize,
    /// The first character behind it.
    pub end: usize,
    /// What is wanted.
    pub expected: Expected,
}

/// What is wanted at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A key or a word that begins so.
    Key(String),
    /// A value of this key that begins so.
    Value(Key, String),
}

/// What is being typed at the character `at` of `text`, counted from 0; nothing inside what cannot be completed.
pub fn completing(text: &str, at: usize) -> Option<Completing> {
    let letters: Vec<char> = text.chars().collect();
    let at = at.min(letters.len());
    let (mut start, mut key, mut quote, mut escaped) = (0, None, false, false);
    for (place, letter) in letters.iter().enumerate().take(at) {
        if quote {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quote = false,
                _ => {}
            }
            continue;
        }
        match letter {
            '"' => quote = true,
            ':' if key.is_none() => {
                let typed = letters.get(start..place).unwrap_or_default().iter();
                let name: String = typed.filter(|letter| **letter != '-').collect();
                key = Some(Key::named(&name.to_lowercase()));
                start = place + 1;
            }
            '(' | '|' if key.is_some() => start = place + 1,
            ')' => return_to_keys(&mut start, &mut key, place),
            letter if letter.is_whitespace() && !within_alternatives(&letters, place, key.is_some()) => {
                return_to_keys(&mut start, &mut key, place);
            }
            letter if letter.is_whitespace() => start = place + 1,
            _ => {}
        }
    }
    let typed: String = letters.get(start..at).unwrap_or_default().iter().collect();
    let expected = match key {
        Some(Some(key)) => Expected::Value(key, unquoted(&typed)),
        Some(None) => return None,
        None => {
            let minus = usize::from(typed.starts_with('-'));
            start += minus;
            if quote || typed.contains('"') {
                return None;
            }
            Expected::Key(typed.chars().skip(minus).collect())
        }
    };
    // What follows the caret belongs to the same word.
    let rest = letters.get(at..).unwrap_or_default();
    let more = rest.iter().take_while(|l| !l.is_whitespace() && !matches!(l, '"' | '(' | ')' | '|' | ':'));
    Some(Completing { start, end: at + more.count(), expected })
}

fn return_to_keys(start: &mut usize, key: &mut Option<Option<Key>>, place: usize) {
    *start = place + 1;
    *key = None;
}

/// Whether a space at `place` stands between alternatives: a parenthesis was opened behind the last colon and not closed.
fn within_alternatives(letters: &[char], place: usize, keyed: bool) -> bool {
    let before = letters.get(..place).unwrap_or_default();
    let last = before.iter().rposition(|letter| matches!(letter, '(' | ')' | ':'));
    keyed && last.and_then(|last| before.get(last)) == Some(&'(')
}

fn unquoted(typed: &str) -> String {
    typed.trim_start_matches('"').replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at_bar(text: &str) -> Option<Completing> {
        let at = text.chars().position(|letter| letter == '¦').unwrap();
        completing(&text.replace('¦', ""), at)
    }

    #[test]
    fn what_is_typed_is_completed_where_the_caret_stands() {
        let key = |start, end, typed: &str| {
            Some(Completing { start, end, expected: Expected::Key(typed.to_owned()) })
        };
        let value = |start, end, key, typed: &str| {
            Some(Completing { start, end, expected: Expected::Value(key, typed.to_owned()) })
        };
        for (text, wanted) in [
            ("¦", key(0, 0, "")),
            ("ac¦", key(0, 2, "ac")),
            ("a¦c", key(0, 2, "a")),
            ("-out¦", key(1, 4, "out")),
            ("outcome:ok ac¦", key(11, 13, "ac")),
            ("action:us¦", value(7, 9, Key::Action, "us")),
            ("ACTION:us¦ outcome:ok", value(7, 9, Key::Action, "us")),
            ("outcome:(ok|de¦)", value(12, 14, Key::Outcome, "de")),
            ("outcome:(ok | de¦)", value(14, 16, Key::Outcome, "de")),
            ("outcome:(ok|denied) ac¦", key(20, 22, "ac")),
            ("actor:\"Ops Ma¦", value(6, 13, Key::Actor, "Ops Ma")),
            ("actor:\"Ops Manager\" en¦", key(20, 22, "en")),
            ("colour:re¦", None),
            ("\"some te¦", None),
        ] {
            assert_eq!(at_bar(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_place_make_it_panic(text in ".{0,60}", at in 0_usize..80) {
            if let Some(found) = completing(&text, at) {
                prop_assert!(found.start <= found.end && found.end <= text.chars().count());
            }
        }
    }
}
