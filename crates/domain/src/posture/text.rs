//! Counts in sentences.

/// `1 invitation is`, `2 invitations are`, `No invitations are`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    match n {
        0 => format!("No {many}"),
        1 => format!("1 {one}"),
        _ => format!("{n} {many}"),
    }
}

/// `1 object`, `0 objects`.
pub(super) fn number(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The text with its first letter in upper case.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A length of time in its largest whole unit: `12 minutes`.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => number(seconds, "second"),
        60..3_600 => number(seconds / 60, "minute"),
        3_600..86_400 => number(seconds / 3_600, "hour"),
        _ => number(seconds / 86_400, "day"),
    }
}
