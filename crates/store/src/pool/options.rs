//! Where the database is and how to talk to it.

use std::{str::FromStr, time::Duration};

use sqlx::{
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{Error, Result};

/// Which database a store uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DatabaseKind {
    /// An embedded file.
    Sqlite,
    /// A server.
    Postgres,
}

/// How a PostgreSQL connection is protected (libpq `sslmode`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum TlsMode {
    /// Never TLS.
    Disable,
    /// TLS if the server insists.
    Allow,
    /// TLS if the server offers it.
    #[default]
    Prefer,
    /// Always TLS, any certificate.
    Require,
    /// Always TLS, certificate from a known authority.
    VerifyCa,
    /// Always TLS, certificate from a known authority for this very host.
    VerifyFull,
}

impl FromStr for TlsMode {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(Error::Conflict(
                    "The TLS mode is one of disable, allow, prefer, require, verify-ca, verify-full.",
                ));
            }
        })
    }
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// How a PostgreSQL connection is protected.
    pub tls: TlsMode,
    /// A file with the authorities that PostgreSQL's certificate may come from (PEM).
    pub tls_root: Option<std::path::PathBuf>,
    /// Connections to PostgreSQL at most.
    pub connections: u32,
    /// Readers of SQLite at most.
    pub readers: u32,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
}

impl PoolOptions {
    /// The defaults for `url`: TLS preferred, 16 connections, 4 readers, 5 seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            tls: TlsMode::default(),
            tls_root: None,
            connections: 16,
            readers: 4,
            acquire_timeout: Duration::from_secs(5),
        }
    }

    pub(crate) fn sqlite(&self) -> Result<Option<SqliteConnectOptions>> {
        if !self.url.starts_with("sqlite:") {
            return Ok(None);
        }
        let options = SqliteConnectOptions::from_str(&self.url)?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit that was answered survives a power cut, not only a crash of the process.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(256)
            // Functions and views cannot be planted in the schema to run with the server's rights.
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON");
        Ok(Some(options))
    }

    pub(crate) fn postgres(&self) -> Result<PgConnectOptions> {
        let mode = match self.tls {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Allow => PgSslMode::Allow,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        };
        let options = PgConnectOptions::from_str(&self.url)?
            .ssl_mode(mode)
            .application_name("bailiwick")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", "30s"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ]);
        Ok(match &self.tls_root {
            Some(path) => options.ssl_root_cert(path),
            None => options,
        })
    }
}
