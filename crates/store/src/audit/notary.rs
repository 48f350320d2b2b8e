//! What of the signer anybody may know: the names of the logs and the key that their checkpoints verify under.

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::checkpoint::VerifierKey;

use super::outside::{epoch_of, log_name};

/// Names and verifies the logs of this server. Signs nothing.
#[derive(Clone, Debug)]
pub struct Notary {
    origin: String,
    verifier: VerifierKey,
}

impl Notary {
    pub(super) fn new(origin: &str, verifier: &VerifierKey) -> Self {
        Self { origin: origin.to_owned(), verifier: verifier.clone() }
    }

    /// The public key under which the checkpoints verify.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The name of one tenant's log in its first epoch.
    pub fn log_name(&self, tenant: TenantId) -> String {
        log_name(&self.origin, tenant, 1)
    }

    /// The epoch of a tenant's log that this name stands for; nothing for the names of other logs.
    pub fn epoch_of(&self, name: &str, tenant: TenantId) -> Option<u32> {
        epoch_of(name, &self.origin, tenant)
    }
}
