//! The certificate of an erasure, from its record and the proof that the log has it.

use bailiwick_domain::{
    entity::{Entity, ErasureCertificate},
    ids::SubjectRequestId,
};
use bailiwick_proof::{certificate::Certificate, checkpoint::SignedNote};

use crate::{
    Error, Result,
    audit::{entity_history, event_page},
    tx::Scope,
};

/// The text of the certificate of a request that was answered, the same whenever it is asked for: under the oldest checkpoint that
/// covers its record. Nothing until there is one.
///
/// # Errors
/// [`Error::Proof`] where the record was altered.
pub async fn certificate(scope: &mut impl Scope, request: SubjectRequestId) -> Result<Option<String>> {
    let history = entity_history(scope, ErasureCertificate::KIND, request.uuid(), None).await?;
    // There is one revision: a certificate is issued once.
    let Some(record) = history.last() else { return Ok(None) };
    let page = event_page(scope, record.listed.event).await?;
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
