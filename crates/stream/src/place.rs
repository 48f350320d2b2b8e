//! Where a stream leads, with what opens the door there. It is stored sealed, and nothing shows it whole.

use std::fmt;

use bailiwick_domain::entity::StreamKind;
use bailiwick_mail::wire::authorities;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Reach;

/// Octets of certificates and keys at most, each.
const LONGEST_PEM: usize = 16 * 1024;

/// Why a place was not taken: the field and a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {text}")]
pub struct BadPlace {
    /// Which part of it.
    pub field: &'static str,
    /// What is wrong with it.
    pub text: &'static str,
}

const fn bad(field: &'static str, text: &'static str) -> BadPlace {
    BadPlace { field, text }
}

/// Where a stream leads.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An address of the web.
    Webhook(Web),
    /// A syslog server.
    Syslog(Server),
    /// A bucket.
    S3(Bucket),
}

/// An address of the web that takes signed requests.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Web {
    /// `https://…`; `http://…` leads to networks that the operator has named only. It may hold a token.
    pub url: String,
    /// Authorities (PEM) that may have signed its certificate, instead of the public ones.
    pub authorities: Option<String>,
}

/// A syslog server, by TLS.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Server {
    /// Its name or address, for which its certificate must be.
    pub host: String,
    /// Its port; 6514 by RFC 5425.
    pub port: u16,
    /// As for [`Web`].
    pub authorities: Option<String>,
    /// What we show it, where it asks who we are.
    pub identity: Option<Identity>,
}

/// A certificate with its key, both in PEM.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Identity {
    /// The certificate, and those of the authorities between it and the one that the server knows.
    pub certificate: String,
    /// Its private key (PKCS#8, PKCS#1 or SEC1).
    pub key: String,
}

/// A bucket that speaks the protocol of S3.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Bucket {
    /// The address of the service, without a path. The bucket's name follows in the path.
    pub endpoint: String,
    /// As for [`Web`].
    pub authorities: Option<String>,
    /// The region that signatures name.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// What the names of objects begin with; may be empty.
    pub prefix: String,
    /// The id of the access key.
    pub access_key: String,
    /// The access key.
    pub secret_key: String,
}

impl Place {
    /// How records leave.
    pub const fn kind(&self) -> StreamKind {
        match self {
            Self::Webhook(_) => StreamKind::Webhook,
            Self::Syslog(_) => StreamKind::Syslog,
            Self::S3(_) => StreamKind::S3,
        }
    }

    /// Scheme, host and port, and the bucket: what of it is no secret.
    pub fn origin(&self) -> String {
        let origin =
            |url: &str| Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        match self {
            Self::Webhook(web) => origin(&web.url),
            Self::Syslog(server) if server.host.contains(':') => format!("[{}]:{}", server.host, server.port),
            Self::Syslog(server) => format!("{}:{}", server.host, server.port),
            Self::S3(bucket) => format!("{}/{}", origin(&bucket.endpoint), bucket.bucket),
        }
    }

    /// Looks at all of it at once.
    ///
    /// # Errors
    /// Every part that cannot be used.
    pub fn check(&self) -> Result<(), Vec<BadPlace>> {
        let found = match self {
            Self::Webhook(web) => vec![web_address("url", &web.url), pem(web.authorities.as_deref())],
            Self::Syslog(server) => {
                vec![name(server), pem(server.authorities.as_deref()), identity(server.identity.as_ref())]
            }
            Self::S3(bucket) => bucket.check(),
        };
        let wrong: Vec<_> = found.into_iter().filter_map(Result::err).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Refuses a place to which records would go in the clear: by http they go only into networks that the operator has named. What
    /// a name leads to is looked at again with every delivery.
    ///
    /// # Errors
    /// The field, and what to enter instead.
    pub fn protected(&self, reach: &Reach) -> Result<(), BadPlace> {
        const CLEAR: &str = "Enter an address that begins with https. By http records go only into networks that \
                             whoever runs the server has named in stream.allowed_networks.";
        let (field, address) = match self {
            Self::Webhook(web) => ("url", &web.url),
            Self::S3(bucket) => ("endpoint", &bucket.endpoint),
            Self::Syslog(_) => return Ok(()),
        };
        match Url::parse(address) {
            Ok(url) if url.scheme() == "http" && !reach.may_name(&url) => Err(bad(field, CLEAR)),
            _ => Ok(()),
        }
    }

    /// As it is sealed.
    ///
    /// # Errors
    /// Never, with the types that there are.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Zeroizing::new)
    }

    /// From what was sealed.
    ///
    /// # Errors
    /// Octets that this version does not write.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(octets)
    }
}

