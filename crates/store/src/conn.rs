//! One connection, whichever database it leads to.

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

use crate::pool::{glance::Glance, writer::Turn};

/// An open transaction.
pub(crate) enum Conn {
    /// A snapshot of SQLite; nothing can be written through it.
    SqliteRead(Transaction<'static, Sqlite>),
    /// What one statement sees of SQLite; nothing can be written through it.
    SqliteGlance(Glance),
    /// A turn at SQLite's one writer.
    SqliteWrite(Turn),
    /// A transaction of PostgreSQL with the tenant set for row-level security.
    Postgres(Transaction<'static, Postgres>),
}

/// How many statements this thread has asked for, for tests that compare two ways to the same answer.
#[cfg(feature = "load")]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        pub(super) static STATEMENTS: Cell<u64> = const { Cell::new(0) };
        static SNAPSHOTS: Cell<u64> = const { Cell::new(0) };
    }

    /// Statements that were sent from this thread since it began.
    pub fn statements() -> u64 {
        STATEMENTS.with(Cell::get)
    }

    /// Transactions for reading that this thread has asked for since it began: each is a word more to the database.
    pub fn snapshots() -> u64 {
        SNAPSHOTS.with(Cell::get)
    }

    pub(crate) fn snapshot() {
        SNAPSHOTS.with(|snapshots| snapshots.set(snapshots.get() + 1));
    }
}

/// The driver behind a connection, for [`on!`].
pub(crate) enum Driver<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Driver<'_> {
    /// Itself, for [`on!`], where a statement is one of several over the same connection.
    pub(crate) fn driver(&mut self) -> Driver<'_> {
        match self {
            Self::Sqlite(c) => Driver::Sqlite(c),
            Self::Postgres(c) => Driver::Postgres(c),
        }
    }
}

impl Conn {
    /// Ends the connection with what its only statement found. Where that failed, nobody knows what the connection is good for.
    pub(crate) fn seen<T, E>(self, found: Result<T, E>) -> Result<T, E> {
        if let Self::SqliteGlance(glance) = self
            && found.is_err()
        {
            glance.discard();
        }
        found
    }

    pub(crate) fn driver(&mut self) -> Driver<'_> {
        #[cfg(feature = "load")]
        counted::STATEMENTS.with(|statements| statements.set(statements.get() + 1));
        match self {
            Self::SqliteRead(tx) => Driver::Sqlite(tx),
            Self::SqliteGlance(glance) => Driver::Sqlite(glance.connection()),
            Self::SqliteWrite(turn) => Driver::Sqlite(turn.connection()),
            Self::Postgres(tx) => Driver::Postgres(tx),
        }
    }
}

/// Ids as one text for SQLite, which has no lists: `unhex(value)` of `json_each`.
pub(crate) fn id_list(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Vec<_> = ids.map(|id| id.simple().to_string()).collect();
    serde_json::Value::from(ids).to_string()
}

/// `fetch_all` of rows found by a list of ids, which the two databases take each in its own form: `$1` is the tenant, `$2` the list.
macro_rules! by_ids {
    ($scope:expr, $ids:expr, sqlite: $sqlite:literal, postgres: $postgres:literal $(,)?) => {{
        let tenant = $crate::tx::Scope::tenant($scope).uuid();
        match $crate::tx::Scope::driver($scope) {
            $crate::conn::Driver::Sqlite(c) => {
                sqlx::query_as($sqlite).bind(tenant).bind($crate::conn::id_list($ids)).fetch_all(c).await
            }
            $crate::conn::Driver::Postgres(c) => {
                let ids: Vec<uuid::Uuid> = $ids.collect();
                sqlx::query_as($postgres).bind(tenant).bind(ids).fetch_all(c).await
            }
        }
    }};
}
pub(crate) use by_ids;

/// One query text for both drivers: the body is compiled once for each.
macro_rules! on {
    ($conn:expr, |$c:ident| $body:expr) => {{
        #[allow(
            unused_imports,
            reason = "connections and drivers have the method by themselves, views and transactions by the trait"
        )]
        use $crate::tx::Scope as _;
        match $conn.driver() {
            $crate::conn::Driver::Sqlite($c) => $body,
            $crate::conn::Driver::Postgres($c) => $body,
        }
    }};
}
pub(crate) use on;
