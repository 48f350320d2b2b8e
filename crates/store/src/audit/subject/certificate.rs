//! The certificate of an erasure, from its record and the proof that the log has it.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{Entity, ErasureCertificate},
    ids::{EventId, SubjectRequestId},
};
use bailiwick_proof::{certificate::Certificate, checkpoint::SignedNote};

use serde_json::Value;

use crate::{
    Error, Result,
    audit::{Sought, entity_history, event_page, just_now},
    tx::Scope,
};

/// What the certificate of a request says, from its record, which may have been written a moment ago; nothing before the erasure.
///
/// # Errors
/// [`Error::Corrupt`] where the record was altered.
pub async fn certified(
    scope: &mut impl Scope,
    request: SubjectRequestId,
) -> Result<Option<ErasureCertificate>> {
    let bytes = match entity_history(scope, ErasureCertificate::KIND, request.uuid(), None).await?.pop() {
        Some(record) => record.bytes,
        None => {
            let thing = (ErasureCertificate::KIND.to_owned(), request.uuid());
            let waiting = just_now(scope, &Sought::default().about(vec![thing])).await?;
            // What cannot be read is listed whatever is sought.
            let Some(listed) = waiting.into_iter().find(|one| one.entity_id == request.uuid()) else {
                return Ok(None);
            };
            event_page(scope, listed.event).await?.bytes
        }
    };
    let counted = |path: &str| -> Option<BTreeMap<String, i64>> {
        let record: Value = serde_json::from_str(&bytes).ok()?;
        let mut changes = record.get("changes")?.as_array()?.iter();
        let change = changes.find(|change| change.get("path").and_then(Value::as_str) == Some(path))?;
        serde_json::from_value(change.get("after")?.clone()).ok()
    };
    let (Some(erased), Some(kept)) = (counted("/erased"), counted("/kept")) else {
        return Err(Error::Corrupt(format!("the certificate of request {request}")));
    };
    Ok(Some(ErasureCertificate { request, erased, kept }))
}

/// The text of the certificate of a request that was answered, the same whenever it is asked for: under the oldest checkpoint that
/// covers its record. Nothing until there is one.
///
/// # Errors
/// [`Error::Proof`] where the record was altered.
pub async fn certificate(scope: &mut impl Scope, request: SubjectRequestId) -> Result<Option<String>> {
    let history = entity_history(scope, ErasureCertificate::KIND, request.uuid(), None).await?;
    // There is one revision: a certificate is issued once.
    let Some(record) = history.last() else { return Ok(None) };
    of_record(scope, record.listed.event).await
}

/// The text of the certificate that a record is, under the oldest checkpoint that covers it. Nothing until there is one.
///
/// # Errors
/// [`Error::Proof`] for a record that certifies nothing, or was altered.
pub(crate) async fn of_record(scope: &mut impl Scope, event: EventId) -> Result<Option<String>> {
    let page = event_page(scope, event).await?;
    let Some(proof) = page.proof else { return Ok(None) };
    let Some(note) = proof.checkpoint else { return Ok(None) };
    let certificate = Certificate {
        octets: page.bytes.into_bytes(),
        index: proof.leaf_index.unsigned_abs(),
        path: proof.path,
        note: SignedNote::parse(note.as_bytes()).map_err(|error| Error::Proof(error.to_string()))?,
    };
    certificate.render().map(Some).map_err(|error| Error::Proof(error.to_string()))
}
