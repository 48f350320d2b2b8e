//! Characters that nobody sees, and texts as they are shown.

use std::{borrow::Cow, fmt::Write as _};

/// Characters without a shape of their own: by them one name passes for another, or a line reads in another order than it
/// is stored in (Unicode Technical Report 36, 3; Technical Standard 39, 3).
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            // With the separators of lines and paragraphs: they end the line.
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Letters that are shown as nothing: the Hangul fillers and the empty Braille pattern. They are refused alone only.
pub const fn is_blank(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

/// Whether a text is one line that reads as it is stored: no control character, none that is unseen, and something to see.
pub fn is_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_unseen(c))
        // Blank to the eye, though no character of it is white space.
        && !text.chars().all(|c| c.is_whitespace() || is_blank(c))
}

/// A text that somebody else wrote, for people to read: each character that nobody sees is named, so that it changes nothing around it.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut told = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unseen(c) {
            // Writing into a text does not fail.
            let _ = write!(told, "[U+{:04X}]", u32::from(c));
        } else {
            told.push(c);
        }
    }
    Cow::Owned(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_named() {
        assert_eq!(shown("paid \u{202e}54321\u{202c} today\n"), "paid [U+202E]54321[U+202C] today\n");
        assert_eq!(shown("a\u{ad}b\u{e0041}"), "a[U+00AD]b[U+E0041]");
        assert!(matches!(shown("Ναταλία, محمد, 山田 太郎, O’Brien 🚀"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_line_reads_as_it_is_stored() {
        for right in ["a", "Not yet.", "محمد", "é 🚀"] {
            assert!(is_line(right), "{right:?}");
        }
        for wrong in ["", " ", "a\nb", "\u{202e}a", "a\u{200b}", "\u{2800}"] {
            assert!(!is_line(wrong), "{wrong:?}");
        }
    }
}
