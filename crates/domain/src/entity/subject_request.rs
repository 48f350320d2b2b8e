use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::SubjectRequestId, time::Timestamp};

named! {
    /// How far a data-subject request has come.
    SubjectRequestState {
        /// It waits: nothing was erased.
        Open = "open",
        /// What was kept of the person is erased.
        Done = "done",
    }
}

/// A request about everything that is kept of one person. It names them by an opaque id and holds nothing that says who they are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectRequest {
    /// The request's id.
    pub id: SubjectRequestId,
    /// Whom it is about: the id of a user, of the first thing whose records hold their address, or the UUID that stands for a
    /// product's id.
    pub person: Uuid,
    /// How far it has come.
    pub state: SubjectRequestState,
    /// What was erased by it, by kind, as far as it stood still between the question and the answer; nothing while it is open.
    pub erased: BTreeMap<String, i64>,
    /// How often what is kept of the person was handed out.
    pub disclosures: i64,
    /// When it was opened.
    pub created_at: Timestamp,
}

impl Entity for SubjectRequest {
    const KIND: &'static str = "subject_request";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// What an erasure certificate says, beside when and by whom, which is what its record says. No personal data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ErasureCertificate {
    /// The request that was answered.
    pub request: SubjectRequestId,
    /// What is gone: how many of which kind.
    pub erased: BTreeMap<String, i64>,
    /// What stays by its nature: how many of which kind.
    pub kept: BTreeMap<String, i64>,
}

impl Entity for ErasureCertificate {
    const KIND: &'static str = "erasure_certificate";
    fn entity_id(&self) -> Uuid {
        self.request.uuid()
    }
}
