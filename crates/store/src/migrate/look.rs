//! Whose a database is, found out without changing it.

use sqlx::{Connection, PgConnection, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use super::MigrationError;
use crate::Error;

/// What of a database says whose it is.
struct Found {
    database: String,
    /// Something in it that is not the list of migrations.
    object: Option<String>,
    /// The migrations that were applied to it, with their checksums.
    applied: Vec<(i64, Vec<u8>)>,
}

/// Refuses a file that is not ours. One that is missing or empty is nobody's yet.
pub(super) async fn sqlite(file: &SqliteConnectOptions, ours: &Migrator) -> Result<(), MigrationError> {
    let path = file.get_filename();
    if !path.metadata().is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let database = path.display().to_string();
    let mut connection = SqliteConnection::connect_with(file).await.map_err(Error::from)?;
    let found = in_file(&mut connection, database.clone()).await;
    connection.close().await.map_err(Error::from)?;
    match found {
        // SQLITE_NOTADB.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("26") => {
            Err(MigrationError::Foreign { database, object: "a file of another kind".into() })
        }
        found => found.map_err(Error::from)?.judge(ours),
    }
}

async fn in_file(connection: &mut SqliteConnection, database: String) -> Result<Found, sqlx::Error> {
    let object: Option<(String, String)> = sqlx::query_as(
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> '_sqlx_migrations' ORDER BY name LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let listed: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await?;
    let applied = if listed { sqlx::query_as(APPLIED).fetch_all(connection).await? } else { Vec::new() };
    Ok(Found { database, object: object.map(|(kind, name)| format!("{kind} {name}")), applied })
}

/// Refuses a database that is not ours. An empty one is nobody's yet.
pub(super) async fn postgres(connection: &mut PgConnection, ours: &Migrator) -> Result<(), MigrationError> {
    on_server(connection).await.map_err(Error::from)?.judge(ours)
}

async fn on_server(connection: &mut PgConnection) -> Result<Found, sqlx::Error> {
    let database =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname = current_database()")
            .fetch_one(&mut *connection)
            .await?;
    // What extensions bring along is nobody's data.
    let object = sqlx::query_scalar(
        "SELECT o.kind || ' ' || n.nspname || '.' || o.name FROM (
             SELECT 'pg_class'::regclass AS class, oid, relnamespace AS namespace, relname::text AS name,
                    CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind
             FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
             UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proname::text, 'function' FROM pg_proc
         ) AS o JOIN pg_namespace n ON n.oid = o.namespace
         WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND o.name <> '_sqlx_migrations'
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
         ORDER BY n.nspname, o.name LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let listed: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass('_sqlx_migrations'))",
    )
    .fetch_one(&mut *connection)
    .await?;
    let applied = if listed { sqlx::query_as(APPLIED).fetch_all(connection).await? } else { Vec::new() };
    Ok(Found { database, object, applied })
}

const APPLIED: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";

impl Found {
    fn judge(self, ours: &Migrator) -> Result<(), MigrationError> {
        let Self { database, object, applied } = self;
        if applied.is_empty() {
            // Nothing at all, or no more than the list that a first migration begins with.
            return object.map_or(Ok(()), |object| Err(MigrationError::Foreign { database, object }));
        }
        let newest = ours.iter().map(|migration| migration.version).max().unwrap_or(0);
        for (version, checksum) in applied {
            match ours.iter().find(|migration| migration.version == version) {
                Some(migration) if *migration.checksum == checksum => {}
                None if version > newest => return Err(MigrationError::Newer { database, version, newest }),
                _ => return Err(MigrationError::Other { database, version }),
            }
        }
        Ok(())
    }
}
