//! Where the database is and how to talk to it.

use std::{fmt, str::FromStr, time::Duration};

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
#[derive(Clone)]
pub struct PoolOptions {
    /// `sqlite:PATH` or `postgres://…`. May hold a password: printed only by [`masked`](Self::masked).
    pub url: String,
    /// How a PostgreSQL connection is protected.
    pub tls: TlsMode,
    /// A file with the authorities that PostgreSQL's certificate may come from (PEM).
    pub tls_root: Option<std::path::PathBuf>,
    /// Connections to PostgreSQL at most.
    pub connections: u32,
    /// Readers of SQLite at most, and connections for single statements as many again.
    pub readers: u32,
    /// How long a request waits for a connection, and on SQLite for its turn at the writer.
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

    /// The address without what may open the database: its password and every parameter not known to be harmless.
    pub fn masked(&self) -> String {
        let url =
            if self.url.starts_with("sqlite:") { self.url.clone() } else { without_password(&self.url) };
        let (address, parameters) = match url.split_once('?') {
            Some((address, parameters)) => (address, Some(parameters)),
            None => (url.as_str(), None),
        };
        let mut masked = address.to_owned();
        for (n, parameter) in parameters.into_iter().flat_map(|text| text.split('&')).enumerate() {
            masked.push(if n == 0 { '?' } else { '&' });
            match parameter.split_once('=') {
                Some((name, _)) if !HARMLESS.contains(&name) => masked.extend([name, "=***"]),
                Some(_) => masked.push_str(parameter),
                // Without a name nobody can tell what it is.
                None => masked.push_str("***"),
            }
        }
        masked
    }

    /// The file without any of our settings, some of which change it.
    pub(crate) fn sqlite_as_it_is(&self) -> Result<Option<SqliteConnectOptions>> {
        if !self.url.starts_with("sqlite:") {
            return Ok(None);
        }
        Ok(Some(SqliteConnectOptions::from_str(&self.url)?.create_if_missing(false)))
    }

    pub(crate) fn sqlite(&self) -> Result<Option<SqliteConnectOptions>> {
        let Some(file) = self.sqlite_as_it_is()? else { return Ok(None) };
        let options = file
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit that was answered survives a power cut, not only a crash of the process.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            // Rows between the driver's thread and ours; each time there is no room for more, one of the two is woken up.
            .row_buffer_size(1024)
            .statement_cache_capacity(256)
            // Functions and views cannot be planted in the schema to run with the server's rights.
            // What was deleted is overwritten: erasing a person reaches the free pages of the file, too.
            .pragma("secure_delete", "ON")
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

/// Parameters of an address whose values say nothing secret.
const HARMLESS: [&str; 13] = [
    "application_name",
    "cache",
    "dbname",
    "host",
    "hostaddr",
    "immutable",
    "mode",
    "port",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
    "vfs",
];

/// The address with everything between the account's name and the last `@` masked: whatever stands there may be a part of a
/// password that somebody forgot to escape.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return "***".into() };
    let Some((account, place)) = rest.rsplit_once('@') else { return address.to_owned() };
    match account.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{place}"),
        None => address.to_owned(),
    }
}

impl fmt::Debug for PoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, tls, tls_root, connections, readers, acquire_timeout } = self;
        f.debug_struct("PoolOptions")
            .field("url", &self.masked())
            .field("tls", tls)
            .field("tls_root", tls_root)
            .field("connections", connections)
            .field("readers", readers)
            .field("acquire_timeout", acquire_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_printed_keep_the_password_to_themselves() {
        for (url, shown) in [
            ("postgres://app:hunter2@db:5432/b", "postgres://app:***@db:5432/b"),
            ("postgresql://app:hun@ter2@db/b", "postgresql://app:***@db/b"),
            ("postgres://app:hun:ter2/@db/b", "postgres://app:***@db/b"),
            ("postgres://app:hun?ter2@db/b", "postgres://app:***@db/b"),
            (
                "postgres://db/b?user=app&password=hunter2&sslmode=require",
                "postgres://db/b?user=app&password=***&sslmode=require",
            ),
            ("postgres://app@db/b?sslpassword=hunter2&hunter2", "postgres://app@db/b?sslpassword=***&***"),
            ("postgres://app:hunter2@db/b?options[x]=hunter2", "postgres://app:***@db/b?options[x]=***"),
            (
                "sqlite:/srv/a@b/bailiwick.db?mode=rw&key=hunter2",
                "sqlite:/srv/a@b/bailiwick.db?mode=rw&key=***",
            ),
            ("hunter2", "***"),
        ] {
            let options = PoolOptions::new(url);
            assert_eq!(options.masked(), shown);
            let printed = format!("{options:?} {options:#?}");
            assert!(
                printed.contains(shown) && !printed.contains("hun") && !printed.contains("ter2"),
                "{printed}"
            );
        }
    }
}
