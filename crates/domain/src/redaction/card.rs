//! Numbers of payment cards in a text.

use std::ops::Range;

use super::fold::GAP;

/// Characters at most between two groups of digits, beside those that nobody sees.
const APART: usize = 3;

/// What stands between two groups of digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    /// Only what nobody sees.
    Nothing,
    /// Spaces and hyphens.
    Plain,
    /// One dot.
    Dot,
}

/// A group of digits, and what stands before it.
struct Group {
    before: Between,
    place: Range<usize>,
}

/// 13 to 19 digits, some spaces or hyphens between or single dots, that no letter or digit touches.
pub(super) fn card(text: &[u8]) -> Option<Range<usize>> {
    let touched =
        |octet: Option<&u8>| octet.is_some_and(|octet| octet.is_ascii_alphanumeric() || *octet == b'_');
    let mut at = 0;
    while at < text.len() {
        let start = at + text.get(at..)?.iter().position(u8::is_ascii_digit)?;
        let groups = groups_from(text, start);
        at = groups.last()?.place.end;
        // Other numbers may stand before and behind it.
        for (from, first) in groups.iter().enumerate() {
            let (mut digits, mut between, mut dotted) = (Vec::new(), Between::Nothing, true);
            for (number, group) in groups.get(from..)?.iter().enumerate() {
                if number > 0 && group.before != Between::Nothing {
                    if between != Between::Nothing && between != group.before {
                        break;
                    }
                    between = group.before;
                }
                // Dots are more often in amounts, dates and versions, whose groups are shorter.
                dotted &= if number == 0 { group.place.len() == 4 } else { group.place.len() >= 3 };
                if between == Between::Dot && !dotted {
                    break;
                }
                digits.extend(text.get(group.place.clone())?.iter().map(|digit| digit - b'0'));
                if digits.len() > 19 {
                    break;
                }
                let before = first.place.start.checked_sub(1).and_then(|before| text.get(before));
                let alone = !touched(before) && !touched(text.get(group.place.end));
                if alone && digits.len() >= 13 && is_issued(&digits) && has_check_digit(&digits) {
                    return Some(first.place.start..group.place.end);
                }
            }
        }
    }
    None
}

/// The groups of digits that begin here, as far as what stands between them may stand in a number.
fn groups_from(text: &[u8], start: usize) -> Vec<Group> {
    let (mut groups, mut from, mut before) = (Vec::new(), start, Between::Nothing);
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let end = from + rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        groups.push(Group { before, place: from..end });
        let Some((between, length)) = between(text.get(end..).unwrap_or_default()) else { return groups };
        before = between;
        from = end + length;
    }
}

/// What stands between here and the next digit, and how long it is; nothing where that cannot stand within a number.
fn between(text: &[u8]) -> Option<(Between, usize)> {
    let length = text.iter().take_while(|octet| matches!(**octet, b' ' | b'-' | b'.' | GAP)).count();
    let (run, rest) = text.split_at_checked(length)?;
    if !rest.first()?.is_ascii_digit() {
        return None;
    }
    let seen: Vec<u8> = run.iter().copied().filter(|octet| *octet != GAP).collect();
    match seen.as_slice() {
        // Two groups that touch are one.
        [] => (length > 0).then_some((Between::Nothing, length)),
        [b'.'] => Some((Between::Dot, length)),
        seen => (seen.len() <= APART && !seen.contains(&b'.')).then_some((Between::Plain, length)),
    }
}

/// Whether an issuer of payment cards has the range.
fn is_issued(digits: &[u8]) -> bool {
    let leading =
        |count| digits.iter().take(count).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let (one, two, three, four) = (leading(1), leading(2), leading(3), leading(4));
    one == 4
        || matches!(two, 34 | 35 | 36 | 37 | 38 | 51..=55 | 62 | 65)
        || matches!(three, 300..=305 | 309 | 644..=649)
        || matches!(four, 2221..=2720 | 6011)
}

/// The check of ISO/IEC 7812-1, Annex B (Luhn).
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit @ 0..=4) => digit * 2,
                (_, digit) => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
