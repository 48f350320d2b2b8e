//! The settings with their types.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use bailiwick_domain::{entity::MailChannel, habit::Thresholds, sign_in::SignInLimits, time::Span};
use bailiwick_mail::{Sender, WebhookUrl};
use bailiwick_store::Outbox;
use bailiwick_vault::password::PasswordCost;
use bailiwick_web::rates::RateLimits;

use super::{
    Config, Problem, Problems,
    address::{DatabaseUrl, LogOrigin, PublicUrl},
    api,
    choice::{
        ArchiveLock, BuiltInPack, DatabaseTls, Https, LogFormat, LogLevel, MailTls, MailTransport,
        StepUpChannel,
    },
    documents::Documents,
    holder::Keys,
    key::{AnyKey, Key},
    keys::*,
    mail::{Secret, Word},
    step_up::SigningSecret,
    types::{Network, VariablePrefix},
    value::{Origin, Setting},
    witness::WitnessPlace,
};

/// Everything the server is told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `[server]`
    pub(crate) server: Server,
    /// `[api]`
    pub(crate) api: RateLimits,
    /// Each region by its name; for now there is one.
    pub(crate) regions: BTreeMap<String, Region>,
    /// `[audit]`
    pub(crate) audit: Audit,
    /// `[mail]`; nothing where letters do not leave.
    pub(crate) mail: Option<MailServer>,
    /// `[mail]` and `[step_up]`: how many letters people may cause, and how codes reach them.
    pub(crate) outbox: Outbox,
    /// `[step_up]`; nothing where codes go by mail alone.
    pub(crate) gateway: Option<Gateway>,
    /// `[stream]`
    pub(crate) stream: Streams,
    pub(crate) documents: Documents,
    /// `[integrations]`: what the names of variables begin with that they may use; nothing where they may use none.
    pub(crate) integrations_prefix: Option<VariablePrefix>,
    /// `[password]`
    pub(crate) password: Passwords,
    /// `[sign_in]`
    pub(crate) sign_in: SignInLimits,
    /// `[log]`
    pub(crate) log: Log,
    /// `[packs]`
    pub(crate) packs: Packs,
}

/// `[server]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: PublicUrl,
    pub(crate) https: Https,
    /// Certificate chain and private key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Only beside `tls`, and only with HTTPS enforced.
    pub(crate) redirect_listen: Option<SocketAddr>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// In bytes.
    pub(crate) body_limit: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) max_concurrent: usize,
    pub(crate) shutdown: Duration,
}

/// What a region has of its own.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// Where its data is.
    pub(crate) database: Database,
    /// What opens its secrets.
    pub(crate) keys: Keys,
}

/// `[database]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) owner_url: Option<DatabaseUrl>,
    pub(crate) tls_mode: DatabaseTls,
    pub(crate) tls_root: Option<PathBuf>,
    pub(crate) connections: u32,
}

/// `[audit]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    pub(crate) checkpoints: PathBuf,
    pub(crate) origin: LogOrigin,
    pub(crate) sign_every: Duration,
    pub(crate) witnesses: Witnesses,
    pub(crate) drill_every: Span,
    pub(crate) thresholds: Thresholds,
    pub(crate) countries: Option<PathBuf>,
    /// Beside the checkpoints where nothing is said.
    pub(crate) exports: Option<PathBuf>,
    pub(crate) archive: Option<ArchivePlace>,
}

/// `[[audit.witness]]` and what concerns all of them: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Witnesses {
    pub(crate) places: Vec<WitnessPlace>,
    pub(crate) quorum: usize,
    pub(crate) timeout: Duration,
    pub(crate) tls_root: Option<PathBuf>,
}

/// `[stream]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) allowed_networks: Vec<Network>,
    pub(crate) timeout: Duration,
}

/// Where the archive is.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "columnar"),
    expect(dead_code, reason = "without columns an archive is only refused")
)]
pub(crate) enum ArchivePlace {
    Folder(PathBuf),
    Bucket(ArchiveBucket),
    Cloud { address: String, options_file: Option<PathBuf> },
}

