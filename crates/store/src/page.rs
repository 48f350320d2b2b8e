//! Keyset paging: a page ends in a cursor, never in an offset, so that the thousandth page costs what the first does.

use std::{fmt, str::FromStr};

use bailiwick_domain::{ids::BadId, time::Timestamp};
use uuid::Uuid;

/// Rows at most on one page of any list.
pub(crate) const LIMIT: i64 = 50;

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first unless the list says otherwise.
    pub items: Vec<T>,
    /// Where the next page begins; nothing on the last.
    pub next: Option<Cursor>,
}

/// Where a page begins: after the row with this time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The row's time.
    pub at: Timestamp,
    /// The row's id.
    pub id: Uuid,
}

impl Cursor {
    /// Before the first row of a list that runs from the newest to the oldest.
    pub(crate) fn newest() -> Self {
        Self { at: Timestamp::from_micros(i64::MAX), id: Uuid::max() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let (at, id) = text.split_once('.').ok_or(BadId)?;
        let at: i64 = at.parse().map_err(|_| BadId)?;
        Ok(Self { at: Timestamp::from_micros(at), id: Uuid::try_parse(id).map_err(|_| BadId)? })
    }
}

impl<T> Page<T> {
    /// Makes a page of up to `limit + 1` fetched rows: the surplus row only says that there are more.
    pub(crate) fn of(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page of other things.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
