//! Texts and their escapes (RFC 8259 §7).

use super::{Unreadable, reader::Reader};

impl Reader<'_> {
    /// Reads a text of at most `most` octets; nothing, with a fault, for one that cannot be taken.
    pub(super) fn text(&mut self, most: usize) -> Result<Option<String>, Unreadable> {
        let start = self.at + 1;
        let before = self.at;
        self.skip_text()?;
        let raw = self.octets.get(start..self.at - 1).unwrap_or_default();
        let Ok(raw) = std::str::from_utf8(raw) else {
            self.note("This text is not UTF-8.");
            return Ok(None);
        };
        let text = if raw.contains('\\') {
            match self.unescaped(raw, before)? {
                Some(text) => text,
                None => return Ok(None),
            }
        } else {
            raw.to_owned()
        };
        if text.len() > most {
            self.note(format!("This text is longer than {most} octets."));
            return Ok(None);
        }
        Ok(Some(text))
    }

    /// Passes over a text without looking at its escapes.
    pub(super) fn skip_text(&mut self) -> Result<(), Unreadable> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.at += 2,
                Some(0..=0x1f) => return Err(self.wrong("a control character must be escaped")),
                Some(_) => self.at += 1,
                None => {
                    self.at = self.octets.len();
                    return Err(self.wrong("the text does not end"));
                }
            }
        }
    }

    fn unescaped(&mut self, raw: &str, before: usize) -> Result<Option<String>, Unreadable> {
        let mut text = String::with_capacity(raw.len());
        let mut letters = raw.chars();
        let wrong = |what| Unreadable::Syntax { offset: before, what };
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                text.push(letter);
                continue;
            }
            text.push(match letters.next() {
                Some('"') => '"',
                Some('\\') => '\\',
                Some('/') => '/',
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let first =
                        unit(&mut letters).ok_or_else(|| wrong("an escape has four hexadecimal digits"))?;
                    match character(first, &mut letters) {
                        Some('\0') => {
                            self.note("U+0000 cannot be kept in a text.");
                            return Ok(None);
                        }
                        Some(letter) => letter,
                        None => {
                            self.note("This text holds half of a surrogate pair.");
                            return Ok(None);
                        }
                    }
                }
                _ => return Err(wrong("this is no escape of JSON")),
            });
        }
        Ok(Some(text))
    }
}

/// Four hexadecimal digits.
fn unit(letters: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit << 4 | letters.next()?.to_digit(16)?))
}

/// The character that one or two escapes stand for.
fn character(first: u32, letters: &mut std::str::Chars<'_>) -> Option<char> {
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    let mut ahead = letters.clone();
    if (ahead.next(), ahead.next()) != (Some('\\'), Some('u')) {
        return None;
    }
    let second = unit(&mut ahead).filter(|second| (0xdc00..0xe000).contains(second))?;
    *letters = ahead;
    char::from_u32(0x1_0000 + (first - 0xd800) * 0x400 + (second - 0xdc00))
}