/// The bucket of the archive.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "objects"),
    expect(dead_code, reason = "a program without buckets only refuses one")
)]
pub(crate) struct ArchiveBucket {
    pub(crate) name: String,
    /// Empty where nothing is said.
    pub(crate) prefix: String,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) key: String,
    pub(crate) secret_file: PathBuf,
    pub(crate) lock: ArchiveLock,
    pub(crate) lock_days: i64,
}

/// `[mail]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct MailServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: MailTls,
    pub(crate) tls_root: Option<PathBuf>,
    /// User and password.
    pub(crate) sign_in: Option<(String, Password)>,
    pub(crate) from: Sender,
    pub(crate) timeout: Duration,
}

/// `[step_up]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) url: WebhookUrl,
    pub(crate) secret: GatewaySecret,
    pub(crate) tls_root: Option<PathBuf>,
    pub(crate) timeout: Duration,
}

/// What messages are signed with, or where it is.
#[derive(Clone, Debug)]
pub(crate) enum GatewaySecret {
    Given(SigningSecret),
    File(PathBuf),
}

/// A password, or where it is.
#[derive(Clone, Debug)]
pub(crate) enum Password {
    Given(Secret),
    File(PathBuf),
}

/// `[password]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    pub(crate) cost: PasswordCost,
    /// As many as there are cores where nothing is said.
    pub(crate) hashes_at_once: Option<NonZeroUsize>,
    pub(crate) compromised: Option<PathBuf>,
    pub(crate) words: Vec<String>,
}

/// `[log]`: see the table of keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) level: LogLevel,
}

/// `[packs]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Packs {
    pub(crate) built_in: Vec<BuiltInPack>,
    pub(crate) files: Vec<PathBuf>,
}

/// Builds the settings from a configuration.
pub(crate) fn build(config: &Config) -> Result<Settings, Problems> {
    let missing: Vec<_> = ALL
        .iter()
        .filter(|key| key.required() && config.given(key.path()).is_none())
        .map(|key| missing(*key))
        .collect();
    if !missing.is_empty() {
        return Err(Problems(missing));
    }
    let settings = Settings {
        server: server(config)?,
        api: api::limits(config)?,
        regions: BTreeMap::from([(REGION.to_owned(), region(config)?)]),
        audit: audit(config)?,
        mail: mail(config)?,
        outbox: outbox(config)?,
        gateway: gateway(config)?,
        stream: Streams {
            allowed_networks: value(config, &STREAM_ALLOWED_NETWORKS)?,
            timeout: Duration::from_secs(value(config, &STREAM_TIMEOUT_SECONDS)?.number().into()),
        },
        documents: Documents::of(config)?,
        integrations_prefix: optional(config, &INTEGRATIONS_ENV_PREFIX),
        password: passwords(config)?,
        sign_in: sign_in(config)?,
        log: Log { format: value(config, &LOG_FORMAT)?, level: value(config, &LOG_LEVEL)? },
        packs: Packs { built_in: value(config, &PACKS_BUILT_IN)?, files: value(config, &PACKS_FILES)? },
    };
    agree(config, &settings)?;
    Ok(settings)
}

fn server(config: &Config) -> Result<Server, Problem> {
    let tls = match (optional(config, &SERVER_TLS_CERTIFICATE), optional(config, &SERVER_TLS_KEY)) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            let message = "`server.tls_certificate` needs `server.tls_key`";
            return Err(conflict(config, &SERVER_TLS_CERTIFICATE, message));
        }
        (None, Some(_)) => {
            return Err(conflict(config, &SERVER_TLS_KEY, "`server.tls_key` needs `server.tls_certificate`"));
        }
    };
    Ok(Server {
        listen: value(config, &SERVER_LISTEN)?,
        public_url: value(config, &SERVER_PUBLIC_URL)?,
        https: value(config, &SERVER_HTTPS)?,
        tls,
        redirect_listen: optional(config, &SERVER_REDIRECT_LISTEN),
        trusted_proxies: value(config, &SERVER_TRUSTED_PROXIES)?,
        metrics_listen: optional(config, &SERVER_METRICS_LISTEN),
        body_limit: value(config, &SERVER_BODY_LIMIT)?.bytes(),
        request_timeout: Duration::from_secs(value(config, &SERVER_REQUEST_TIMEOUT_SECONDS)?.number().into()),
        max_concurrent: value(config, &SERVER_MAX_CONCURRENT)?.number() as usize,
        shutdown: Duration::from_secs(value(config, &SERVER_SHUTDOWN_SECONDS)?.number().into()),
    })
}

