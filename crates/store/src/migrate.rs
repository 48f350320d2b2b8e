//! Bringing a database to this version's schema.

mod look;

use sqlx::{
    Connection, PgConnection, SqliteConnection,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::{DatabaseKind, Error, PoolOptions, Result};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Migrations that were applied before.
    pub before: usize,
    /// Migrations that are applied now.
    pub now: usize,
}

/// Why a database was not migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database holds something, and nothing that this program made. Nothing was changed.
    #[error("the database {database} is not empty and was not made by Bailiwick: it holds {object}")]
    Foreign {
        /// The file, or the name on the server.
        database: String,
        /// What was found in it.
        object: String,
    },
    /// The database was migrated by a newer version. Nothing was changed.
    #[error(
        "the database {database} belongs to a newer version: it has migration {version}, the last one here is {newest}"
    )]
    Newer {
        /// The file, or the name on the server.
        database: String,
        /// A migration that this version does not know.
        version: i64,
        /// This version's newest migration.
        newest: i64,
    },
    /// The database was migrated by another program, or its migrations were edited. Nothing was changed.
    #[error(
        "the database {database} does not belong to this version: its migration {version} is another one"
    )]
    Other {
        /// The file, or the name on the server.
        database: String,
        /// The first migration that differs.
        version: i64,
    },
    /// A statement failed; nothing of its migration remains.
    #[error("a migration failed: {0}")]
    Failed(#[from] MigrateError),
    /// The database cannot be reached.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The digests of this version's migrations: equal texts mean equal schemas.
pub fn fingerprint(kind: DatabaseKind) -> String {
    let migrator = match kind {
        DatabaseKind::Sqlite => &SQLITE,
        DatabaseKind::Postgres => &POSTGRES,
    };
    migrator.iter().map(|migration| hex::encode(&migration.checksum)).collect()
}

/// Applies every missing migration, on one connection, as the owner of the tables.
///
/// First looks whether the database is empty or ours; another one is refused and stays as it is.
pub async fn run(options: &PoolOptions) -> Result<Applied, MigrationError> {
    if let Some(file) = options.sqlite_as_it_is()? {
        look::sqlite(&file, &SQLITE).await?;
    }
    if let Some(sqlite) = options.sqlite()? {
        let mut connection = SqliteConnection::connect_with(&sqlite).await.map_err(Error::from)?;
        let applied = apply(&SQLITE, &mut connection).await?;
        connection.close().await.map_err(Error::from)?;
        return Ok(applied);
    }
    let mut connection = PgConnection::connect_with(&options.postgres()?).await.map_err(Error::from)?;
    look::postgres(&mut connection, &POSTGRES).await?;
    let applied = apply(&POSTGRES, &mut connection).await?;
    connection.close().await.map_err(Error::from)?;
    Ok(applied)
}

/// Gives an empty database of SQLite this version's schema.
pub(crate) async fn on_empty(connection: &mut SqliteConnection) -> Result<()> {
    SQLITE.run_direct(None, connection, false).await.map_err(|error| Error::Sql(error.into()))
}

async fn apply<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<Applied, MigrationError> {
    connection.ensure_migrations_table(&migrator.table_name).await?;
    let before = connection.list_applied_migrations(&migrator.table_name).await?.len();
    migrator.run_direct(None, connection, false).await?;
    let now = connection.list_applied_migrations(&migrator.table_name).await?.len();
    Ok(Applied { before, now })
}
