use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{IntegrationId, UserId},
    time::Timestamp,
};

named! {
    /// What an integration is with; each has a schema of its configuration.
    IntegrationProvider {
        /// A gateway that takes payments.
        PaymentGateway = "payment_gateway",
        /// A mail server.
        Smtp = "smtp",
        /// A gateway that sends messages to phones.
        Sms = "sms",
        /// A bucket that speaks the protocol of S3.
        Storage = "storage",
        /// An accounting service.
        Accounting = "accounting",
        /// Any other service that is reached by HTTP.
        Http = "http",
    }
}

named! {
    /// Why a test failed, by class: what the other side said is not kept, nobody bounds it.
    IntegrationFault {
        /// Nobody answered in time.
        Unreachable = "unreachable",
        /// The name leads to an address that this server does not connect to.
        Forbidden = "forbidden",
        /// The connection could not be protected.
        Tls = "tls",
        /// The other side did not accept who we are.
        SignIn = "sign_in",
        /// The other side has nothing there, or cannot answer at the moment.
        Postponed = "postponed",
        /// The other side says that it is somewhere else, or there no more.
        Moved = "moved",
        /// The other side refuses what was asked.
        Refused = "refused",
        /// A reference leads to no secret any more.
        NoSecret = "no_secret",
        /// The configuration cannot be used by this server.
        Unusable = "unusable",
    }
}

impl IntegrationFault {
    /// The class as a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "The other side could not be reached, or fell silent.",
            Self::Forbidden => {
                "The address is not one that this server connects to, or not without TLS: whoever runs it names networks of their own in stream.allowed_networks."
            }
            Self::Tls => "The connection could not be protected.",
            Self::SignIn => "The other side did not accept the credentials.",
            Self::Postponed => "The other side has nothing at this address, or cannot answer at the moment.",
            Self::Moved => "The other side answered with a redirection, which is not followed, or is gone.",
            Self::Refused => "The other side refused the request.",
            Self::NoSecret => "A secret that the configuration refers to is not there.",
            Self::Unusable => "The configuration cannot be used by this server.",
        }
    }
}

/// A service of others that the organisation uses: everything of it but its configuration, which lies sealed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Integration {
    /// The integration's id.
    pub id: IntegrationId,
    /// The name as people read it, unique in the tenant.
    pub name: String,
    /// What it is with.
    pub provider: IntegrationProvider,
    /// Whether it is in use: the server tests it again and again then.
    pub enabled: bool,
    /// Counts its changes, from 1: whoever changes it says which one they saw.
    pub revision: i64,
    /// Scheme, host and port of the other side: what of the configuration the log has to tell, and what is no secret.
    pub origin: String,
    /// A keyed tag of the whole configuration, 32 lower-case hexadecimal digits: another configuration has another one.
    pub configuration: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Who did that; nobody where a key without a maker or the server itself did.
    pub changed_by: Option<UserId>,
}

impl Entity for Integration {
    const KIND: &'static str = "integration";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// How the tests of an integration went. It is apart from the integration, so that a test spoils nobody's change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IntegrationHealth {
    /// The integration.
    pub integration: IntegrationId,
    /// How often a test was begun.
    pub tests: i64,
    /// When the last one was begun.
    pub begun_at: Timestamp,
    /// When the last one ended; nothing before the first end, and while one is under way.
    pub tested_at: Option<Timestamp>,
    /// What went wrong in the last one that ended; nothing where it went well.
    pub fault: Option<IntegrationFault>,
    /// How many ended badly one after the other.
    pub failures: i64,
}

impl Entity for IntegrationHealth {
    const KIND: &'static str = "integration_health";
    /// The id of the integration, under a kind of its own.
    fn entity_id(&self) -> Uuid {
        self.integration.uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_in_a_sentence() {
        assert!(IntegrationFault::ALL.iter().all(|fault| fault.sentence().ends_with('.')));
    }
}
