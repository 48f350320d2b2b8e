//! A version that comes in one request, as a form sends it: how long it is shows at its end. It is sealed a piece at a time like any other,
//! and what comes of it when the request breaks off is removed at once.

use bailiwick_domain::{
    entity::{Document, DocumentVersion},
    rule::WriteDocuments,
};
use bailiwick_store::{Permit, Store, documents};
use bailiwick_vault::document::FRAME;

use super::{
    Begun, Cabinet, NewVersion, begin, finish,
    upload::{Ends, disk, put},
};
use crate::{Error, Result};

/// Octets that are sealed at one time.
const PIECE: usize = 16 * FRAME;

/// What comes of a document, piece by piece.
pub trait Pieces: Send {
    /// Why it breaks off.
    type Error: From<Error> + Send;
    /// Appends what comes next; false at the end.
    fn next(&mut self, into: &mut Vec<u8>) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Adds a version of up to `new.octets` octets, piece after piece as it comes.
///
/// # Errors
/// As [`begin`] and [`finish`]; `Invalid` with the field `file` for an empty one, and one that is too long; and what the pieces say. None of
/// them leaves anything behind.
pub async fn whole<P: Pieces>(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    new: NewVersion,
    pieces: &mut P,
) -> Result<(Document, DocumentVersion), P::Error> {
    let most = new.octets.min(cabinet.largest);
    let begun = begin(store, permit, cabinet, NewVersion { octets: most, ..new }).await?;
    let mut at = 0;
    let mut waiting = Vec::with_capacity(2 * PIECE);
    let came: Result<(), P::Error> = async {
        loop {
            let more = pieces.next(&mut waiting).await?;
            if at + waiting.len() as u64 > most {
                return Err(Error::field("file", format!("The file has up to {most} octets.")).into());
            }
            // What comes last is sealed as the end, so something is kept back while more may come.
            while waiting.len() > PIECE {
                let piece: Vec<u8> = waiting.drain(..PIECE).collect();
                at = put(store, permit, cabinet, begun.id, at, piece, Ends::Later).await?.received;
            }
            if !more {
                break;
            }
        }
        if waiting.is_empty() {
            return Err(Error::field("file", "Choose a file that is not empty.").into());
        }
        put(store, permit, cabinet, begun.id, at, waiting, Ends::Here).await?;
        Ok(())
    }
    .await;
    let outcome = match came {
        Ok(()) => finish(store, permit, cabinet, begun.id).await.map_err(P::Error::from),
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        abandon(store, permit, cabinet, &begun).await;
    }
    outcome
}

/// Removes what there is of an upload that broke off. Where that fails, the job removes it after a day.
async fn abandon(store: &Store, permit: &Permit<WriteDocuments>, cabinet: &Cabinet, begun: &Begun) {
    let removed = async {
        let tenant = permit.tenant().ok_or(Error::NotFound)?;
        // The row first, as the job does. Where it is gone, the upload has become a version after all.
        if documents::forget(store, permit, begun.id).await? {
            cabinet.clear(tenant, begun.id).await.map_err(disk)?;
        }
        Ok::<_, Error>(())
    };
    if let Err(error) = removed.await {
        tracing::warn!(%error, version = %begun.id, "what is there of an upload that broke off was not removed");
    }
}