fn witnesses(config: &Config) -> Result<Witnesses, Problem> {
    let places = value(config, &AUDIT_WITNESS)?;
    for (at, place) in places.iter().enumerate() {
        let same = |other: &WitnessPlace| {
            other.key.name() == place.key.name() || other.key.public_key() == place.key.public_key()
        };
        if places.iter().take(at).any(same) {
            let message =
                "two entries of `audit.witness` have the same name or the same key: each witness counts once";
            return Err(conflict(config, &AUDIT_WITNESS, message));
        }
    }
    let quorum = value(config, &AUDIT_WITNESS_QUORUM)?.number() as usize;
    if quorum > places.len() {
        let message = "`audit.witness_quorum` asks for more witnesses than there are in `audit.witness`";
        return Err(conflict(config, &AUDIT_WITNESS_QUORUM, message));
    }
    let timeout = Duration::from_secs(value(config, &AUDIT_WITNESS_TIMEOUT_SECONDS)?.number().into());
    Ok(Witnesses { places, quorum, timeout, tls_root: optional(config, &AUDIT_WITNESS_TLS_ROOT) })
}

fn audit(config: &Config) -> Result<Audit, Problem> {
    Ok(Audit {
        checkpoints: value(config, &AUDIT_CHECKPOINTS)?,
        origin: value(config, &AUDIT_ORIGIN)?,
        sign_every: Duration::from_millis(value(config, &AUDIT_SIGN_EVERY_MS)?.number().into()),
        witnesses: witnesses(config)?,
        drill_every: Span::hours(value(config, &AUDIT_DRILL_HOURS)?.number().into()),
        thresholds: Thresholds {
            quiet: Span::hours(value(config, &AUDIT_ANOMALY_QUIET_HOURS)?.number().into()),
            window: Span::minutes(value(config, &AUDIT_ANOMALY_BURST_MINUTES)?.number().into()),
            burst_records: value(config, &AUDIT_ANOMALY_BURST_RECORDS)?.number().into(),
            burst_factor: value(config, &AUDIT_ANOMALY_BURST_FACTOR)?.number().into(),
            learnt_after: value(config, &AUDIT_ANOMALY_LEARNT_AFTER)?.number().into(),
            working: optional(config, &AUDIT_WORKING_HOURS),
        },
        countries: optional(config, &AUDIT_COUNTRIES),
        exports: optional(config, &AUDIT_EXPORTS),
        archive: archive(config)?,
    })
}

fn mail(config: &Config) -> Result<Option<MailServer>, Problem> {
    if value(config, &MAIL_TRANSPORT)? == MailTransport::None {
        return Ok(None);
    }
    let needed = |message| conflict(config, &MAIL_TRANSPORT, message);
    let host = optional(config, &MAIL_HOST)
        .ok_or_else(|| needed("`mail.transport = \"smtp\"` needs `mail.host`"))?
        .0;
    let from = optional(config, &MAIL_FROM)
        .ok_or_else(|| needed("`mail.transport = \"smtp\"` needs `mail.from`"))?
        .0;
    let tls = value(config, &MAIL_TLS)?;
    let port = match optional(config, &MAIL_PORT) {
        Some(port) => u16::try_from(port.number()).unwrap_or(u16::MAX),
        None => match tls {
            MailTls::None => 25,
            MailTls::StartTls => 587,
            MailTls::Implicit => 465,
        },
    };
    let password = match (optional(config, &MAIL_PASSWORD), optional(config, &MAIL_PASSWORD_FILE)) {
        (Some(_), Some(_)) => {
            let message =
                "the password of the mail server is given twice: `mail.password` and `mail.password_file`";
            return Err(conflict(config, &MAIL_PASSWORD_FILE, message));
        }
        (Some(password), None) => Some(Password::Given(password)),
        (None, file) => file.map(Password::File),
    };
    let sign_in = match (optional(config, &MAIL_USER), password) {
        (Some(user), Some(password)) => Some((user.0, password)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(conflict(
                config,
                &MAIL_USER,
                "`mail.user` needs `mail.password` or `mail.password_file`",
            ));
        }
        (None, Some(_)) => return Err(needed("the password of the mail server needs `mail.user`")),
    };
    let timeout = Duration::from_secs(value(config, &MAIL_TIMEOUT_SECONDS)?.number().into());
    Ok(Some(MailServer {
        host,
        port,
        tls,
        tls_root: optional(config, &MAIL_TLS_ROOT),
        sign_in,
        from,
        timeout,
    }))
}

