//! Who acts, and in which request.

use std::net::IpAddr;

use bailiwick_domain::{
    entity::{Device, SignInMethod},
    ids::{ApiKeyId, RequestId, SessionId, UserId},
};
use uuid::Uuid;

use super::CarriedDevices;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known: before sign-in.
    Anonymous,
    /// A signed-in person of the tenant.
    User {
        /// Who.
        id: UserId,
        /// Their session.
        session: SessionId,
        /// How they signed in.
        method: SignInMethod,
    },
    /// A person of the platform who stepped into the tenant.
    Operator {
        /// Who, in the platform's tenant.
        id: UserId,
        /// Their session.
        session: SessionId,
    },
    /// A program with an API key.
    Key {
        /// The key's record.
        id: ApiKeyId,
        /// Who made it; nobody for the server itself.
        maker: Option<UserId>,
    },
    /// The server itself.
    System(Job),
}

impl Actor {
    /// The person of the tenant who acts, themselves or by a key that they made. Somebody of the platform is none of it.
    pub const fn person(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Key { maker, .. } => *maker,
            Self::Anonymous | Self::Operator { .. } | Self::System(_) => None,
        }
    }

    /// The opaque id of whoever acts: a person, also one of the platform, or a key. Nobody known and the server itself have none.
    pub const fn id(&self) -> Option<Uuid> {
        match self {
            Self::User { id, .. } | Self::Operator { id, .. } => Some(id.uuid()),
            Self::Key { id, .. } => Some(id.uuid()),
            Self::Anonymous | Self::System(_) => None,
        }
    }
}

/// What the server does by itself; a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// `bailiwick init`: the platform tenant and its first owner.
    Init,
    /// `bailiwick demo`: the demonstration tenant.
    Demo,
    /// Benchmarks and tests that need data; no shipped program has it.
    #[cfg(feature = "load")]
    Load,
    /// The mail room: letters that leave or are given up, and reminders.
    Mail,
    /// Noting that invitations were not answered in time.
    Invitations,
    /// Recording that grants and denials have ended by themselves.
    Grants,
    /// Recording that accounts take guesses from unknown devices again.
    Locks,
    /// The signer and whoever asks the witnesses.
    Log,
    /// Taking records whose time is over, and bringing them back from the archive for a time.
    Retention,
    /// Raising and ending alarms about the keeping of the logs.
    Alarms,
    /// What the operator does on the command line.
    Console,
    /// Tamper drills on copies of the audit log.
    Drills,
    /// Noting what is unusual in the audit log.
    Anomalies,
    /// Sending the audit log to other systems.
    Streams,
    /// Writing exports of the audit log, and removing them again.
    Exports,
    /// Copying the log into the archive.
    Archive,
    /// Retiring API keys whose place others have taken.
    ApiKeys,
    /// Rotating, wrapping anew and destroying keys, and noting sealed values that cannot be opened.
    Keys,
    /// Removing uploads that were cut off and files of deleted documents, and documents whose time is over.
    Documents,
    /// Testing integrations that are enabled.
    Integrations,
}

impl Job {
    /// The job's name in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Demo => "demo",
            #[cfg(feature = "load")]
            Self::Load => "load",
            Self::Mail => "mail",
            Self::Invitations => "invitations",
            Self::Grants => "grants",
            Self::Locks => "locks",
            Self::Log => "audit_log",
            Self::Retention => "retention",
            Self::Alarms => "alarms",
            Self::Console => "console",
            Self::Drills => "drills",
            Self::Anomalies => "anomalies",
            Self::Streams => "streams",
            Self::Exports => "exports",
            Self::Archive => "archive",
            Self::ApiKeys => "api_keys",
            Self::Keys => "keys",
            Self::Documents => "documents",
            Self::Integrations => "integrations",
        }
    }
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The request's id, which its response carries.
    pub id: RequestId,
    /// The client's address after trusted proxies were resolved.
    pub ip: Option<IpAddr>,
    /// What kind of program sent it.
    pub agent: AgentClass,
    /// What its browser claims to be.
    pub device: Device,
    /// What its browser carries to be known again.
    pub known: CarriedDevices,
}

/// What kind of program sent a request; the full header is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentClass {
    /// A browser.
    Browser,
    /// A program, with an API key or with a session as a bearer token.
    Api,
    /// The command line on the server.
    Cli,
    /// A job of the server.
    Job,
    /// None of these.
    Unknown,
}

impl AgentClass {
    /// The class's name in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
            Self::Cli => "cli",
            Self::Job => "job",
            Self::Unknown => "unknown",
        }
    }
}
