//! Data-subject requests: what is kept of a person, handing it out, erasing it, the certificate.

pub(super) mod certificate;
pub(super) mod disclose;
pub(super) mod erase;
pub(super) mod list;
pub(super) mod open;
pub(super) mod show;

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{SubjectRequest, SubjectRequestState},
    ids::SubjectRequestId,
    time::Timestamp,
};
use serde::Serialize;
use uuid::Uuid;

/// A request as the API shows it.
#[derive(Serialize)]
pub(super) struct RequestBody {
    id: SubjectRequestId,
    person: Uuid,
    state: SubjectRequestState,
    erased: BTreeMap<String, i64>,
    disclosures: i64,
    created_at: Timestamp,
}

impl From<SubjectRequest> for RequestBody {
    fn from(request: SubjectRequest) -> Self {
        Self {
            id: request.id,
            person: request.person,
            state: request.state,
            erased: request.erased,
            disclosures: request.disclosures,
            created_at: request.created_at,
        }
    }
}
