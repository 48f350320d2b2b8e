//! What pages and API share of searching the log: reading a query, saying where it is wrong, and the cursors of its pages.

use bailiwick_domain::search::{Parsed, parse};
use bailiwick_proof::hash::leaf_hash;
use bailiwick_store::audit::{Place, Unresolved};

use crate::error::Error;

/// Octets of the mark that binds a cursor to its search.
const MARK: usize = 8;

/// A query that is wrong: where, and why.
pub(crate) fn wrong(column: usize, text: &str) -> String {
    format!("Column {column}: {text}")
}

/// Reads a query, or says where it is wrong.
pub(crate) fn read(text: &str) -> Result<Parsed, String> {
    parse(text).map_err(|fault| wrong(fault.column, &fault.text))
}

/// What is said of a clause that names what is not there.
pub(crate) fn unresolved(parsed: &Parsed, fault: &Unresolved) -> String {
    wrong(parsed.columns.get(fault.clause).copied().unwrap_or(1), fault.text)
}

/// A place as a cursor, bound to what is searched for.
pub(crate) fn cursor(search: &str, place: Place) -> Option<String> {
    let (way, leaf) = match place {
        Place::Newest => return None,
        Place::Before(leaf) => ('b', leaf),
        // Behind no leaf is behind the one before the first.
        Place::After(leaf) => ('a', leaf + 1),
    };
    Some(format!("{way}{leaf:x}.{}", mark(search)))
}

/// The place that a cursor names; the newest end for none.
///
/// # Errors
/// 400 for what this search never gave: starting over in silence would show the first page twice.
pub(crate) fn place(search: &str, cursor: Option<&str>) -> Result<Place, Error> {
    const WRONG: Error = Error::BadRequest("The cursor is not one that this search gave.");
    let Some(cursor) = cursor else { return Ok(Place::Newest) };
    let (place, bound) = cursor.split_once('.').ok_or(WRONG)?;
    if bound != mark(search) {
        return Err(WRONG);
    }
    let (way, digits) = place.split_at_checked(1).ok_or(WRONG)?;
    let leaf =
        i64::from_str_radix(digits, 16).ok().filter(|leaf| *leaf >= 0 && format!("{leaf:x}") == digits);
    match (way, leaf) {
        ("b", Some(leaf)) => Ok(Place::Before(leaf)),
        ("a", Some(leaf)) => Ok(Place::After(leaf - 1)),
        _ => Err(WRONG),
    }
}

/// No secret: it keeps a cursor from leading into another search by mistake.
fn mark(search: &str) -> String {
    leaf_hash(search.as_bytes()).0.iter().take(MARK).map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_in_its_own_search_alone() {
        for at in [Place::Before(0), Place::Before(7_000_000), Place::After(12), Place::After(-1)] {
            let text = cursor("outcome:ok", at).unwrap();
            assert_eq!(place("outcome:ok", Some(&text)).unwrap(), at);
            assert!(matches!(place("outcome:failed", Some(&text)), Err(Error::BadRequest(_))), "{text}");
        }
        assert_eq!(place("x", None).unwrap(), Place::Newest);
        let bound = mark("x");
        for text in ["", ".", "7", "b", "b7", "b-2", "c7", "b07", "b+7", "b7A", "bffffffffffffffffff"] {
            for text in [text.to_owned(), format!("{text}.{bound}")] {
                assert!(text == format!("b7.{bound}") || place("x", Some(&text)).is_err(), "{text}");
            }
        }
    }
}
