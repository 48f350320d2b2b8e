//! The certificate of an erasure, as a text that anybody checks with the log's public key.

use bailiwick_domain::{entity::SubjectRequestState, ids::SubjectRequestId, rule::ReadSubjects};
use bailiwick_store::{Permit, Store, audit::subject};

use crate::{Error, Result};

/// The text of the certificate; the same whenever it is asked for.
///
/// # Errors
/// `NotFound` for a request that was not answered; `Conflict` until a checkpoint covers its record, which takes seconds.
pub async fn certificate(
    store: &Store,
    permit: &Permit<ReadSubjects>,
    id: SubjectRequestId,
) -> Result<String> {
    let mut view = store.read(permit).await?;
    if subject::find(&mut view, id).await?.request.state != SubjectRequestState::Done {
        return Err(Error::NotFound);
    }
    let soon = Error::Conflict("The log signs the erasure within seconds. Ask for the certificate again.");
    subject::certificate(&mut view, id).await?.ok_or(soon)
}
