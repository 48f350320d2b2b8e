//! The table of keys: parsing, suggestions, `config show`, the file that `init` writes and the reference all follow it.

use std::{net::SocketAddr, path::PathBuf};

use bailiwick_domain::habit::WorkingHours;

use super::{
    address::{DatabaseUrl, LogOrigin, PublicUrl},
    choice::{
        ArchiveLock, BuiltInPack, DatabaseTls, Https, KeyProvider, KeyRotation, LogFormat, LogLevel, MailTls,
        MailTransport, StepUpChannel,
    },
    holder::ServiceAddress,
    key::{AnyKey, Key},
    mail::{Host, MailSender, Secret, Word},
    step_up::{GatewayUrl, SigningSecret},
    types::{ApiRate, Bounded, Network, Size, VariablePrefix},
    witness::WitnessPlace,
};

/// A section with what it is about.
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
}

/// The sections, in the order in which they are shown.
pub(crate) static SECTIONS: &[Section] = &[
    Section { name: "server", about: "How people and programs reach the server." },
    Section {
        name: "api",
        about: "How fast programs may ask what is below `/v1`. Each server counts for itself, in memory.",
    },
    Section {
        name: "database",
        about: "The database of the region `local`; `[regions.local.database]` says the same.",
    },
    Section { name: "keys", about: "The keys of the region `local`; `[regions.local.keys]` says the same." },
    Section {
        name: "keys_next",
        about: "The root key that is to take the place of that in `[keys]`, while keys move to it: see the guide of root keys. \
                `[regions.local.keys_next]` says the same.",
    },
    Section { name: "audit", about: "The proof beside the audit log." },
    Section { name: "mail", about: "How letters to people leave, such as invitations." },
    Section {
        name: "step_up",
        about: "How the one-time codes of sensitive operations reach people. Codes in text messages are the weaker way: \
                NIST SP 800-63B-4 calls them restricted, because numbers are taken over and messages are read on the way.",
    },
    Section {
        name: "stream",
        about: "Where organisations may send their audit logs. Public addresses are open to them; the networks around this server are not.",
    },
    Section { name: "integrations", about: "What the integrations of organisations may use of this server." },
    Section {
        name: "documents",
        about: "Where documents lie, sealed, how large they may be, and how long they are kept.",
    },
    Section {
        name: "password",
        about: "What a hash of a password costs, and which passwords nobody may choose.",
    },
    Section {
        name: "sign_in",
        about: "How many wrong guesses are let through, and how long whoever made them waits. Passkeys are never guessed at.",
    },
    Section { name: "log", about: "What the server tells its operator, on the standard error stream." },
    Section { name: "packs", about: "Permissions of the product that the server guards." },
];

/// The one region there is.
pub(crate) const REGION: &str = "local";

