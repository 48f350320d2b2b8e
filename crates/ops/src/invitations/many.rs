//! Inviting many at once, from what was pasted: addresses, or rows of a table.

use std::fmt;

use bailiwick_domain::{entity::Invitation, role::Role, rule::Invite, time::Timestamp};
use bailiwick_store::{Permit, Store};

use super::{
    NewInvitation, create,
    table::{Record, records, written},
};
use crate::{Error, Result};

/// Rows at most in one go.
pub const MOST: usize = 100;

/// What stands between two values, where no heading says which of them it is.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// One address to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line it stands in, from 1.
    pub line: usize,
    /// The address, as it was written.
    pub email: String,
    /// The role's name if the row has one.
    pub role: Option<String>,
}

/// The text is not a list of addresses at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is no row in it.
    #[error("Enter at least one address.")]
    Empty,
    /// There are more rows than are taken at once.
    #[error("Enter at most 100 addresses at once.")]
    TooMany,
}

/// What became of one row.
#[derive(Debug)]
pub struct Answered {
    /// The row.
    pub row: Row,
    /// The invitation, or a sentence why there is none.
    pub outcome: std::result::Result<Invitation, String>,
}

/// As it is written where it can be read again.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(&self.email))?;
        self.role.as_ref().map_or(Ok(()), |role| write!(f, ", {}", written(role)))
    }
}

/// Reads pasted addresses: one or several a line, apart by commas, semicolons or tabs, each perhaps followed by a role's
/// name or title. Or a table with a line of headings, as a spreadsheet saves it: then the columns of the address and of the role
/// count, and whatever else is in it is left out. `Name <address>`, quoted values and a byte order mark are understood.
///
/// # Errors
/// [`Unread`] when there are no rows, or more than [`MOST`].
pub fn rows(text: &str) -> std::result::Result<Vec<Row>, Unread> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = Vec::new();
    match Columns::of(text) {
        Some(columns) => {
            let records = records(text, &[columns.separator]);
            let filled = records.iter().filter(|record| record.fields.iter().any(|field| !field.is_empty()));
            for record in filled.skip(1) {
                rows.push(columns.row(record));
                bounded(&rows)?;
            }
        }
        None => {
            for record in records(text, &SEPARATORS) {
                loose(&mut rows, record)?;
            }
        }
    }
    if rows.is_empty() { Err(Unread::Empty) } else { Ok(rows) }
}

fn bounded(rows: &[Row]) -> std::result::Result<(), Unread> {
    if rows.len() > MOST { Err(Unread::TooMany) } else { Ok(()) }
}

/// Reads a line without headings before it.
fn loose(rows: &mut Vec<Row>, record: Record) -> std::result::Result<(), Unread> {
    let fields: Vec<_> = record.fields.into_iter().filter(|field| !field.is_empty()).collect();
    let named = fields.iter().any(|field| field.contains('@'));
    if rows.is_empty() && !named && fields.first().is_some_and(|field| is_heading(field)) {
        return Ok(());
    }
    let before = rows.len();
    for field in fields {
        let own = rows.len() > before;
        match rows.last_mut() {
            // What follows an address and is none itself is its role.
            Some(row) if own && row.role.is_none() && !field.contains('@') => {
                row.role = Some(role(&field));
            }
            // No address has a blank in it: it is the name of whoever the address after it belongs to.
            _ if !own && named && !field.contains('@') && field.contains(char::is_whitespace) => {}
            _ => rows.push(Row { line: record.line, email: address(&field), role: None }),
        }
        bounded(rows)?;
    }
    Ok(())
}

/// Where a table with headings has what counts.
struct Columns {
    separator: char,
    email: usize,
    role: Option<usize>,
}

impl Columns {
    /// The columns of a table whose first line is one of headings, more than one of them.
    fn of(text: &str) -> Option<Self> {
        let head = text.lines().find(|line| !line.trim().is_empty())?;
        let headings = |separator| records(head, &[separator]).into_iter().next().map(|one| one.fields);
        let (separator, headings) = SEPARATORS
            .into_iter()
            .filter_map(|separator| Some((separator, headings(separator)?)))
            .max_by_key(|(_, headings)| headings.len())?;
        if headings.len() < 2 || head.contains('@') {
            return None;
        }
        let email = headings.iter().position(|heading| is_heading(heading))?;
        let role = headings.iter().position(|heading| heading.eq_ignore_ascii_case("role"));
        Some(Self { separator, email, role })
    }

    fn row(&self, record: &Record) -> Row {
        let value = |at: usize| record.fields.get(at).filter(|field| !field.is_empty());
        // Without an address, the row is known by whatever else it says.
        let email = value(self.email).or_else(|| record.fields.iter().find(|field| !field.is_empty()));
        Row {
            line: record.line,
            email: email.map(|field| address(field)).unwrap_or_default(),
            role: self.role.and_then(value).map(|field| role(field)),
        }
    }
}