fn outbox(config: &Config) -> Result<Outbox, Problem> {
    Ok(Outbox {
        per_organisation: value(config, &MAIL_PER_ORGANISATION)?.number().into(),
        per_recipient: value(config, &MAIL_PER_RECIPIENT)?.number().into(),
        per_number: value(config, &STEP_UP_MESSAGES_PER_NUMBER)?.number().into(),
        codes: match value(config, &STEP_UP_CHANNEL)? {
            StepUpChannel::Mail => MailChannel::Mail,
            StepUpChannel::Webhook => MailChannel::Webhook,
        },
    })
}

fn archive(config: &Config) -> Result<Option<ArchivePlace>, Problem> {
    let places = (
        optional(config, &AUDIT_ARCHIVE),
        optional(config, &AUDIT_ARCHIVE_BUCKET),
        optional(config, &AUDIT_ARCHIVE_URL),
    );
    let name = match places {
        (None, None, None) => return Ok(None),
        (Some(folder), None, None) => return Ok(Some(ArchivePlace::Folder(folder))),
        (None, None, Some(address)) => {
            let options_file = optional(config, &AUDIT_ARCHIVE_OPTIONS_FILE);
            return Ok(Some(ArchivePlace::Cloud { address: address.0, options_file }));
        }
        (None, Some(name), None) => name.0,
        _ => {
            let message =
                "the archive is in one place: `audit.archive`, `audit.archive_bucket` or `audit.archive_url`";
            return Err(conflict(config, &AUDIT_ARCHIVE_BUCKET, message));
        }
    };
    let needed = |message| conflict(config, &AUDIT_ARCHIVE_BUCKET, message);
    let key = optional(config, &AUDIT_ARCHIVE_KEY)
        .ok_or_else(|| needed("`audit.archive_bucket` needs `audit.archive_key`"))?;
    let secret_file = optional(config, &AUDIT_ARCHIVE_SECRET_FILE)
        .ok_or_else(|| needed("`audit.archive_bucket` needs `audit.archive_secret_file`"))?;
    let prefix = optional(config, &AUDIT_ARCHIVE_PREFIX).map_or_else(String::new, |prefix| prefix.0);
    Ok(Some(ArchivePlace::Bucket(ArchiveBucket {
        name,
        prefix: prefix.trim_matches('/').to_owned(),
        region: value(config, &AUDIT_ARCHIVE_REGION)?.0,
        endpoint: optional(config, &AUDIT_ARCHIVE_ENDPOINT).map(|endpoint| endpoint.0),
        key: key.0,
        secret_file,
        lock: value(config, &AUDIT_ARCHIVE_LOCK)?,
        lock_days: value(config, &AUDIT_ARCHIVE_LOCK_DAYS)?.number().into(),
    })))
}