impl Bucket {
    fn check(&self) -> Vec<Result<(), BadPlace>> {
        let word = |text: &str, most: usize, more: &str| {
            (1..=most).contains(&text.len())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let when = |fits: bool, field, text| if fits { Ok(()) } else { Err(bad(field, text)) };
        let bare = Url::parse(&self.endpoint).is_ok_and(|url| url.path() == "/" && url.query().is_none());
        let bucket = (3..=63).contains(&self.bucket.len())
            && self.bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
        let prefix = self.prefix.is_empty()
            || word(&self.prefix, 200, "-_./")
                && !self.prefix.starts_with('/')
                && !self.prefix.contains("..")
                && !self.prefix.contains("//");
        vec![
            web_address("endpoint", &self.endpoint),
            when(bare, "endpoint", "Enter the address of the service alone, without a path."),
            pem(self.authorities.as_deref()),
            when(word(&self.region, 50, "-"), "region", "Enter the region, such as eu-central-1."),
            when(
                bucket,
                "bucket",
                "Enter the bucket's name: 3 to 63 lower-case letters, digits, hyphens and dots.",
            ),
            when(
                prefix,
                "prefix",
                "Use letters, digits, hyphens, underscores, dots and slashes, or leave it empty.",
            ),
            when(word(&self.access_key, 128, "-_./+="), "access_key", "Enter the id of the access key."),
            when(
                (1..=256).contains(&self.secret_key.len())
                    && self.secret_key.chars().all(|c| c.is_ascii_graphic()),
                "secret_key",
                "Enter the access key.",
            ),
        ]
    }
}

/// An address of the web without user, password and fragment, of 1,000 characters at most.
///
/// # Errors
/// What is wrong with it, at this field.
pub fn web_address(field: &'static str, text: &str) -> Result<(), BadPlace> {
    const WRONG: &str = "Enter an address that begins with https, without a user, a password and a fragment.";
    let url = Url::parse(text).map_err(|_| bad(field, WRONG))?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "https" | "http") && url.host().is_some();
    if bare && web && text.len() <= 1_000 { Ok(()) } else { Err(bad(field, WRONG)) }
}

/// As [`web_address`], of a service that [`Probe`](crate::Probe) may be asked to try: without a query, perhaps without a path, and by
/// http only where that may lead into a network that the operator has named.
///
/// # Errors
/// What is wrong with it.
pub fn service_address(text: &str, bare: bool, reach: &Reach) -> Result<(), BadPlace> {
    const CLEAR: &str = "Enter an address that begins with https. By http this server connects only to networks that whoever runs it \
                         has named in stream.allowed_networks.";
    web_address("url", text)?;
    let Ok(url) = Url::parse(text) else { return Err(bad("url", CLEAR)) };
    if url.scheme() == "http" && !reach.may_name(&url) {
        return Err(bad("url", CLEAR));
    }
    if url.query().is_some() || bare && url.path() != "/" {
        return Err(bad("url", "Enter the address of the service alone."));
    }
    Ok(())
}

/// Scheme, host and port of an address of the web; empty for what is none.
pub fn origin_of(text: &str) -> String {
    Url::parse(text).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// A name or an address with a port: `logs.example.com:6514`, `[2001:db8::1]:6514`. Without a port it is 6514.
///
/// # Errors
/// What is wrong with it.
pub fn host_and_port(text: &str) -> Result<(String, u16), BadPlace> {
    const WRONG: BadPlace = bad("server", "Enter a name and a port, such as logs.example.com:6514.");
    let text = text.trim();
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or(WRONG)?)),
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Ok(6514), str::parse).map_err(|_| WRONG)?;
    let fits = (1..=253).contains(&host.len()) && port != 0 && ServerName::try_from(host).is_ok();
    if fits { Ok((host.to_ascii_lowercase(), port)) } else { Err(WRONG) }
}

fn name(server: &Server) -> Result<(), BadPlace> {
    match ServerName::try_from(server.host.as_str()) {
        Ok(_) if server.port != 0 => Ok(()),
        _ => Err(bad("server", "Enter a name and a port, such as logs.example.com:6514.")),
    }
}

fn pem(text: Option<&str>) -> Result<(), BadPlace> {
    const WRONG: BadPlace = bad("authorities", "Paste certificates in PEM, or leave it empty.");
    let Some(text) = text else { return Ok(()) };
    if text.len() > LONGEST_PEM {
        return Err(WRONG);
    }
    authorities(Some(text.as_bytes())).map(drop).map_err(|_| WRONG)
}

fn identity(identity: Option<&Identity>) -> Result<(), BadPlace> {
    let Some(identity) = identity else { return Ok(()) };
    if identity.certificate.len() > LONGEST_PEM || identity.chain().is_none() {
        return Err(bad("certificate", "Paste the certificate in PEM, or leave it and its key empty."));
    }
    if identity.key.len() > LONGEST_PEM || identity.private_key().is_none() {
        return Err(bad("key", "Paste the private key of the certificate in PEM."));
    }
    Ok(())
}

impl Identity {
    /// The certificates; nothing where there is none, or something else.
    pub(crate) fn chain(&self) -> Option<Vec<CertificateDer<'static>>> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect();
        chain.ok().filter(|chain| !chain.is_empty())
    }

    /// The key.
    pub(crate) fn private_key(&self) -> Option<PrivateKeyDer<'static>> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).ok()
    }
}

