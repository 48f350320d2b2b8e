//! Connections to SQLite for single statements.
//!
//! A statement is a snapshot by itself, so no transaction is opened for it and none is ended. Each word to a connection goes to its
//! own thread and back, which costs more than most statements do. The pool of readers says a few more than the statement: it opens
//! and ends the transaction, and a task of its own asks a connection that comes back whether it still stands. What every
//! request does pays for none of that here: a connection goes back as it is, unless something failed on it.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::Result;

/// The connections, opened when they are first needed and kept until the store is closed.
pub(crate) struct Glances {
    options: SqliteConnectOptions,
    most: u32,
    /// How long a caller waits for one.
    patience: Duration,
    room: Arc<Semaphore>,
    /// The one that came back last is the first to go, with what it remembers of the file.
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Glances {
    /// `most` connections at most. The file is there and has its journal mode.
    pub(crate) async fn open(
        options: SqliteConnectOptions,
        most: u32,
        patience: Duration,
    ) -> Result<Arc<Self>> {
        let first = SqliteConnection::connect_with(&options).await?;
        let room = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Ok(Arc::new(Self {
            options,
            most,
            patience,
            room: Arc::new(Semaphore::new(room)),
            idle: Mutex::new(vec![first]),
        }))
    }

    /// Waits for a connection.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Glance> {
        let room = match timeout(self.patience, Arc::clone(&self.room).acquire_owned()).await {
            Ok(Ok(room)) => room,
            Ok(Err(_)) => return Err(sqlx::Error::PoolClosed.into()),
            Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
        };
        let connection = match self.with_idle(Vec::pop) {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        Ok(Glance { connection: Some(connection), glances: Arc::clone(self), _room: room })
    }

    /// How many connections somebody works with, and how many wait.
    pub(crate) fn usage(&self) -> (u32, u32) {
        let room = u32::try_from(self.room.available_permits()).unwrap_or(u32::MAX);
        let idle = self.with_idle(|idle| u32::try_from(idle.len()).unwrap_or(u32::MAX));
        (self.most.saturating_sub(room), idle)
    }

    /// Lets those who look finish and closes every connection.
    pub(crate) async fn close(&self) {
        // Fails where all of them are closed already.
        let everything = self.room.acquire_many(self.most).await;
        self.room.close();
        for connection in self.with_idle(mem::take) {
            // A connection that only reads leaves nothing behind.
            drop(connection.close().await);
        }
        drop(everything);
    }

    fn with_idle<T>(&self, f: impl FnOnce(&mut Vec<SqliteConnection>) -> T) -> T {
        f(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A connection for one statement.
///
/// Given up in the middle it goes back as well: its thread ends the statement when nobody takes the rows, before it begins another.
pub(crate) struct Glance {
    /// There until the glance ends.
    connection: Option<SqliteConnection>,
    glances: Arc<Glances>,
    /// Dropped after the connection is back.
    _room: OwnedSemaphorePermit,
}

impl Glance {
    /// The connection.
    #[allow(clippy::expect_used, reason = "the connection leaves only with the glance itself")]
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("a glance holds its connection")
    }

    /// Ends the glance and its connection, on which something failed: the next caller gets a new one.
    pub(crate) fn discard(mut self) {
        drop(self.connection.take());
    }
}

impl Drop for Glance {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.glances.with_idle(|idle| idle.push(connection));
        }
    }
}
