//! Inviting many at once, from what was pasted: addresses, or rows of a table.

use bailiwick_domain::{entity::Invitation, role::Role, rule::Invite, time::Timestamp};
use bailiwick_store::{Permit, Store};

use super::{NewInvitation, create};
use crate::{Error, Result};

/// Rows at most in one go.
pub const MOST: usize = 100;

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

/// Reads pasted addresses: one or several a line, apart by commas, semicolons or tabs, each perhaps followed by a role's
/// name or title. `Name <address>` and quotation marks are understood, a line of headings is left out.
///
/// # Errors
/// [`Unread`] when there are no rows, or more than [`MOST`].
pub fn rows(text: &str) -> std::result::Result<Vec<Row>, Unread> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let fields: Vec<_> =
            line.split([',', ';', '\t']).map(field).filter(|field| !field.is_empty()).collect();
        let heads = fields.first().is_some_and(|field| is_heading(field));
        if rows.is_empty() && heads && !line.contains('@') {
            continue;
        }
        let before = rows.len();
        for field in fields {
            let own = rows.len() > before;
            match rows.last_mut() {
                // What follows an address and is none itself is its role.
                Some(row) if own && row.role.is_none() && !field.contains('@') => {
                    row.role = Some(role(&field))
                }
                _ => rows.push(Row { line: number + 1, email: address(&field), role: None }),
            }
            if rows.len() > MOST {
                return Err(Unread::TooMany);
            }
        }
    }
    if rows.is_empty() { Err(Unread::Empty) } else { Ok(rows) }
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

fn field(text: &str) -> String {
    text.trim().trim_matches('"').trim().to_owned()
}

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
    fn nothing_and_too_much_are_refused() {
        assert_eq!(rows(" \n,;\n"), Err(Unread::Empty));
        assert_eq!(rows("email"), Err(Unread::Empty));
        assert_eq!(rows(&"a@x.example\n".repeat(MOST)).unwrap().len(), MOST);
        assert_eq!(rows(&"a@x.example,".repeat(MOST + 1)), Err(Unread::TooMany));
    }
}