/// Addresses may hold tokens.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn web(url: &str) -> Place {
        Place::Webhook(Web { url: url.into(), authorities: None })
    }

    /// One that can be used.
    pub(crate) fn bucket() -> Bucket {
        Bucket {
            endpoint: "https://s3.example.com".into(),
            authorities: None,
            region: "eu-central-1".into(),
            bucket: "audit-log".into(),
            prefix: "bailiwick/".into(),
            access_key: "AKIDEXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        }
    }

    #[test]
    fn nobody_reads_tokens_and_keys_by_accident() {
        let place = web("https://siem.example.com:8443/hook/T0KEN?key=s3cret");
        assert_eq!(
            (place.origin().as_str(), format!("{place:?}").as_str()),
            ("https://siem.example.com:8443", "https://siem.example.com:8443/…")
        );
        let place = Place::S3(bucket());
        assert_eq!(place.origin(), "https://s3.example.com/audit-log");
        assert!(!format!("{place:?}").contains("wJal"));
        let again = Place::from_bytes(&place.to_bytes().unwrap()).unwrap();
        assert_eq!(again.to_bytes().unwrap(), place.to_bytes().unwrap());
    }

    #[test]
    fn addresses_with_users_fragments_and_other_schemes_are_refused() {
        assert!(web("https://siem.example.com/x?y=z").check().is_ok());
        for url in [
            "",
            "siem.example.com",
            "ftp://siem.example.com",
            "file:///etc/passwd",
            "https://user@siem.example.com",
            "https://user:word@siem.example.com",
            "https://siem.example.com/#x",
        ] {
            assert_eq!(web(url).check().unwrap_err().first().map(|wrong| wrong.field), Some("url"), "{url}");
        }
    }

    #[test]
    fn records_go_in_the_clear_only_where_the_operator_permits_it() {
        let nowhere = Reach::default();
        let own = Reach::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00:7::/32".parse().unwrap()]);
        for (url, permitted) in [
            ("http://127.0.0.1:8099/hook", true),
            ("http://localhost:8099", true),
            ("http://[fd00:7::9]/", true),
            ("http://logs.example.com", true),
            ("http://10.0.0.1/", false),
            ("http://[::1]:8099", false),
        ] {
            assert_eq!(web(url).protected(&nowhere).unwrap_err().field, "url", "{url}");
            assert_eq!(web(url).protected(&own).is_ok(), permitted, "{url}");
        }
        for url in ["https://127.0.0.1:8099", "https://siem.example.com"] {
            assert!(
                web(url).protected(&nowhere).is_ok(),
                "{url}: where it leads is looked at when something is sent"
            );
        }
        let mut clear = bucket();
        clear.endpoint = "http://127.0.0.1:9000".into();
        let clear = Place::S3(clear);
        assert_eq!(clear.protected(&nowhere).unwrap_err().field, "endpoint");
        assert!(clear.protected(&own).is_ok());
    }

    #[test]
    fn server_is_a_name_or_an_address_with_a_port() {
        for (text, host, port) in [
            ("logs.example.com:6514", "logs.example.com", 6514),
            ("logs.example.com", "logs.example.com", 6514),
            (" Logs.Example.com:1 ", "logs.example.com", 1),
            ("192.0.2.1:6514", "192.0.2.1", 6514),
            ("[2001:db8::1]:601", "2001:db8::1", 601),
            ("[2001:db8::1]", "2001:db8::1", 6514),
        ] {
            assert_eq!(host_and_port(text), Ok((host.to_owned(), port)), "{text}");
        }
        for text in [
            "",
            ":6514",
            "logs.example.com:",
            "logs.example.com:0",
            "logs.example.com:70000",
            "a b:1",
            "[::1]6514",
            "logs/x:1",
        ] {
            assert!(host_and_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn person_reads_which_part_of_a_bucket_cannot_be_used() {
        assert!(Place::S3(bucket()).check().is_ok());
        type Change = fn(&mut Bucket);
        let changes: [(Change, &str); 7] = [
            (|it| it.endpoint = "https://s3.example.com/path".into(), "endpoint"),
            (|it| it.region = "eu central".into(), "region"),
            (|it| it.bucket = "Ab".into(), "bucket"),
            (|it| it.prefix = "../x".into(), "prefix"),
            (|it| it.access_key = String::new(), "access_key"),
            (|it| it.secret_key = "a b".into(), "secret_key"),
            (|it| it.authorities = Some("nothing".into()), "authorities"),
        ];
        for (change, field) in changes {
            let mut changed = bucket();
            change(&mut changed);
            let wrong = Place::S3(changed).check().unwrap_err();
            assert_eq!(wrong.iter().map(|wrong| wrong.field).collect::<Vec<_>>(), [field]);
        }
    }
}
