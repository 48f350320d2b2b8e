use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{AnomalyId, UserId},
    time::Timestamp,
};

named! {
    /// What is unusual about what somebody did, compared with what they did before.
    AnomalyKind {
        /// From a country, or a kind of network, that they were not seen in.
        Place = "place",
        /// With a kind of device that they were not seen with.
        Device = "device",
        /// Something that they never did.
        Action = "action",
        /// Far more at once than they ever did.
        Burst = "burst",
        /// At an hour at which they are not at work.
        Hour = "hour",
    }
}

impl AnomalyKind {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Place => "New place",
            Self::Device => "New device",
            Self::Action => "New action",
            Self::Burst => "Burst",
            Self::Hour => "Off-hours",
        }
    }

    /// One sentence without personal data.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Place => "Somebody acted from a place that they were not seen in before.",
            Self::Device => "Somebody acted with a kind of device that they were not seen with before.",
            Self::Action => "Somebody did something that they never did before.",
            Self::Burst => "Somebody did far more at once than they usually do.",
            Self::Hour => "Somebody acted at an hour at which they usually do nothing.",
        }
    }
}

/// A note that somebody did something unusual.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Anomaly {
    /// The note's id.
    pub id: AnomalyId,
    /// What is unusual.
    pub kind: AnomalyKind,
    /// The user or key that acted, or what stands for the product's actor.
    pub actor: Uuid,
    /// With whom the note goes: the user, or whoever made the key that acted or that told of the product's actor.
    pub user: UserId,
    /// The country, network, device, action or hour, or how many records in one window; personal.
    pub what: String,
    /// The leaf of the record that showed it.
    pub leaf: i64,
    /// The query that shows it, as a path of the pages: `/audit?actor=…`.
    pub query: String,
    /// When the record was made.
    pub at: Timestamp,
}

impl Entity for Anomaly {
    const KIND: &'static str = "audit_anomaly";
    const PERSONAL: &'static [&'static str] = &["what"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
