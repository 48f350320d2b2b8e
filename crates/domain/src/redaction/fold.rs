//! A text as the detectors look at it.

use std::{borrow::Cow, ops::Range};

use unicode_normalization::char::decompose_compatible;

use crate::visible::is_unseen;

/// What stands in the place of a character that nobody sees.
pub(super) const GAP: u8 = 1;

/// The first of the decimal digits of some scripts, nine others behind it.
const DIGITS: [char; 4] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}'];

/// A text with the plain form of letters, digits and marks in the place of their other forms, and where each octet of it comes from.
pub(super) struct Folded<'t> {
    text: Cow<'t, str>,
    /// The character of the original that each octet stands for; none where the text is as it was.
    places: Vec<(usize, usize)>,
}

impl<'t> Folded<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        if text.is_ascii() {
            return Self { text: Cow::Borrowed(text), places: Vec::new() };
        }
        let (mut folded, mut places) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
        for (start, c) in text.char_indices() {
            fold(c, &mut folded);
            places.resize(folded.len(), (start, start + c.len_utf8()));
        }
        Self { text: Cow::Owned(folded), places }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the original lies what was found here, whole characters.
    pub(super) fn place(&self, found: Range<usize>) -> Option<Range<usize>> {
        if self.places.is_empty() {
            return Some(found);
        }
        let (start, _) = self.places.get(found.start)?;
        let (_, end) = self.places.get(found.end.checked_sub(1)?)?;
        Some(*start..*end)
    }
}

fn fold(c: char, into: &mut String) {
    if c.is_ascii() {
        return into.push(c);
    }
    if is_unseen(c) {
        return into.push(char::from(GAP));
    }
    let digit = DIGITS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    });
    if let Some(digit) = digit {
        return into.push(digit);
    }
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => return into.push('-'),
        '\u{b7}' | '\u{2022}' | '\u{2219}' | '\u{22c5}' => return into.push('.'),
        _ => {}
    }
    let mut plain = String::new();
    decompose_compatible(c, |part| plain.push(part));
    if plain.is_ascii() {
        into.push_str(&plain);
    } else {
        into.push(c);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_found_lies_where_it_lay() {
        let text = "é：４１\u{200b}…ﬁ";
        let folded = Folded::of(text);
        assert_eq!(folded.text(), "é:41\u{1}...fi");
        let at = folded.text().find("41").unwrap();
        assert_eq!(text.get(folded.place(at..at + 2).unwrap()), Some("４１"));
        assert_eq!(text.get(folded.place(at..at + 4).unwrap()), Some("４１\u{200b}…"), "whole characters");
        assert_eq!(folded.place(0..folded.text().len()), Some(0..text.len()));
        assert_eq!(Folded::of("plain").place(1..3), Some(1..3));
    }
}
