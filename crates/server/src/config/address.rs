//! Addresses with a meaning: where people reach the server, where the database is, what the log is called.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use url::{Host, Url};

use super::value::Setting;

/// The address under which people reach the server: scheme, host and perhaps a port, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(Url);

impl PublicUrl {
    /// Whether people come over HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
    /// Whether it leads nobody further than to the machine that they sit at.
    pub(crate) fn is_local(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
    /// Without a slash at the end, as in an `Origin` header.
    pub(crate) fn as_origin(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
    /// Reads an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::from_text(text, Path::new(""))
    }
    /// What the logs of a new installation at this address are called.
    pub(crate) fn log_origin(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        // An IPv6 address in brackets is no name of a log.
        LogOrigin::from_text(host, Path::new("")).map_or_else(|| "bailiwick.local".into(), |origin| origin.0)
    }
}

impl Setting for PublicUrl {
    fn expected() -> String {
        "an address such as \"https://bailiwick.example.com\", without a path".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let bare = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        bare.then_some(Self(url))
    }
    fn shown(&self) -> toml::Value {
        self.as_origin().into()
    }
}

/// Where a database is. It may hold a password, so nothing shows it but [`DatabaseUrl::expose`].
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Url),
}

impl DatabaseUrl {
    /// The address in full, password and all, for the driver.
    pub(crate) fn expose(&self) -> String {
        match self {
            // The driver takes what follows a question mark as options, and undoes percent signs.
            Self::Sqlite(path) => {
                let path = path.display().to_string();
                format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23"))
            }
            Self::Postgres(url) => url.to_string(),
        }
    }

    /// The file of an embedded database.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// The address with its password masked.
    pub(crate) fn masked(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let mut url = url.clone();
                // Fails only for addresses that cannot have a password.
                if url.password().is_some() && url.set_password(Some("***")).is_err() {
                    return "***".into();
                }
                url.to_string()
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Setting for DatabaseUrl {
    const SECRET: bool = true;

    fn expected() -> String {
        "\"sqlite:PATH\", or \"postgres://USER:PASSWORD@HOST/DATABASE\" without options after a question mark"
            .into()
    }
    fn from_text(text: &str, base: &Path) -> Option<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
                return None;
            }
            let path = base.join(path);
            return path.to_str().is_some().then_some(Self::Sqlite(path));
        }
        let url = Url::parse(text).ok()?;
        let plain = matches!(url.scheme(), "postgres" | "postgresql")
            && url.has_host()
            && url.host_str().is_some_and(|host| !host.is_empty())
            // TLS, timeouts and passwords given there would go past the keys that are for them.
            && url.query().is_none()
            && url.fragment().is_none();
        plain.then_some(Self::Postgres(url))
    }
    fn shown(&self) -> toml::Value {
        self.masked().into()
    }
}

/// The name that this installation's audit logs carry in their signed checkpoints (C2SP tlog-checkpoint, "origin").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogOrigin(String);

impl LogOrigin {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for LogOrigin {
    fn expected() -> String {
        "a name such as \"bailiwick.example.com\": up to 100 letters, digits, dots, hyphens and single slashes".into()
    }
    fn from_text(text: &str, _: &Path) -> Option<Self> {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'))
        };
        (text.len() <= 100 && text.split('/').all(part)).then(|| Self(text.to_owned()))
    }
    fn shown(&self) -> toml::Value {
        self.0.clone().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn database(text: &str) -> Option<DatabaseUrl> {
        DatabaseUrl::from_text(text, Path::new("/srv/bailiwick"))
    }

    #[test]
    fn nobody_sees_the_password_of_the_database() {
        for text in [
            "postgres://app:hunter2@db.example.com/bailiwick",
            "postgresql://app:hunter2%2F@[::1]:5433/b",
            "postgres://:hunter2@db/b",
        ] {
            let url = database(text).unwrap();
            assert!(url.expose().contains("hunter2"));
            for shown in [format!("{url:?}"), url.masked(), url.shown().to_string()] {
                assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
            }
        }
    }

    #[test]
    fn an_address_whose_password_could_be_taken_for_something_else_is_refused() {
        let doubtful = [
            "postgres://app:hun/ter2@db/b",
            "postgres://app:hun?ter2@db/b",
            "postgres://app:hun#ter2@db/b",
            "postgres://db/b?password=hunter2",
            "postgres://db/b?sslmode=disable",
            "postgres:app:hunter2@db",
            "mysql://app:hunter2@db/b",
            "postgres://",
            "sqlite:",
            "sqlite:a.db?mode=rwc",
            "hunter2",
        ];
        for text in doubtful {
            assert_eq!(database(text), None, "{text}");
        }
    }

    #[test]
    fn a_database_file_lies_beside_the_configuration_that_names_it() {
        assert_eq!(database("sqlite:data/b.db").unwrap().expose(), "sqlite:/srv/bailiwick/data/b.db");
        assert_eq!(database("sqlite:///var/b.db").unwrap().file(), Some(Path::new("/var/b.db")));
        assert_eq!(database("sqlite:50%/b.db").unwrap().expose(), "sqlite:/srv/bailiwick/50%25/b.db");
        assert_eq!(database("postgres://u@h/b").unwrap().file(), None);
    }

    #[test]
    fn a_public_address_has_no_path() {
        let url = |text: &str| PublicUrl::from_text(text, Path::new(""));
        assert_eq!(url("https://a.example").unwrap().as_origin(), "https://a.example");
        assert_eq!(url("http://localhost:8080/").unwrap().as_origin(), "http://localhost:8080");
        assert_eq!(url("https://a.example:8443").unwrap().log_origin(), "a.example");
        assert_eq!(url("http://[::1]:8080").unwrap().log_origin(), "bailiwick.local");
        for bad in [
            "https://a.example/x",
            "https://u:p@a.example",
            "ftp://a.example",
            "a.example",
            "https://a.example?x",
            "https://",
            "https://a#b",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_of_this_machine_leads_nobody_else_here() {
        let local = |text: &str| PublicUrl::parse(text).unwrap().is_local();
        for here in
            ["http://localhost:8080", "http://127.0.0.2", "http://[::1]:8080", "http://demo.localhost"]
        {
            assert!(local(here), "{here}");
        }
        for elsewhere in ["https://office.example.com", "http://10.0.0.1", "https://localhost.example.com"] {
            assert!(!local(elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn a_log_has_a_plain_name() {
        let origin = |text: &str| LogOrigin::from_text(text, Path::new(""));
        assert_eq!(origin("audit.example.com/eu").unwrap().as_str(), "audit.example.com/eu");
        for bad in ["", "a b", "a//b", "/a", "a/", "a+b", "a\nb", "é", &"x".repeat(101)] {
            assert_eq!(origin(bad), None, "{bad:?}");
        }
    }
}
