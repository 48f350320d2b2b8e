//! Emptying the write-ahead log of SQLite, in which pages lie as they were before something was erased.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use crate::{PoolOptions, Result, Store};

/// How long whoever reads an older state, or writes, is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is left to empty.
pub(crate) struct Scrub {
    /// The database; nothing on PostgreSQL, whose own log is not the service's to touch.
    file: Option<SqliteConnectOptions>,
    /// Whether something was erased since. At the start it may have been, by a server that ended in between.
    owed: AtomicBool,
}

impl Scrub {
    pub(crate) fn of(options: &PoolOptions) -> Result<Self> {
        let file = options.sqlite()?.map(|file| file.create_if_missing(false).busy_timeout(PATIENCE));
        Ok(Self { file, owed: AtomicBool::new(true) })
    }
}

impl Store {
    /// Sees to it that what was erased by a committed change lies in no file of SQLite any more: the write-ahead log goes into the
    /// database, where `secure_delete` has overwritten it, and is emptied. Where somebody holds that up, [`scrub_owed`](Self::scrub_owed)
    /// does it later. On PostgreSQL nothing happens: there dead rows go with the next vacuum.
    ///
    /// Says whether it is done (OWASP ASVS 14.2.4).
    ///
    /// # Errors
    /// Where the database cannot be reached; it is still owed then.
    pub async fn scrub(&self) -> Result<bool> {
        self.shared.scrub.owed.store(true, Ordering::SeqCst);
        self.scrub_owed().await?;
        Ok(!self.shared.scrub.owed.load(Ordering::SeqCst))
    }

    /// Does what [`scrub`](Self::scrub) could not do. Returns how often, none or once.
    ///
    /// # Errors
    /// As there.
    pub async fn scrub_owed(&self) -> Result<usize> {
        let scrub = &self.shared.scrub;
        let Some(file) = &scrub.file else {
            scrub.owed.store(false, Ordering::SeqCst);
            return Ok(0);
        };
        if !scrub.owed.swap(false, Ordering::SeqCst) {
            return Ok(0);
        }
        let emptied = empty(file).await;
        if !matches!(emptied, Ok(true)) {
            scrub.owed.store(true, Ordering::SeqCst);
        }
        emptied.map(usize::from)
    }
}

async fn empty(file: &SqliteConnectOptions) -> Result<bool> {
    // A connection of its own: the writer goes on meanwhile, or holds this up for a moment.
    let mut connection = file.connect().await?;
    let outcome: Result<(i64, i64, i64), _> =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await;
    connection.close().await?;
    Ok(outcome?.0 == 0)
}
