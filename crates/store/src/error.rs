//! What the store can answer instead of a value.

use bailiwick_vault::envelope::OpenError;

/// A result of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store did not do what was asked. The public text names no value; the source is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing with this id in the permit's tenant.
    #[error("not found")]
    NotFound,
    /// The change meets a state that does not allow it; the text is for the person who asked.
    #[error("{0}")]
    Conflict(&'static str),
    /// The work returned a value without a record; the transaction was rolled back.
    #[error("a change without an audit record was refused")]
    Unrecorded,
    /// A one-time code that does not work, or one that was given for another change than this one; nothing was changed.
    #[error("the change was not approved")]
    Unapproved,
    /// The thing is not what its sender had read; nothing was changed.
    #[error("it has changed since it was read")]
    Stale,
    /// Others wrote at the same time; the same request may succeed.
    #[error("the change met another one; try again")]
    Busy,
    /// Others had every connection for as long as one is waited for, or the database is away; the same request may succeed.
    #[error("no connection to the database was free in time")]
    Crowded,
    /// The disk under the database is full; nothing was changed, and the same request succeeds once there is room.
    #[error("the disk of the database is full")]
    Full,
    /// A stored value cannot be what this version wrote; names the column.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// A sealed value that was altered, cut, moved, or sealed for somebody else; names it. Nothing of it was given out.
    #[error("the sealed value {place} cannot be opened")]
    Sealed {
        /// Table, column and the key of its row.
        place: String,
        /// What is wrong with it.
        #[source]
        source: OpenError,
    },
    /// The holder of the root key does not answer, and the organisation's keys are not in memory; the same request may succeed.
    #[error("the organisation's encryption keys cannot be had at the moment")]
    KeysAway,
    /// The keys that something was sealed under were destroyed.
    #[error("the encryption key that it was sealed under was destroyed")]
    KeysGone,
    /// Keys or sealed values.
    #[error("a key or sealed value could not be used")]
    Vault(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Canonical bytes or the Merkle tree.
    #[error("the audit log could not be extended: {0}")]
    Proof(String),
    /// The database.
    #[error("the database did not do what was asked")]
    Sql(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => return Self::NotFound,
            sqlx::Error::PoolTimedOut => return Self::Crowded,
            sqlx::Error::ColumnDecode { index, .. } => return Self::Corrupt(index.clone()),
            sqlx::Error::Database(db) if db.is_unique_violation() => {
                return Self::Conflict("It exists already.");
            }
            // PostgreSQL: serialization failure, deadlock. SQLite: busy, locked.
            sqlx::Error::Database(db)
                if matches!(db.code().as_deref(), Some("40001" | "40P01" | "5" | "6" | "517")) =>
            {
                return Self::Busy;
            }
            // PostgreSQL: disk full. SQLite: database or disk is full.
            sqlx::Error::Database(db) if matches!(db.code().as_deref(), Some("53100" | "13")) => {
                return Self::Full;
            }
            _ => {}
        }
        Self::Sql(error)
    }
}

impl Error {
    /// A failure of the vault, whichever of its parts it came from.
    pub fn vault(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Vault(Box::new(error))
    }
}

/// Errors with a short code that may stand in the audit log beside a failed operation.
pub trait Public {
    /// The code, or nothing where the failure says nothing about the caller's request (the database is away).
    fn code(&self) -> Option<&'static str>;
}

impl Public for Error {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("not_found"),
            Self::Conflict(_) => Some("conflict"),
            Self::Unrecorded => Some("unrecorded"),
            Self::Unapproved => Some("unapproved"),
            Self::Stale => Some("stale"),
            Self::Busy => Some("busy"),
            Self::KeysGone => Some("key_destroyed"),
            Self::Crowded
            | Self::Sealed { .. }
            | Self::KeysAway
            | Self::Full
            | Self::Corrupt(_)
            | Self::Vault(_)
            | Self::Proof(_)
            | Self::Sql(_) => None,
        }
    }
}
