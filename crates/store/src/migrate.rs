//! Bringing a database to this version's schema.

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
    /// The database was migrated by a newer version, or its migrations were edited.
    #[error("the database does not belong to this version: {0}")]
    Foreign(MigrateError),
    /// A statement failed; nothing of its migration remains.
    #[error("a migration failed: {0}")]
    Failed(MigrateError),
    /// The database cannot be reached.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<MigrateError> for MigrationError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::VersionTooNew(..)
            | MigrateError::VersionTooOld(..) => Self::Foreign(error),
            error => Self::Failed(error),
        }
    }
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
pub async fn run(options: &PoolOptions) -> Result<Applied, MigrationError> {
    if let Some(sqlite) = options.sqlite()? {
        let mut connection = SqliteConnection::connect_with(&sqlite).await.map_err(Error::from)?;
        let applied = apply(&SQLITE, &mut connection).await?;
        connection.close().await.map_err(Error::from)?;
        return Ok(applied);
    }
    let mut connection = PgConnection::connect_with(&options.postgres()?).await.map_err(Error::from)?;
    let applied = apply(&POSTGRES, &mut connection).await?;
    connection.close().await.map_err(Error::from)?;
    Ok(applied)
}

async fn apply<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<Applied, MigrationError> {
    connection.ensure_migrations_table(&migrator.table_name).await?;
    let before = connection.list_applied_migrations(&migrator.table_name).await?.len();
    migrator.run_direct(None, connection, false).await?;
    let now = connection.list_applied_migrations(&migrator.table_name).await?.len();
    Ok(Applied { before, now })
}
