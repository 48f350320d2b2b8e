//! What integrations may reach from this server.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use bailiwick_domain::{
    entity::{IntegrationFault, StreamFault},
    reference::VariableName,
};
use bailiwick_stream::{Bucketful, HttpService, MailServer, Probe, Reach};
use zeroize::Zeroizing;

/// How long a test may take where nobody says so, from the connection to the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The addresses that integrations may lead to, and the variables of the environment that they may use.
#[derive(Clone)]
pub struct Outside {
    probe: Probe,
    variables: Arc<BTreeMap<String, Zeroizing<String>>>,
}

/// A service as it is tried.
pub(super) enum Target {
    Http(HttpService),
    Smtp(MailServer),
    Bucket(Bucketful),
}

impl Outside {
    /// Addresses within `reach`, and these variables, which the operator has opened: no other one can be asked for.
    pub fn new(reach: Reach, variables: BTreeMap<String, String>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect();
        Self { probe: Probe::new(reach, TIMEOUT), variables: Arc::new(variables) }
    }

    pub(super) const fn reach(&self) -> &Reach {
        self.probe.reach()
    }

    pub(super) fn variable(&self, name: &VariableName) -> Option<&Zeroizing<String>> {
        self.variables.get(name.as_str())
    }

    /// Looks whether a service is there and takes the credentials.
    pub(super) async fn look(&self, target: Target) -> Result<(), IntegrationFault> {
        let looked = match target {
            Target::Http(service) => self.probe.http(service).await,
            Target::Smtp(server) => self.probe.smtp(server).await,
            Target::Bucket(bucket) => self.probe.bucket(bucket).await,
        };
        looked.map_err(class)
    }
}

/// Public addresses alone, and no variable.
impl Default for Outside {
    fn default() -> Self {
        Self::new(Reach::default(), BTreeMap::new())
    }
}

/// The variables are secrets.
impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("probe", &self.probe).finish_non_exhaustive()
    }
}

const fn class(fault: StreamFault) -> IntegrationFault {
    match fault {
        StreamFault::Unreachable => IntegrationFault::Unreachable,
        StreamFault::Forbidden => IntegrationFault::Forbidden,
        StreamFault::Tls => IntegrationFault::Tls,
        StreamFault::SignIn => IntegrationFault::SignIn,
        StreamFault::Postponed => IntegrationFault::Postponed,
        StreamFault::Moved | StreamFault::Gone => IntegrationFault::Moved,
        StreamFault::Refused => IntegrationFault::Refused,
        StreamFault::Unusable => IntegrationFault::Unusable,
    }
}
