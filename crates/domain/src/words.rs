//! The words by which people are found: lower case, without accents, each once.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Words at most that stand for one person.
const MOST: usize = 24;
/// Words at most that are looked for at once.
const SOUGHT: usize = 6;
/// Characters of a word at most; what is longer is cut, here and in what is looked for.
const LONGEST: usize = 48;

/// The words of a person: those of the name, the whole address, and its parts. In alphabetical order.
pub fn of_person(name: &str, address: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![cut(&folded(address))];
    words.extend(parts(&folded(name)));
    words.extend(parts(&folded(address)));
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(MOST);
    words.sort_unstable();
    words
}

/// What is looked for, as beginnings of words, of which a person has to have all; none for a text without letter or digit.
///
/// What holds an `@` is the beginning of an address.
pub fn sought(text: &str) -> Vec<String> {
    let text = folded(text);
    let mut words = Vec::new();
    for piece in text.split_whitespace() {
        if piece.contains('@') && piece.chars().any(char::is_alphanumeric) && !piece.starts_with('@') {
            words.push(cut(piece));
        } else {
            words.extend(parts(piece));
        }
    }
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.truncate(SOUGHT);
    words
}

/// The words of any text, in its order: lower case, without accents, as often as they occur.
pub fn of_text(text: &str) -> impl Iterator<Item = String> {
    let folded = folded(text);
    parts(&folded).collect::<Vec<_>>().into_iter()
}

/// The first text after all that begin with `word`, in the order of their octets.
pub fn end_of(word: &str) -> String {
    // No word holds this last code point, which is no character.
    format!("{word}\u{10ffff}")
}

/// Lower case, in compatible form, without marks above and below letters (Unicode Standard Annex 15).
fn folded(text: &str) -> String {
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

fn parts(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).map(cut)
}

fn cut(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn person_is_found_by_every_part_of_name_and_address() {
        assert_eq!(
            of_person("Zoë  O'Brien-Łukasz", "zoe.ob@Care.example"),
            ["brien", "care", "example", "o", "ob", "zoe", "zoe.ob@care.example", "łukasz"]
        );
    }

    #[test]
    fn what_is_typed_becomes_beginnings_of_words() {
        assert_eq!(sought("  ZOË  o'b "), ["zoe", "o", "b"]);
        assert_eq!(sought("zoe.ob@care"), ["zoe.ob@care"]);
        assert_eq!(sought("@care.example"), ["care", "example"]);
        assert_eq!(sought("Ann ann"), ["ann"]);
        for nothing in ["", "  ", "'-.", "@", "%_\\"] {
            assert!(sought(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_beginning_lies_before_its_end_and_nothing_else_does() {
        for word in ["ann", "anna", "ann\u{ffff}", "ann😀"] {
            assert!(word >= "ann" && word < end_of("ann").as_str(), "{word}");
        }
        for word in ["anm", "ano", "an"] {
            assert!(!(word >= "ann" && word < end_of("ann").as_str()), "{word}");
        }
    }

    #[test]
    fn no_text_makes_more_words_than_there_is_room_for() {
        let long = "x".repeat(10_000);
        let many: String = (0..1000).map(|n| format!("w{n} ")).collect();
        assert!(of_person(&many, &long).len() <= MOST && sought(&many).len() <= SOUGHT);
        assert!(
            of_person(&long, &long).iter().chain(&sought(&long)).all(|word| word.chars().count() <= LONGEST)
        );
    }
}
