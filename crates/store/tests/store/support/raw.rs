//! SQL past the store, as an intruder or a careless administrator writes it.

use bailiwick_store::DatabaseKind;
use bailiwick_testkit::{Db, Place};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// A connection that the store knows nothing of.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs a statement on either database; gives the rows touched or the error.
#[macro_export]
macro_rules! raw {
    ($raw:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match &mut $raw {
            $crate::support::raw::Raw::Sqlite(c) =>
                sqlx::query(sqlx::AssertSqlSafe($sql.to_string()))$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
            $crate::support::raw::Raw::Postgres(c) =>
                sqlx::query(sqlx::AssertSqlSafe($sql.to_string()))$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
        }
    };
}

/// Reads rows as tuples on either database.
#[macro_export]
macro_rules! raw_rows {
    ($raw:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match &mut $raw {
            $crate::support::raw::Raw::Sqlite(c) =>
                sqlx::query_as(sqlx::AssertSqlSafe($sql.to_string()))$(.bind($bind))*.fetch_all(c).await.unwrap(),
            $crate::support::raw::Raw::Postgres(c) =>
                sqlx::query_as(sqlx::AssertSqlSafe($sql.to_string()))$(.bind($bind))*.fetch_all(c).await.unwrap(),
        }
    };
}

impl Raw {
    /// As the service's own role; on SQLite anybody who can open the file.
    pub(crate) async fn service(db: &Db) -> Self {
        Self::open(db, |database| database.app_url().to_owned()).await
    }

    /// As the owner of the tables.
    pub(crate) async fn owner(db: &Db) -> Self {
        Self::open(db, |database| database.owner_url().to_owned()).await
    }

    /// As a superuser, whom nothing but the checkpoints outside can hold to account.
    pub(crate) async fn superuser(db: &Db) -> Self {
        Self::open(db, |database| database.superuser_url().to_owned()).await
    }

    async fn open(db: &Db, url: impl Fn(&bailiwick_testkit::postgres::TestDatabase) -> String) -> Self {
        match db.place() {
            Place::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(false);
                Self::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
            }
            Place::Postgres(database) => Self::Postgres(
                PgConnection::connect(&format!("{}?sslmode=disable", url(database))).await.unwrap(),
            ),
        }
    }

    /// With every trigger out of the way and foreign keys unchecked: what a superuser can do.
    pub(crate) async fn tampering(db: &Db) -> Self {
        let mut raw = Self::superuser(db).await;
        match &mut raw {
            Self::Sqlite(c) => {
                let triggers: Vec<(String,)> =
                    sqlx::query_as("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
                        .fetch_all(&mut *c)
                        .await
                        .unwrap();
                for (name,) in triggers {
                    sqlx::query(AssertSqlSafe(format!("DROP TRIGGER {name}")))
                        .execute(&mut *c)
                        .await
                        .unwrap();
                }
            }
            Self::Postgres(c) => {
                let tables: Vec<(String,)> =
                    sqlx::query_as("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'").fetch_all(&mut *c).await.unwrap();
                for (name,) in tables {
                    sqlx::query(AssertSqlSafe(format!("ALTER TABLE {name} DISABLE TRIGGER ALL")))
                        .execute(&mut *c)
                        .await
                        .unwrap();
                }
            }
        }
        raw
    }

    /// Which database it is.
    pub(crate) fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite(_) => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// The only value of a query.
    pub(crate) async fn number(&mut self, sql: &str) -> i64 {
        let rows: Vec<(i64,)> = raw_rows!(*self, sql);
        rows[0].0
    }
}
