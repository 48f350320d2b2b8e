//! Reading a row that is about to change: locked on PostgreSQL; on SQLite the writer is alone anyway.

/// `fetch_one` of a query, with a row lock where the database has it. The row type is inferred.
///
/// The lock leaves the row's key alone, so that others may go on inserting rows that refer to it.
macro_rules! locked {
    ($tx:expr, $sql:literal $(, $bind:expr)* $(,)?) => {
        match $crate::tx::Scope::driver($tx) {
            $crate::conn::Driver::Sqlite(c) => sqlx::query_as($sql)$(.bind($bind))*.fetch_one(c).await,
            $crate::conn::Driver::Postgres(c) => sqlx::query_as(concat!($sql, " FOR NO KEY UPDATE"))$(.bind($bind))*.fetch_one(c).await,
        }
    };
}
pub(crate) use locked;

/// Runs a statement and gives the number of rows it touched.
macro_rules! execute {
    ($scope:expr, $sql:literal $(, $bind:expr)* $(,)?) => {
        $crate::conn::on!($scope, |c| sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()))
    };
}
pub(crate) use execute;

/// `fetch_all` of a query.
macro_rules! rows {
    ($scope:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::conn::on!($scope, |c| sqlx::query_as($sql)$(.bind($bind))*.fetch_all(c).await)
    };
}
pub(crate) use rows;

/// `fetch_optional` of a query.
macro_rules! row {
    ($scope:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::conn::on!($scope, |c| sqlx::query_as($sql)$(.bind($bind))*.fetch_optional(c).await)
    };
}
pub(crate) use row;
