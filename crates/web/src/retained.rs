//! What the retention says, for pages and programs alike: days that are tried, and records that are in the archive alone.

use bailiwick_domain::{
    ids::EventId,
    retention::{Days, FLOOR_DAYS, MOST_DAYS, Misfit, fitting},
};
use bailiwick_ops::audit::retention::{UNKNOWN, is_known};
use bailiwick_store::{Error as StoreError, Scope, audit::retention};

use crate::{
    error::{Error, Result},
    forms::Problem,
};

/// Leaves that one answer looks at; the next goes on behind them.
pub(crate) const LOOKED_AT: i64 = 200_000;

/// Puts the tried days in the place of those that are set, or says what is wrong with them.
///
/// # Errors
/// Those of the database, which is asked whether there is such a class.
pub(crate) async fn tried(
    scope: &mut impl Scope,
    days: &mut Days,
    class: &str,
    to: Option<i64>,
) -> Result<Vec<Problem>> {
    let problem = match (class, to) {
        ("", None) => return Ok(Vec::new()),
        ("", Some(_)) => Problem::new("class", "Enter the class that these days are for."),
        (_, None) => Problem::new("days", "Enter how many days to try."),
        (_, Some(to)) => match fitting(class, Some(to)) {
            Ok(()) if is_known(scope, class).await? => {
                days.insert(class.to_owned(), to);
                return Ok(Vec::new());
            }
            Ok(()) => Problem::new("class", UNKNOWN),
            Err(Misfit::Days) => Problem::new("days", format!("Enter {FLOOR_DAYS} to {MOST_DAYS} days.")),
            Err(_) => {
                Problem::new("class", "Enter a class of actions whose records may go, such as session.")
            }
        },
    };
    Ok(vec![problem])
}

/// What was found of a record, or in the place of “not found” where it is: the retention took it, and the archive holds it.
///
/// # Errors
/// `Conflict` for such a record; otherwise what was found instead.
pub(crate) async fn there<T>(
    scope: &mut impl Scope,
    event: EventId,
    found: Result<T, StoreError>,
) -> Result<T> {
    if matches!(found, Err(StoreError::NotFound)) && retention::stub(scope, event).await?.is_some() {
        return Err(Error::Conflict(
            "The archive alone holds this record. Bring its segment back to read it.",
        ));
    }
    Ok(found?)
}