fn gateway(config: &Config) -> Result<Option<Gateway>, Problem> {
    if value(config, &STEP_UP_CHANNEL)? == StepUpChannel::Mail {
        return Ok(None);
    }
    let needed = |message| conflict(config, &STEP_UP_CHANNEL, message);
    let url = optional(config, &STEP_UP_WEBHOOK_URL)
        .ok_or_else(|| needed("`step_up.channel = \"webhook\"` needs `step_up.webhook_url`"))?
        .0;
    let secret = match (
        optional(config, &STEP_UP_WEBHOOK_SECRET),
        optional(config, &STEP_UP_WEBHOOK_SECRET_FILE),
    ) {
        (Some(_), Some(_)) => {
            let message = "the secret of the gateway is given twice: `step_up.webhook_secret` and `step_up.webhook_secret_file`";
            return Err(conflict(config, &STEP_UP_WEBHOOK_SECRET_FILE, message));
        }
        (Some(secret), None) if secret.is_one() => GatewaySecret::Given(secret),
        (Some(_), None) => {
            let message = "`step_up.webhook_secret` is not \"whsec_\" with 24 to 64 octets in base64";
            return Err(conflict(config, &STEP_UP_WEBHOOK_SECRET, message));
        }
        (None, Some(file)) => GatewaySecret::File(file),
        (None, None) => {
            let message = "`step_up.channel = \"webhook\"` needs `step_up.webhook_secret` or `step_up.webhook_secret_file`";
            return Err(needed(message));
        }
    };
    let timeout = Duration::from_secs(value(config, &STEP_UP_WEBHOOK_TIMEOUT_SECONDS)?.number().into());
    Ok(Some(Gateway { url, secret, tls_root: optional(config, &STEP_UP_WEBHOOK_TLS_ROOT), timeout }))
}

fn passwords(config: &Config) -> Result<Passwords, Problem> {
    let memory = value(config, &PASSWORD_MEMORY_KIB)?.number();
    let iterations = value(config, &PASSWORD_ITERATIONS)?.number();
    let cost = PasswordCost::new(memory, iterations, value(config, &PASSWORD_PARALLELISM)?.number());
    let cost = cost.map_err(|_| {
        let message = "`password.memory_kib` times `password.iterations` is less than 35840, and so than every choice of the OWASP guide: raise one of them";
        // Whichever was given; where both were, the line of the first.
        match config.given(PASSWORD_MEMORY_KIB.path()) {
            Some(_) => conflict(config, &PASSWORD_MEMORY_KIB, message),
            None => conflict(config, &PASSWORD_ITERATIONS, message),
        }
    })?;
    let hashes_at_once = optional(config, &PASSWORD_HASHES_AT_ONCE)
        .and_then(|at_once| NonZeroUsize::new(at_once.number() as usize));
    let words = value(config, &PASSWORD_WORDS)?.into_iter().map(|Word(text)| text).collect();
    Ok(Passwords { cost, hashes_at_once, compromised: optional(config, &PASSWORD_COMPROMISED), words })
}

fn sign_in(config: &Config) -> Result<SignInLimits, Problem> {
    let first = value(config, &SIGN_IN_FIRST_WAIT_MINUTES)?.number();
    let longest = value(config, &SIGN_IN_LONGEST_WAIT_MINUTES)?.number();
    let remembered = value(config, &SIGN_IN_REMEMBERED_HOURS)?.number();
    if longest < first {
        let message = "`sign_in.longest_wait_minutes` is less than `sign_in.first_wait_minutes`";
        return Err(conflict(config, &SIGN_IN_LONGEST_WAIT_MINUTES, message));
    }
    // Otherwise the guesses would be forgotten before the wait is over.
    if remembered * 60 <= longest {
        let message = "`sign_in.remembered_hours` has to be longer than `sign_in.longest_wait_minutes`";
        return Err(conflict(config, &SIGN_IN_REMEMBERED_HOURS, message));
    }
    Ok(SignInLimits {
        free_guesses: value(config, &SIGN_IN_GUESSES)?.number().into(),
        first_wait: Span::minutes(first.into()),
        longest_wait: Span::minutes(longest.into()),
        remembered: Span::hours(remembered.into()),
        account_passwords: value(config, &SIGN_IN_ACCOUNT_PASSWORDS)?.number().into(),
        account_codes: value(config, &SIGN_IN_ACCOUNT_CODES)?.number().into(),
        account_window: Span::minutes(value(config, &SIGN_IN_ACCOUNT_WINDOW_MINUTES)?.number().into()),
        devices: value(config, &SIGN_IN_KNOWN_DEVICES)?.number().into(),
        device_lasts: Span::days(value(config, &SIGN_IN_KNOWN_DEVICE_DAYS)?.number().into()),
    })
}

