//! What the posture is computed from: counts and settings as they are at one moment.

use serde::Serialize;

use crate::time::Timestamp;

/// A key that expires within this many days needs rotation.
pub const ROTATION_WINDOW_DAYS: i64 = 30;

/// A record that waits longer than this for a checkpoint means that sequencing or signing has stopped.
pub const CHECKPOINT_LATE_SECONDS: u64 = 3_600;

/// The state of one tenant and of what serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Users who may sign in: neither disabled nor deleted.
    pub active_users: u64,
    /// Active users who proved possession of a second factor here, whether or not they also use single sign-on.
    pub users_verified_factor: u64,
    /// Active users without a verified factor who sign in through an identity provider that asserts MFA.
    pub users_sso_mfa: u64,
    /// Active users with neither: what is still open.
    pub users_needing_mfa: u64,
    /// Invitations sent, not accepted, not revoked, not expired.
    pub pending_invitations: u64,
    /// API keys that work: neither revoked nor expired.
    pub keys_total: u64,
    /// Working API keys that expire within [`ROTATION_WINDOW_DAYS`]. An expired key is not among them: it opens nothing.
    pub keys_expiring: u64,
    /// Working API keys that never expire. They need rotation too: nothing but a person will ever end them.
    pub keys_without_end: u64,
    /// Security events of high severity, the highest there is, that nobody resolved.
    pub open_high_events: u64,
    /// Encryption at rest.
    pub at_rest: AtRest,
    /// Encryption in transit.
    pub transit: Transit,
    /// Audit logging.
    pub audit: Audit,
}

/// How data is encrypted at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtRest {
    /// The cipher that seals objects, such as `AES-256-GCM`.
    pub algorithm: String,
    /// What wraps the data keys, as words within a sentence, such as `root key file` or `AWS KMS`.
    pub provider: String,
    /// Whether the provider is a managed KMS or HSM, which never hands its key out.
    pub provider_managed: bool,
    /// Whether a job rotates keys on a schedule.
    pub rotation_scheduled: bool,
    /// Sealed objects of the tenant.
    pub sealed_objects: u64,
}

/// How data is encrypted on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transit {
    /// Whether insecure requests are redirected or refused.
    pub https_enforced: bool,
    /// Whether Strict-Transport-Security (RFC 6797) is sent.
    pub hsts: bool,
    /// Where TLS ends.
    pub tls: TlsEndpoint,
    /// The connection to the database.
    pub database: Database,
}

/// Where TLS ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsEndpoint {
    /// Nowhere: requests arrive in plain text.
    None,
    /// In this program, which has no listener for anything else.
    Native,
    /// In this program, beside a second listener that redirects what arrives in plain text.
    NativeRedirecting,
    /// At a proxy, as far as the configuration says: networks of proxies are trusted, and the public address has TLS. No
    /// request is looked at.
    TrustedProxy,
}

/// The database and the TLS mode configured for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Database {
    /// The kind in use.
    pub kind: DatabaseKind,
    /// The mode configured for PostgreSQL; with an embedded database, the one that applies the day PostgreSQL is used.
    pub tls_mode: TlsMode,
}

/// The kind of database in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// Embedded: no connection leaves the process.
    Sqlite,
    /// Reached over a connection.
    Postgres,
}

/// The TLS modes of a PostgreSQL connection, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted when the server insists.
    Allow,
    /// Encrypted when the server can.
    Prefer,
    /// Always encrypted, to whomever answers.
    Require,
    /// Encrypted, and the certificate's authority is checked.
    VerifyCa,
    /// Encrypted, and the certificate's authority and name are checked.
    VerifyFull,
}

impl TlsMode {
    /// The name in the configuration, as PostgreSQL spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// How the audit log is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// What keeps records from being altered.
    pub append_only: AppendOnly,
    /// Whether a job exports records to an archive.
    pub archive_job: bool,
    /// Whether a job applies the retention period.
    pub retention_job: bool,
    /// Records of the tenant.
    pub events: u64,
    /// Records that no checkpoint covers yet.
    pub unsequenced: u64,
    /// Seconds since the last signed checkpoint; none before the first.
    pub last_checkpoint_age: Option<u64>,
    /// Seconds since the oldest record without a checkpoint was written; none when every record has one.
    pub longest_wait: Option<u64>,
    /// The last verification; none before the first.
    pub last_verification: Option<Verification>,
}

/// What keeps audit records from being altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendOnly {
    /// Triggers refuse it, but the account that runs the program owns the tables and could drop them.
    EnforcedByTriggers,
    /// Another role owns the tables; the program's own may only insert and select.
    EnforcedBySeparateOwner,
}

/// The outcome of a verification of the whole log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether every record, chain, tree and signature fitted.
    pub ok: bool,
    /// When it ended.
    pub at: Timestamp,
}
