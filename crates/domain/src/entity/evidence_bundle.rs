use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{EvidenceBundleId, UserId},
    time::Timestamp,
};

/// A bundle of records that was handed out, or the receipt of one with personal values. The file is kept nowhere; what the log says of it is all that is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EvidenceBundle {
    /// Its id.
    pub id: EvidenceBundleId,
    /// The person of the tenant who made it; nobody for a program, and for somebody who stepped in.
    pub made_by: Option<UserId>,
    /// What it is of, as its list of records says it: `search …` or `entity …`; `receipt …` for that of one record.
    pub selection: String,
    /// The paths of personal values that were to be shown; `*` for all of them.
    pub disclosed: String,
    /// How many values are shown.
    pub values: i64,
    /// How many records are in it.
    pub records: i64,
    /// The size of the tree that they are proven in.
    pub size: i64,
    /// SHA-256 of its list of records, in hexadecimal digits: by it a bundle is known again. Of a receipt, the hash of the record.
    pub list: String,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Entity for EvidenceBundle {
    const KIND: &'static str = "evidence_bundle";
    /// A line of search may name people.
    const PERSONAL: &'static [&'static str] = &["selection"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.made_by.map_or_else(|| self.id.uuid(), UserId::uuid)
    }
}
