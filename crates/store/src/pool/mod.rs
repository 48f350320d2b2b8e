//! Opening a database. The pools never leave this crate.

pub(crate) mod glance;
mod options;
pub(crate) mod writer;

use std::{sync::Arc, time::Duration};

use bailiwick_domain::ids::TenantId;
use sqlx::{Connection, PgConnection, PgPool, SqlitePool, postgres::PgConnectOptions};

pub use self::options::{DatabaseKind, PoolOptions, TlsMode};
use self::{glance::Glances, writer::GroupCommit};
#[cfg(feature = "load")]
use crate::conn::counted;
use crate::{Error, Result, conn::Conn};

/// A connection to PostgreSQL that was idle for less is used without asking whether it still stands: it was asked when it
/// came back to the pool, and asking costs as much as a statement.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// The connections of one store at this moment; on SQLite those that read, beside which there is one writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that somebody works with.
    pub in_use: u32,
    /// Connections that wait for work.
    pub idle: u32,
}

/// The connections of one store.
pub(crate) enum Pool {
    /// Many readers, as many again that run single statements, and one writer.
    Sqlite { readers: SqlitePool, glances: Arc<Glances>, writer: Arc<GroupCommit> },
    /// Any number of transactions.
    Postgres(PgPool),
}

impl Pool {
    pub(crate) async fn open(options: &PoolOptions) -> Result<Self> {
        if let Some(sqlite) = options.sqlite()? {
            // The writer first: it creates the file and sets its journal mode before any reader looks.
            let writer = GroupCommit::open(&sqlite, options.acquire_timeout).await?;
            let reading = sqlite.read_only(true).create_if_missing(false);
            let glances = Glances::open(reading.clone(), options.readers, options.acquire_timeout).await?;
            let readers = sqlx::sqlite::SqlitePoolOptions::new()
                .max_connections(options.readers)
                // A file does not hang up.
                .test_before_acquire(false)
                .acquire_timeout(options.acquire_timeout)
                .connect_with(reading)
                .await?;
            return Ok(Self::Sqlite { readers, glances, writer });
        }
        let reach = options.postgres()?;
        let opened = sqlx::postgres::PgPoolOptions::new()
            .max_connections(options.connections)
            .test_before_acquire(false)
            .before_acquire(|connection, seen| {
                Box::pin(async move {
                    if seen.idle_for >= STANDS_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .acquire_timeout(options.acquire_timeout)
            .connect_with(reach.clone())
            .await;
        match opened {
            Ok(pool) => Ok(Self::Postgres(pool)),
            Err(sqlx::Error::PoolTimedOut) => Err(cause(&reach, options.acquire_timeout).await),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) const fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite { .. } => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// What one statement sees: on SQLite without a transaction, on PostgreSQL in one as for [`read`](Self::read), since the
    /// tenant of row-level security stands in it.
    pub(crate) async fn glance(&self) -> Result<Conn> {
        match self {
            Self::Sqlite { glances, .. } => Ok(Conn::SqliteGlance(glances.take().await?)),
            Self::Postgres(_) => self.read().await,
        }
    }

    /// A consistent snapshot for reading.
    pub(crate) async fn read(&self) -> Result<Conn> {
        #[cfg(feature = "load")]
        counted::snapshot();
        Ok(match self {
            Self::Sqlite { readers, .. } => Conn::SqliteRead(readers.begin().await?),
            Self::Postgres(pool) => {
                Conn::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// A transaction in which `tenant` may write; on SQLite a turn at the one writer.
    pub(crate) async fn write(&self, tenant: TenantId) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Conn::SqliteWrite(writer.turn(tenant).await?),
            Self::Postgres(pool) => Conn::Postgres(pool.begin().await?),
        })
    }

    /// How many connections there are, and how many of them wait for work.
    pub(crate) fn usage(&self) -> PoolUsage {
        let (open, idle, glances) = match self {
            Self::Sqlite { readers, glances, .. } => (readers.size(), readers.num_idle(), glances.usage()),
            Self::Postgres(pool) => (pool.size(), pool.num_idle(), (0, 0)),
        };
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        PoolUsage { in_use: open - idle + glances.0, idle: idle + glances.1 }
    }

    /// Lets running transactions end and closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { readers, glances, writer } => {
                glances.close().await;
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// What kept a pool from its first connection. A pool tries again until its time is over, in case the server is only just
/// starting, and then says nothing but that; a single connection says what stands in the way.
async fn cause(reach: &PgConnectOptions, patience: Duration) -> Error {
    match tokio::time::timeout(patience, PgConnection::connect_with(reach)).await {
        Ok(Err(cause)) => cause.into(),
        // Nothing stood in the way this time, or nothing answered.
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut.into(),
    }
}
