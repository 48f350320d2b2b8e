//! The address of the test server.

use std::fmt;

/// `postgres://user:password@host:port/database?options`, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    user: String,
    password: Option<String>,
    host: String,
    database: String,
    options: String,
}

impl Address {
    /// The superuser's address that the tests were started with.
    #[allow(clippy::panic, reason = "a test without its database must fail, and loudly")]
    #[allow(clippy::disallowed_methods, reason = "the one setting of the tests")]
    pub(super) fn from_environment() -> Self {
        let Ok(url) = std::env::var("BAILIWICK_TEST_POSTGRES") else {
            panic!(
                "BAILIWICK_TEST_POSTGRES is not set: run `cargo xtask test`, or run `cargo xtask postgres` in another \
                 terminal and export the variables it prints"
            );
        };
        let Some(address) = Self::parse(&url) else {
            panic!("BAILIWICK_TEST_POSTGRES is not postgres://user:password@host:port/database");
        };
        address
    }

    pub(super) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        let (account, rest) = rest.split_once('@')?;
        let (host, rest) = rest.split_once('/')?;
        let (database, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, password) = match account.split_once(':') {
            Some((user, password)) => (user, Some(password.to_owned())),
            None => (account, None),
        };
        let whole = !user.is_empty() && !host.is_empty() && !database.is_empty();
        whole.then(|| Self {
            user: user.to_owned(),
            password,
            host: host.to_owned(),
            database: database.to_owned(),
            options: options.to_owned(),
        })
    }

    /// The same server for another role, which has the same password, and another database.
    pub(super) fn with(&self, user: &str, database: &str) -> Self {
        Self { user: user.to_owned(), database: database.to_owned(), ..self.clone() }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The host and port.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The same roles and databases behind another host and port.
    pub(super) fn behind(&self, host: String) -> Self {
        Self { host, ..self.clone() }
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The address without its password, for a command line that others can read.
    pub(super) fn without_password(&self) -> String {
        Self { password: None, ..self.clone() }.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", self.user)?;
        if let Some(password) = &self.password {
            write!(f, ":{password}")?;
        }
        write!(f, "@{}/{}", self.host, self.database)?;
        if !self.options.is_empty() {
            write!(f, "?{}", self.options)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_password())
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn address_survives_being_taken_apart() {
        for url in ["postgres://a:b@127.0.0.1:5432/postgres", "postgres://a@h/d?sslmode=disable"] {
            let address = Address::parse(url).map(|address| address.to_string());
            assert_eq!(address.as_deref(), Some(url));
        }
        assert_eq!(Address::parse("mysql://a:b@h/d"), None);
        assert_eq!(Address::parse("postgres://a:b@h"), None);
    }

    #[test]
    fn role_and_database_change_and_the_password_stays_off_the_command_line() {
        let address = Address::parse("postgres://a:b@h:1/d").map(|address| address.with("r", "e"));
        let texts = address.map(|address| (address.to_string(), address.without_password()));
        assert_eq!(texts, Some(("postgres://r:b@h:1/e".to_owned(), "postgres://r@h:1/e".to_owned())));
    }
}