macro_rules! keys {
    ($($(#[doc = $about:literal])+ $name:ident: $type:ty = $path:literal $(, default $default:literal)? $(, example $example:literal)? $(, required $required:literal)?;)+) => {
        $(
            $(#[doc = $about])+
            pub(crate) static $name: Key<$type> = Key::new(
                $path,
                keys!(@option $($default)?),
                keys!(@option $($example)?),
                keys!(@flag $($required)?),
                &[$($about),+],
            );
        )+

        /// Every key, section by section.
        pub(crate) static ALL: &[&dyn AnyKey] = &[$(&$name),+];
    };
    (@option) => { None };
    (@option $text:literal) => { Some($text) };
    (@flag) => { false };
    (@flag $flag:literal) => { $flag };
}

keys! {
    /// The address on which the server answers.
    SERVER_LISTEN: SocketAddr = "server.listen", default "127.0.0.1:8080";

    /// The address under which people reach the server: links in mail start with it, requests for any other host are refused,
    /// forms are accepted from there only, and passkeys are bound to its host.
    SERVER_PUBLIC_URL: PublicUrl = "server.public_url", example "https://bailiwick.example.com", required true;

    /// Whether requests that did not come over HTTPS are redirected or refused; needs a public address with https.
    /// Turn it off on a machine of your own only.
    SERVER_HTTPS: Https = "server.https", default "enforce";

    /// The certificate chain (PEM) if the server itself speaks TLS; it is read again when it changes and on SIGHUP.
    SERVER_TLS_CERTIFICATE: PathBuf = "server.tls_certificate", example "certificate.pem";

    /// The private key of the certificate (PEM: PKCS#8, PKCS#1 or SEC1).
    SERVER_TLS_KEY: PathBuf = "server.tls_key", example "certificate.key";

    /// A second address, for plain HTTP, if the server itself speaks TLS. Reading is redirected from there to the public
    /// address and everything else refused. Without it nothing answers in the clear.
    SERVER_REDIRECT_LISTEN: SocketAddr = "server.redirect_listen", example "0.0.0.0:80";

    /// The networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    SERVER_TRUSTED_PROXIES: Vec<Network> = "server.trusted_proxies", default "";

    /// The address of the metrics (Prometheus text); never the one people use. Without it there are none.
    SERVER_METRICS_LISTEN: SocketAddr = "server.metrics_listen", example "127.0.0.1:9464";

    /// The largest body of a request.
    SERVER_BODY_LIMIT: Size = "server.body_limit", default "1MiB";

    /// How long a request may take before it is given up.
    SERVER_REQUEST_TIMEOUT_SECONDS: Bounded<1, 3600> = "server.request_timeout_seconds", default "30";

    /// How many requests are worked on at once; more are answered 503 at once.
    SERVER_MAX_CONCURRENT: Bounded<1, 100_000> = "server.max_concurrent", default "1024";

    /// How long open requests may take to finish once the server was told to stop.
    SERVER_SHUTDOWN_SECONDS: Bounded<1, 600> = "server.shutdown_seconds", default "20";

    /// Requests of one address, or of the first 64 bits of an IPv6 address. Whoever is refused is told to wait (429).
    API_PER_ADDRESS: ApiRate = "api.per_address", default "500/s burst 5000";

    /// Requests with one API key, or of one person.
    API_PER_CALLER: ApiRate = "api.per_caller", default "500/s burst 5000";

    /// Requests of one organisation.
    API_PER_TENANT: ApiRate = "api.per_tenant", default "2000/s burst 20000";

    /// What one address asks while the product serves its own people: keys/verify, authorize, auth/check and sessions/introspect, and the events that it records.
    /// A limit turns people of the product away.
    API_PRODUCT_PER_ADDRESS: ApiRate = "api.product_per_address", default "off";

    /// The same with one API key.
    API_PRODUCT_PER_CALLER: ApiRate = "api.product_per_caller", default "off";

    /// The same of one organisation.
    API_PRODUCT_PER_TENANT: ApiRate = "api.product_per_tenant", default "off";

    /// Where the database is. In production give it as an environment variable: it holds a password.
    /// The account needs no rights over tables but those that `migrate` grants it.
    DATABASE_URL: DatabaseUrl = "database.url", example "sqlite:bailiwick.db", required true;

    /// The same database as the account that owns its tables, for `migrate` alone. The server never uses it.
    DATABASE_OWNER_URL: DatabaseUrl = "database.owner_url", example "postgres://owner@db.example.com/bailiwick";

    /// How the connection to PostgreSQL is protected, from none at all to a certificate for this very host.
    DATABASE_TLS_MODE: DatabaseTls = "database.tls_mode", default "verify-full";

    /// The authorities that may have signed the certificate of PostgreSQL (PEM); without it, those known to the system.
    DATABASE_TLS_ROOT: PathBuf = "database.tls_root", example "database-authority.pem";

    /// Connections to PostgreSQL at most.
    DATABASE_CONNECTIONS: Bounded<2, 1000> = "database.connections", default "16";

    /// What holds the root key: a file, the engine `transit` of OpenBao or Vault, the key management service of AWS, or a hardware
    /// security module. What is named here is used or nothing is: there is no falling back.
    KEYS_PROVIDER: KeyProvider = "keys.provider", default "file";

    /// The file of the root key; where something else holds that, of its name and of what it wrapped. Without it nothing encrypted
    /// can be read again: keep a copy apart from every backup of the database.
    KEYS_ROOT_KEY: PathBuf = "keys.root_key", example "root.key", required true;

    /// Who rotates the organisations' keys: a job of this server by the schedule of each, or people alone.
    KEYS_ROTATION: KeyRotation = "keys.rotation", default "schedule";

    /// Minutes after which the holder of the root key is asked again for keys that are in memory.
    KEYS_CACHE_MINUTES: Bounded<1, 1440> = "keys.cache_minutes", default "60";

    /// Hours for which keys in memory are used where the holder of the root key does not answer. New organisations wait meanwhile.
    KEYS_OUTAGE_HOURS: Bounded<1, 168> = "keys.outage_hours", default "12";

    /// How long whatever holds the root key may take for one answer, with everything that is tried again.
    KEYS_TIMEOUT_SECONDS: Bounded<1, 60> = "keys.timeout_seconds", default "10";

    /// Where OpenBao or Vault is.
    KEYS_TRANSIT_URL: ServiceAddress = "keys.transit_url", example "https://bao.example.com:8200";

    /// Where its secrets engine `transit` is mounted.
    KEYS_TRANSIT_MOUNT: Word = "keys.transit_mount", default "transit";

    /// The name of the key there, of type aes256-gcm96.
    KEYS_TRANSIT_KEY: Word = "keys.transit_key", default "bailiwick";

    /// The namespace of the engine, where there are any.
    KEYS_TRANSIT_NAMESPACE: Word = "keys.transit_namespace", example "teams/security";

    /// The token that may use the key. Only the environment gives it: it has no place in the file or on a command line.
    KEYS_TRANSIT_TOKEN: Secret = "keys.transit_token", example "secret";

    /// The file with the token that may use the key. It is read at every use, so whoever renews the token writes it there.
    KEYS_TRANSIT_TOKEN_FILE: PathBuf = "keys.transit_token_file", example "transit-token";

    /// The authorities that may have signed the certificate of OpenBao or Vault (PEM); without it, the public ones.
    KEYS_TRANSIT_TLS_ROOT: PathBuf = "keys.transit_tls_root", example "transit-authority.pem";

    /// The key of AWS KMS: its ARN, its id, or an alias.
    KEYS_AWSKMS_KEY: Word = "keys.awskms_key", example "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// The region of the key.
    KEYS_AWSKMS_REGION: Word = "keys.awskms_region", default "us-east-1";

    /// The address of the service, where it is not that of the region.
    KEYS_AWSKMS_URL: ServiceAddress = "keys.awskms_url", example "https://vpce-1a2b3c4d.kms.eu-central-1.vpce.amazonaws.com";

    /// The id of the access key. It needs to encrypt and decrypt with this one key, and to describe it.
    KEYS_AWSKMS_ACCESS_KEY: Word = "keys.awskms_access_key", example "AKIAEXAMPLE";

    /// The secret of the access key. Only the environment gives it: it has no place in the file or on a command line.
    KEYS_AWSKMS_SECRET: Secret = "keys.awskms_secret", example "secret";

    /// The file with the secret of the access key. It is read at every use.
    KEYS_AWSKMS_SECRET_FILE: PathBuf = "keys.awskms_secret_file", example "awskms-secret";

    /// The library of the hardware security module (PKCS#11).
    KEYS_PKCS11_MODULE: PathBuf = "keys.pkcs11_module", example "/usr/lib/softhsm/libsofthsm2.so";

    /// The label of the token.
    KEYS_PKCS11_TOKEN: Word = "keys.pkcs11_token", example "bailiwick";

    /// The label of the key there, an AES key of 256 bits that cannot be extracted.
    KEYS_PKCS11_KEY: Word = "keys.pkcs11_key", default "bailiwick";

    /// The PIN of the token's user. Only the environment gives it: it has no place in the file or on a command line.
    KEYS_PKCS11_PIN: Secret = "keys.pkcs11_pin", example "secret";

    /// The file with the PIN of the token's user. It is read at every use.
    KEYS_PKCS11_PIN_FILE: PathBuf = "keys.pkcs11_pin_file", example "pkcs11-pin";

    /// What holds the next root key. Nothing here means that no move is planned or going on.
    KEYS_NEXT_PROVIDER: KeyProvider = "keys_next.provider", example "transit";

    /// The file of the next root key, as `bailiwick keys prepare-root` writes it.
    KEYS_NEXT_ROOT_KEY: PathBuf = "keys_next.root_key", example "next.key";

    /// As `keys.transit_url`, of the next root key; so do those that follow.
    KEYS_NEXT_TRANSIT_URL: ServiceAddress = "keys_next.transit_url", example "https://bao.example.com:8200";

    /// As `keys.transit_mount`.
    KEYS_NEXT_TRANSIT_MOUNT: Word = "keys_next.transit_mount", default "transit";

    /// As `keys.transit_key`.
    KEYS_NEXT_TRANSIT_KEY: Word = "keys_next.transit_key", default "bailiwick";

    /// As `keys.transit_namespace`.
    KEYS_NEXT_TRANSIT_NAMESPACE: Word = "keys_next.transit_namespace", example "teams/security";

    /// As `keys.transit_token`: by the environment alone.
    KEYS_NEXT_TRANSIT_TOKEN: Secret = "keys_next.transit_token", example "secret";

    /// As `keys.transit_token_file`.
    KEYS_NEXT_TRANSIT_TOKEN_FILE: PathBuf = "keys_next.transit_token_file", example "next-transit-token";

    /// As `keys.transit_tls_root`.
    KEYS_NEXT_TRANSIT_TLS_ROOT: PathBuf = "keys_next.transit_tls_root", example "transit-authority.pem";

    /// As `keys.awskms_key`.
    KEYS_NEXT_AWSKMS_KEY: Word = "keys_next.awskms_key", example "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// As `keys.awskms_region`.
    KEYS_NEXT_AWSKMS_REGION: Word = "keys_next.awskms_region", default "us-east-1";

    /// As `keys.awskms_url`.
    KEYS_NEXT_AWSKMS_URL: ServiceAddress = "keys_next.awskms_url", example "https://vpce-1a2b3c4d.kms.eu-central-1.vpce.amazonaws.com";

    /// As `keys.awskms_access_key`.
    KEYS_NEXT_AWSKMS_ACCESS_KEY: Word = "keys_next.awskms_access_key", example "AKIAEXAMPLE";

    /// As `keys.awskms_secret`: by the environment alone.
    KEYS_NEXT_AWSKMS_SECRET: Secret = "keys_next.awskms_secret", example "secret";

    /// As `keys.awskms_secret_file`.
    KEYS_NEXT_AWSKMS_SECRET_FILE: PathBuf = "keys_next.awskms_secret_file", example "awskms-secret";

    /// As `keys.pkcs11_module`.
    KEYS_NEXT_PKCS11_MODULE: PathBuf = "keys_next.pkcs11_module", example "/usr/lib/softhsm/libsofthsm2.so";

    /// As `keys.pkcs11_token`.
    KEYS_NEXT_PKCS11_TOKEN: Word = "keys_next.pkcs11_token", example "bailiwick";

    /// As `keys.pkcs11_key`.
    KEYS_NEXT_PKCS11_KEY: Word = "keys_next.pkcs11_key", default "bailiwick";

    /// As `keys.pkcs11_pin`: by the environment alone.
    KEYS_NEXT_PKCS11_PIN: Secret = "keys_next.pkcs11_pin", example "secret";

    /// As `keys.pkcs11_pin_file`.
    KEYS_NEXT_PKCS11_PIN_FILE: PathBuf = "keys_next.pkcs11_pin_file", example "next-pkcs11-pin";

    /// The folder of the newest signed checkpoints. Keep it on another disk, and out of the backups of the database:
    /// it is what shows that a database was set back.
    AUDIT_CHECKPOINTS: PathBuf = "audit.checkpoints", example "checkpoints", required true;

    /// The name of this installation in its checkpoints. It can never change.
    AUDIT_ORIGIN: LogOrigin = "audit.origin", example "bailiwick.example.com", required true;

    /// How often the heads of the logs are signed, in milliseconds.
    AUDIT_SIGN_EVERY_MS: Bounded<100, 3_600_000> = "audit.sign_every_ms", default "1000";

    /// The witnesses that are asked to cosign every checkpoint (C2SP tlog-witness). In the file each is a table `[[audit.witness]]`
    /// with `url`, `key` (its verifier key) and, if it is to be compared, `name`; elsewhere an address, a space and the key.
    /// https, or http on this machine.
    AUDIT_WITNESS: Vec<WitnessPlace> = "audit.witness", default "";

    /// How many of the witnesses have to have cosigned a checkpoint before it counts as witnessed. Signing never waits for them.
    AUDIT_WITNESS_QUORUM: Bounded<0, 32> = "audit.witness_quorum", default "0";

    /// How long a witness may take, from the connection to the answer.
    AUDIT_WITNESS_TIMEOUT_SECONDS: Bounded<1, 60> = "audit.witness_timeout_seconds", default "10";

    /// The authorities that may have signed the witnesses' certificates (PEM); without it, the public ones.
    AUDIT_WITNESS_TLS_ROOT: PathBuf = "audit.witness_tls_root", example "witness-authority.pem";

    /// How often a tamper drill is run on a copy of each log, in hours.
    AUDIT_DRILL_HOURS: Bounded<1, 8760> = "audit.drill_hours", default "24";

    /// For how many hours after somebody's first record nothing they do is noted as unusual.
    AUDIT_ANOMALY_QUIET_HOURS: Bounded<1, 8760> = "audit.anomaly_quiet_hours", default "72";

    /// The length of the window in which somebody's records are counted, in minutes.
    AUDIT_ANOMALY_BURST_MINUTES: Bounded<1, 1440> = "audit.anomaly_burst_minutes", default "5";

    /// Fewer records in one window are never noted as a burst.
    AUDIT_ANOMALY_BURST_RECORDS: Bounded<10, 1_000_000> = "audit.anomaly_burst_records", default "60";

    /// A burst is so many times what the same person or key does in a window on average.
    AUDIT_ANOMALY_BURST_FACTOR: Bounded<2, 1000> = "audit.anomaly_burst_factor", default "5";

    /// After how many records somebody's own hours count as learnt.
    AUDIT_ANOMALY_LEARNT_AFTER: Bounded<24, 1_000_000> = "audit.anomaly_learnt_after", default "200";

    /// The hours of work for everybody, on each person's own clock. Without them each person's own hours are learnt.
    AUDIT_WORKING_HOURS: WorkingHours = "audit.working_hours", example "7-19";

    /// A list of the countries of addresses: lines of "first address,last address,country" or "network/bits,country". None comes
    /// with the program. Without one, kinds of networks are told apart instead of countries.
    AUDIT_COUNTRIES: PathBuf = "audit.countries", example "countries.csv";

    /// The folder in which exports of the log lie until they go; without it, `exports` beside the folder of the checkpoints. Servers
    /// of one database share it.
    AUDIT_EXPORTS: PathBuf = "audit.exports", example "exports";

    /// The folder of the archive, into which every hour of the log is copied; without it, and without a bucket, there is no archive.
    AUDIT_ARCHIVE: PathBuf = "audit.archive", example "archive";

    /// The bucket of the archive, instead of a folder: of S3, or of a service that speaks its protocol.
    AUDIT_ARCHIVE_BUCKET: Word = "audit.archive_bucket", example "bailiwick-archive";

    /// What stands before every name in the bucket, without a slash at its end.
    AUDIT_ARCHIVE_PREFIX: Word = "audit.archive_prefix", example "audit";

    /// The region of the bucket.
    AUDIT_ARCHIVE_REGION: Word = "audit.archive_region", default "us-east-1";

    /// The address of the service, where it is not that of the region.
    AUDIT_ARCHIVE_ENDPOINT: Word = "audit.archive_endpoint", example "https://s3.example.com";

    /// The id of the access key to the bucket. It needs to put, get and list, and nothing else.
    AUDIT_ARCHIVE_KEY: Word = "audit.archive_key", example "AKIAEXAMPLE";

    /// The file with the secret of the access key; a line break at its end is left out.
    AUDIT_ARCHIVE_SECRET_FILE: PathBuf = "audit.archive_secret_file", example "archive-secret";

    /// The address of the archive in another cloud, instead of a folder or a bucket of S3: `gs://bucket/prefix` or
    /// `az://container/prefix`.
    AUDIT_ARCHIVE_URL: Word = "audit.archive_url", example "gs://bailiwick-archive/audit";

    /// The file with what that cloud needs to know, a line `name=value` each, by the names of the crate `object_store`.
    AUDIT_ARCHIVE_OPTIONS_FILE: PathBuf = "audit.archive_options_file", example "archive-options";

    /// Object Lock on what is put into the bucket, which must have been made with it. In compliance mode nobody shortens it.
    AUDIT_ARCHIVE_LOCK: ArchiveLock = "audit.archive_lock", default "none";

    /// For how many days what is put into the bucket is locked.
    AUDIT_ARCHIVE_LOCK_DAYS: Bounded<1, 36_500> = "audit.archive_lock_days", default "365";

    /// How letters leave. Without a way they wait, and the page of letters says so.
    MAIL_TRANSPORT: MailTransport = "mail.transport", default "none";

    /// The mail server's name, for which its certificate must be.
    MAIL_HOST: Host = "mail.host", example "smtp.example.com";

    /// The mail server's port; without it 587, or 465 where TLS begins with the first byte, or 25 without TLS.
    MAIL_PORT: Bounded<1, 65_535> = "mail.port", example "587";

    /// How the connection is protected. Without TLS letters go to a server on this machine only: they let people in.
    MAIL_TLS: MailTls = "mail.tls", default "starttls";

    /// The authorities that may have signed the mail server's certificate (PEM); without it, the public ones.
    MAIL_TLS_ROOT: PathBuf = "mail.tls_root", example "mail-authority.pem";

    /// The name to sign in with at the mail server.
    MAIL_USER: Word = "mail.user", example "bailiwick";

    /// The password to sign in with. In production give it as an environment variable, or as a file.
    MAIL_PASSWORD: Secret = "mail.password", example "secret";

    /// The file with the password to sign in with; a line break at its end is left out.
    MAIL_PASSWORD_FILE: PathBuf = "mail.password_file", example "mail-password";

    /// Who letters come from: an address, or a name with an address.
    MAIL_FROM: MailSender = "mail.from", example "Bailiwick <no-reply@bailiwick.example.com>";

    /// How long the mail server may take for one answer.
    MAIL_TIMEOUT_SECONDS: Bounded<1, 120> = "mail.timeout_seconds", default "20";

    /// Letters that one organisation causes at most in 24 hours; beyond, whoever would cause another one is asked to wait. As many links
    /// for forgotten passwords are counted apart, and so is news of what happened to somebody's account.
    MAIL_PER_ORGANISATION: Bounded<1, 10_000_000> = "mail.per_organisation", default "5000";

    /// Letters from one organisation to one address at most in 24 hours. Codes, links for forgotten passwords and news of
    /// changes have limits of their own.
    MAIL_PER_RECIPIENT: Bounded<1, 10_000> = "mail.per_recipient", default "5";

    /// How codes reach people who have proven a phone number: by mail as everybody else, or as a message through the webhook.
    /// People prove a number of theirs only where this is "webhook".
    STEP_UP_CHANNEL: StepUpChannel = "step_up.channel", default "mail";

    /// Messages from one organisation to one phone number at most in 24 hours, whoever causes them. Beyond, no code is sent there,
    /// so that nobody runs up what a number costs.
    STEP_UP_MESSAGES_PER_NUMBER: Bounded<1, 1_000> = "step_up.messages_per_number", default "20";

    /// Where messages are posted (JSON, signed as the Standard Webhooks specification says). Nothing else is connected to, and
    /// no redirection is followed.
    STEP_UP_WEBHOOK_URL: GatewayUrl = "step_up.webhook_url", example "https://sms.example.com/messages";

    /// What messages are signed with. In production give it as an environment variable, or as a file.
    STEP_UP_WEBHOOK_SECRET: SigningSecret = "step_up.webhook_secret", example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The file with what messages are signed with; a line break at its end is left out.
    STEP_UP_WEBHOOK_SECRET_FILE: PathBuf = "step_up.webhook_secret_file", example "webhook-secret";

    /// The authorities that may have signed the gateway's certificate (PEM); without it, the public ones.
    STEP_UP_WEBHOOK_TLS_ROOT: PathBuf = "step_up.webhook_tls_root", example "gateway-authority.pem";

    /// How long a message may take, from the connection to the answer.
    STEP_UP_WEBHOOK_TIMEOUT_SECONDS: Bounded<1, 60> = "step_up.webhook_timeout_seconds", default "10";

    /// Networks that streams and integrations may lead to besides public addresses: of log servers of your own. Whoever may set one up can
    /// then reach every port in them, also without TLS.
    STREAM_ALLOWED_NETWORKS: Vec<Network> = "stream.allowed_networks", default "";

    /// How long a delivery may take, from the connection to the answer.
    STREAM_TIMEOUT_SECONDS: Bounded<1, 60> = "stream.timeout_seconds", default "20";

    /// What the names of environment variables begin with that integrations may name as `env://…`; without it, they may use none.
    /// Every organisation may name each of them.
    INTEGRATIONS_ENV_PREFIX: VariablePrefix = "integrations.env_prefix", example "INTEGRATION_";

    /// The folder in which sealed documents lie, and in which uploads wait for their last part; without it, `documents` beside the folder of
    /// the checkpoints. Servers of one database share it.
    DOCUMENTS_FOLDER: PathBuf = "documents.folder", example "documents";

    /// The bucket in which sealed documents lie, instead of the folder: of S3, or of a service that speaks its protocol.
    DOCUMENTS_BUCKET: Word = "documents.bucket", example "bailiwick-documents";

    /// What stands before every name in the bucket, without a slash at its end.
    DOCUMENTS_PREFIX: Word = "documents.prefix", example "documents";

    /// The region of the bucket.
    DOCUMENTS_REGION: Word = "documents.region", default "us-east-1";

    /// The address of the service, where it is not that of the region.
    DOCUMENTS_ENDPOINT: Word = "documents.endpoint", example "https://s3.example.com";

    /// The id of the access key to the bucket. It needs to put, get, delete and list, also uploads in parts.
    DOCUMENTS_KEY: Word = "documents.key", example "AKIAEXAMPLE";

    /// The file with the secret of the access key; a line break at its end is left out.
    DOCUMENTS_SECRET_FILE: PathBuf = "documents.secret_file", example "documents-secret";

    /// The address of the documents in another cloud, instead of the folder or a bucket of S3: `gs://bucket/prefix` or
    /// `az://container/prefix`.
    DOCUMENTS_URL: Word = "documents.url", example "gs://bailiwick-documents/documents";

    /// The file with what that cloud needs to know, a line `name=value` each, by the names of the crate `object_store`.
    DOCUMENTS_OPTIONS_FILE: PathBuf = "documents.options_file", example "documents-options";

    /// How large one version of a document may be, in MiB.
    DOCUMENTS_LARGEST_MIB: Bounded<1, 1_048_576> = "documents.largest_mib", default "10240";

    /// After how many days without a new version a document is deleted, unless a legal hold keeps it; without it, documents are kept.
    DOCUMENTS_RETENTION_DAYS: Bounded<1, 36_525> = "documents.retention_days", example "3650";

    /// The memory that one hash of a password takes (Argon2id, RFC 9106), in KiB. Memory times iterations has to be 35840 at
    /// least, below which no choice of the OWASP guide lies. Hashes made at another cost are renewed when their owners sign in.
    PASSWORD_MEMORY_KIB: Bounded<7_168, 1_048_576> = "password.memory_kib", default "19456";

    /// How often a hash goes over that memory.
    PASSWORD_ITERATIONS: Bounded<1, 64> = "password.iterations", default "2";

    /// The lanes of one hash.
    PASSWORD_PARALLELISM: Bounded<1, 16> = "password.parallelism", default "1";

    /// Hashes that are computed at once; up to 256 further ones wait, and whoever comes then is asked to come again.
    /// Without it, one fewer than there are cores, and one at least.
    PASSWORD_HASHES_AT_ONCE: Bounded<1, 256> = "password.hashes_at_once", example "4";

    /// A file of leaked passwords that nobody may choose: lines of `SHA1HEX` or `SHA1HEX:COUNT`, sorted by hash.
    /// It is searched where it lies and never loaded. Without it, the lists in the program (some 6,000) count alone.
    PASSWORD_COMPROMISED: PathBuf = "password.compromised", example "compromised-passwords.txt";

    /// Words that somebody would try who knows this installation: the company, its products, projects and departments.
    /// Passwords that lean on them are too easy to guess, as on the names of their owner and organisation.
    PASSWORD_WORDS: Vec<Word> = "password.words", default "";

    /// Wrong guesses from one source at one account and factor (password, authenticator's code) before it has to wait, and
    /// again after each wait. As many wrong codes end the sign-in that waits for one, wherever they come from.
    SIGN_IN_GUESSES: Bounded<1, 20> = "sign_in.guesses", default "5";

    /// The first wait of a source, in minutes. Each further one is twice as long.
    SIGN_IN_FIRST_WAIT_MINUTES: Bounded<1, 1_440> = "sign_in.first_wait_minutes", default "15";

    /// The longest wait of a source, in minutes; not less than the first.
    SIGN_IN_LONGEST_WAIT_MINUTES: Bounded<1, 1_440> = "sign_in.longest_wait_minutes", default "240";

    /// How far back the wrong guesses of a source count, in hours; longer than the longest wait.
    SIGN_IN_REMEMBERED_HOURS: Bounded<1, 168> = "sign_in.remembered_hours", default "24";

    /// Wrong passwords at one account, from all sources together, before none is taken from a device that the person has not
    /// signed in from before. NIST SP 800-63B-4 allows no more than 100.
    SIGN_IN_ACCOUNT_PASSWORDS: Bounded<10, 100> = "sign_in.account_passwords", default "100";

    /// The same of codes, of each kind by itself. Whoever guesses them has the password already.
    SIGN_IN_ACCOUNT_CODES: Bounded<10, 100> = "sign_in.account_codes", default "50";

    /// How far back wrong guesses at an account count, in minutes.
    SIGN_IN_ACCOUNT_WINDOW_MINUTES: Bounded<15, 1_440> = "sign_in.account_window_minutes", default "60";

    /// Devices that a person is known by at most; the one that was used longest ago gives way.
    SIGN_IN_KNOWN_DEVICES: Bounded<1, 50> = "sign_in.known_devices", default "10";

    /// How long a device is known after the last sign-in from there, in days. Browsers keep cookies for 400 at most.
    SIGN_IN_KNOWN_DEVICE_DAYS: Bounded<1, 400> = "sign_in.known_device_days", default "180";

    /// How log lines are written.
    LOG_FORMAT: LogFormat = "log.format", default "text";

    /// How much is logged.
    LOG_LEVEL: LogLevel = "log.level", default "info";

    /// Packs that come with the program.
    PACKS_BUILT_IN: Vec<BuiltInPack> = "packs.built_in", default "ndis";

    /// Files of further packs (JSON, as packs/ndis/permissions.json).
    PACKS_FILES: Vec<PathBuf> = "packs.files", default "";
}

/// The key with this path.
pub(crate) fn find(path: &str) -> Option<&'static dyn AnyKey> {
    ALL.iter().find(|key| key.path() == path).copied()
}

#[cfg(test)]
mod tests;
