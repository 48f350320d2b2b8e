//! Noting that a version is not what was stored, or is so again.

use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState, Severity},
    ids::DocumentVersionId,
    rule::Writes,
};
use bailiwick_store::{Event, Permit, Store, documents};
use bailiwick_vault::document::DocumentError;

use super::place::Unread;
use crate::{Error, Result, sign_in::attempts::Stop};

/// Records why a version could not be read, where that is a finding about it.
///
/// # Errors
/// The store's.
pub async fn note<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    id: DocumentVersionId,
    unread: &Unread,
) -> Result<()> {
    match unread {
        Unread::Damaged(error) => record(store, permit, id, error).await,
        Unread::Away(error) => {
            tracing::error!(%error, version = %id, "the place where documents lie does not answer");
            Ok(())
        }
    }
}

/// Records what is wrong with a version. The same finding is recorded once.
///
/// # Errors
/// The store's.
pub(super) async fn record<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    id: DocumentVersionId,
    error: &DocumentError,
) -> Result<()> {
    tracing::error!(%error, "a version of a document is not what was stored");
    let found = error.fault.to_string();
    let action = "document_version.damaged";
    set(store, permit, id, DocumentVersionState::Damaged, Some(found), action).await
}

/// Records that a damaged version is whole again, as after its file was brought back from a backup.
pub(super) async fn recovered<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    id: DocumentVersionId,
) -> Result<()> {
    set(store, permit, id, DocumentVersionState::Available, None, "document_version.recovered").await
}

async fn set<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    id: DocumentVersionId,
    state: DocumentVersionState,
    damage: Option<String>,
    action: &'static str,
) -> Result<()> {
    let done: Result<(), Stop> = store
        .change(permit, async |tx| {
            let before = documents::lock_version(tx, id).await.map_err(|error| Stop::Unsaid(error.into()))?;
            if before.state == state && before.damage == damage {
                return Err(Stop::Unsaid(Error::Conflict("It is known.")));
            }
            let after = DocumentVersion { state, damage: damage.clone(), ..before.clone() };
            let written = documents::replace_version(tx, before, after).await?;
            let mut event = Event::new(action, &written)?;
            if state == DocumentVersionState::Damaged {
                let text = "A version of a document is not what was stored: nothing of it is handed out";
                event = event.raising(Severity::High, text);
            }
            Ok(tx.record(event, ()))
        })
        .await;
    match done {
        // Known already, or deleted in the meantime.
        Err(Stop::Unsaid(Error::Conflict(_) | Error::NotFound)) => Ok(()),
        other => Ok(other?),
    }
}
