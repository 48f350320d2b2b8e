//! Histories of any kind of thing, through the same steps as any other change, for tests that ask the log what a thing was; and what the
//! events of a file say, for tests that look for what must stand in none.

use std::path::Path;

use bailiwick_domain::{entity::Entity, rule::Writes};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{Error, Event, Result, Store, Written, audit::pack::EventOctets, gate::Permit};

/// An event of an SQLite file.
pub struct InFile {
    /// Its octets as they lie there.
    pub packed: Vec<u8>,
    /// What was hashed.
    pub octets: Vec<u8>,
}

/// Every event of an SQLite file that nobody has open.
///
/// # Errors
/// Those of the database.
pub async fn events_in(file: &Path) -> Result<Vec<InFile>> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let found: Vec<(Vec<u8>, EventOctets)> =
        sqlx::query_as("SELECT bytes, bytes FROM audit_event").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(found.into_iter().map(|(packed, octets)| InFile { packed, octets: octets.0 }).collect())
}

/// Records that a thing went from one image to another, as if its row had changed. Only the log grows.
///
/// # Errors
/// As [`Store::change`]; [`Error::Unrecorded`] where there is no image at all.
pub async fn record<R: Writes, E: Entity>(
    store: &Store,
    permit: &Permit<R>,
    before: Option<E>,
    after: Option<E>,
    refused: bool,
) -> Result<()> {
    let event = Event::new("thing.changed", &Written { before, after })?;
    let event = if refused { event.refused() } else { event };
    store.change(permit, async |tx| Ok::<_, Error>(tx.record(event, ()))).await
}