/// Invites each row by itself: one that is refused does not undo the others. Rows without a role get `role`.
///
/// # Errors
/// The server's own faults, unless rows before were invited; then the rest is answered as not tried.
pub async fn create_many(
    store: &Store,
    permit: &Permit<Invite>,
    rows: Vec<Row>,
    role: &str,
    expires_at: Option<Timestamp>,
) -> Result<Vec<Answered>> {
    let mut answered: Vec<Answered> = Vec::with_capacity(rows.len());
    let mut stopped = false;
    for row in rows.into_iter().take(MOST) {
        if stopped {
            answered.push(Answered { row, outcome: Err("It was not tried. Try it again.".to_owned()) });
            continue;
        }
        let new = NewInvitation {
            email: row.email.clone(),
            role: row.role.clone().unwrap_or_else(|| role.to_owned()),
            expires_at,
        };
        let outcome = match create(store, permit, new).await {
            Ok(invitation) => Ok(invitation),
            Err(Error::Invalid(problems)) => {
                Err(problems.into_iter().map(|problem| problem.text).collect::<Vec<_>>().join(" "))
            }
            Err(Error::Conflict(text) | Error::Forbidden(text)) => Err(text.to_owned()),
            Err(Error::Limited { .. }) => Err(TOO_MANY_LETTERS.to_owned()),
            Err(error) if answered.iter().all(|row| row.outcome.is_err()) => return Err(error),
            Err(_) => {
                stopped = true;
                Err("It was not done. Try it again.".to_owned())
            }
        };
        answered.push(Answered { row, outcome });
    }
    Ok(answered)
}

/// What people read when a letter would be one too many.
pub const TOO_MANY_LETTERS: &str = "Enough letters were sent for one day. Try again tomorrow.";

fn is_heading(field: &str) -> bool {
    ["email", "e-mail", "mail", "address", "email address", "e-mail address"]
        .iter()
        .any(|heading| field.eq_ignore_ascii_case(heading))
}

/// The address of `Name <address>`, or the text as it is.
fn address(field: &str) -> String {
    let inner = field.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(field).trim().to_owned()
}

/// The name of a role that may be written by its title.
fn role(field: &str) -> String {
    let known =
        Role::ALL.iter().find(|role| field.eq_ignore_ascii_case(role.title()) || field == role.name());
    known.map_or_else(|| field.to_owned(), |role| role.name().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn row(line: usize, email: &str, role: Option<&str>) -> Row {
        Row { line, email: email.into(), role: role.map(str::to_owned) }
    }

    #[test]
    fn owner_pastes_addresses_as_they_have_them() {
        assert_eq!(
            rows("a@x.example\n\n  b@x.example  \n").unwrap(),
            [row(1, "a@x.example", None), row(3, "b@x.example", None)]
        );
        assert_eq!(
            rows("Ann <a@x.example>, \"Bob\" <b@x.example>; c@x.example").unwrap(),
            [row(1, "a@x.example", None), row(1, "b@x.example", None), row(1, "c@x.example", None)]
        );
        assert_eq!(
            rows("Email,Role\r\n\"a@x.example\",Auditor\r\nb@x.example,plan_manager\r\nc@x.example\r\n")
                .unwrap(),
            [
                row(2, "a@x.example", Some("auditor")),
                row(3, "b@x.example", Some("plan_manager")),
                row(4, "c@x.example", None)
            ]
        );
        assert_eq!(rows("a@x.example\temperor").unwrap(), [row(1, "a@x.example", Some("emperor"))]);
        assert_eq!(
            rows("nonsense\nb@x.example").unwrap(),
            [row(1, "nonsense", None), row(2, "b@x.example", None)]
        );
    }

    #[test]
    fn owner_pastes_a_table_with_names_as_their_spreadsheet_saved_it() {
        let expected = [row(2, "jane@x.example", Some("auditor")), row(3, "max@x.example", None)];
        for text in [
            "Name,Email,Role\r\n\"Doe, Jane\",jane@x.example,Auditor\r\n\"Max \"\"M\"\" Muster\",max@x.example,\r\n",
            "\u{feff}Name;E-Mail;Role\r\nDoe, Jane;jane@x.example;Auditor\r\nMuster, Max;max@x.example;\r\n",
            "Role\tAddress\nAuditor\tDoe, Jane <jane@x.example>\n\t\"max@x.example\"\n\t\n",
            "\u{feff}\"Name\",\"Email\",\"Role\",\"Phone\"\n\"Doe; Jane\",\"jane@x.example\",\"auditor\",\"1\"\n,max@x.example\n",
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text}");
        }
        // A name before its address is left out without headings as well; a slip is not.
        assert_eq!(rows("\"Doe, Jane\",jane@x.example").unwrap(), [row(1, "jane@x.example", None)]);
        assert_eq!(
            rows("jane.x.example; b@x.example").unwrap(),
            [row(1, "jane.x.example", None), row(1, "b@x.example", None)]
        );
        // A row without an address is known by its name, and refused where it is invited.
        assert_eq!(rows("name,email\n\"Doe, Jane\",").unwrap(), [row(2, "Doe, Jane", None)]);
        assert_eq!(rows("name,email\n,\n"), Err(Unread::Empty));
    }

    #[test]
    fn a_row_that_is_left_in_the_form_reads_the_same_again() {
        for (email, own) in
            [("Doe, Jane", None), ("a\"b@x.example", Some("no, such; role")), ("a@x.example", None)]
        {
            let left = row(1, email, own);
            let read = rows(&left.to_string()).unwrap();
            assert_eq!(read, [left]);
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(rows(" \n,;\n"), Err(Unread::Empty));
        assert_eq!(rows("email"), Err(Unread::Empty));
        assert_eq!(rows(&"a@x.example\n".repeat(MOST)).unwrap().len(), MOST);
        assert_eq!(rows(&"a@x.example,".repeat(MOST + 1)), Err(Unread::TooMany));
    }
}