fn region(config: &Config) -> Result<Region, Problem> {
    Ok(Region {
        database: Database {
            url: value(config, &DATABASE_URL)?,
            owner_url: optional(config, &DATABASE_OWNER_URL),
            tls_mode: value(config, &DATABASE_TLS_MODE)?,
            tls_root: optional(config, &DATABASE_TLS_ROOT),
            connections: value(config, &DATABASE_CONNECTIONS)?.number(),
        },
        keys: Keys::of(config)?,
    })
}

/// Refuses settings that are right one by one and wrong together.
fn agree(config: &Config, settings: &Settings) -> Result<(), Problem> {
    let server = &settings.server;
    if server.https == Https::Enforce && !server.public_url.is_https() {
        let message = "`server.https` is \"enforce\", but `server.public_url` does not begin with https; on a machine of your own set `server.https = \"off\"`";
        return Err(conflict(config, &SERVER_PUBLIC_URL, message));
    }
    redirects(config, server)?;
    // Port 0 lets the system choose two different ones.
    if server.metrics_listen == Some(server.listen) && server.listen.port() != 0 {
        return Err(conflict(
            config,
            &SERVER_METRICS_LISTEN,
            "the metrics need an address of their own, not that of `server.listen`",
        ));
    }
    for region in settings.regions.values() {
        let Database { url, owner_url, .. } = &region.database;
        if owner_url.is_some() && url.file().is_some() {
            return Err(conflict(
                config,
                &DATABASE_OWNER_URL,
                "an embedded database has no owner; remove `database.owner_url`",
            ));
        }
        if owner_url.as_ref().is_some_and(|owner| owner.file().is_some()) {
            return Err(conflict(
                config,
                &DATABASE_OWNER_URL,
                "`database.owner_url` has to lead to the same PostgreSQL database as `database.url`",
            ));
        }
        if url.file().is_some_and(|file| file.parent() == Some(&settings.audit.checkpoints)) {
            let message = "the folder of the checkpoints is that of the database; keep them apart, or whoever sets one back sets back both";
            return Err(conflict(config, &AUDIT_CHECKPOINTS, message));
        }
    }
    Ok(())
}

/// Refuses a listener in the clear that would have nothing to lead to, or would serve instead of leading.
fn redirects(config: &Config, server: &Server) -> Result<(), Problem> {
    let Some(address) = server.redirect_listen else { return Ok(()) };
    let refused = |message| Err(conflict(config, &SERVER_REDIRECT_LISTEN, message));
    if server.tls.is_none() {
        return refused(
            "`server.redirect_listen` needs `server.tls_certificate` and `server.tls_key`; without them `server.listen` redirects by itself",
        );
    }
    if server.https == Https::Off {
        return refused(
            "`server.redirect_listen` needs `server.https = \"enforce\"`; otherwise it would serve in the clear",
        );
    }
    // Port 0 lets the system choose different ones.
    if address.port() != 0 && (address == server.listen || server.metrics_listen == Some(address)) {
        return refused(
            "`server.redirect_listen` needs an address of its own, not that of `server.listen` or `server.metrics_listen`",
        );
    }
    Ok(())
}

/// The value of a key, or its default.
pub(super) fn value<T: Setting>(config: &Config, key: &Key<T>) -> Result<T, Problem> {
    match config.given(key.path()) {
        Some(given) => key.parse(given),
        None => key.parse_default(),
    }
    .ok_or_else(|| missing(key))
}

/// The value of a key, where it is given.
pub(super) fn optional<T: Setting>(config: &Config, key: &Key<T>) -> Option<T> {
    config.given(key.path()).and_then(|given| key.parse(given))
}

fn missing(key: &dyn AnyKey) -> Problem {
    Problem::Missing { key: key.path(), expected: key.expected(), variable: key.variable() }
}

/// Settings that are right one by one and wrong together, at the place of one of them.
pub(super) fn conflict<T: Setting>(config: &Config, key: &Key<T>, message: &'static str) -> Problem {
    let at = config.given(key.path()).map_or(Origin::Default, |given| given.origin.clone());
    Problem::Conflict { at, message }
}
