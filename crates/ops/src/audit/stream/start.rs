//! Confirming where a stream leads, and leading it somewhere else: both with a one-time code.

use bailiwick_domain::{
    entity::{Severity, Stream, StreamState},
    ids::StreamId,
    rule::PlaceStream,
};
use bailiwick_store::{Permit, Store, audit::stream};

use super::{NewPlace, told};
use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// Lets records leave by a stream whose place nobody has confirmed. A code is asked for first; it is for this very place.
///
/// # Errors
/// `Conflict` for a stream whose place was confirmed.
pub async fn start(
    store: &Store,
    permit: &Permit<PlaceStream>,
    id: StreamId,
    answer: Option<Answer>,
) -> Result<Outcome<Stream>> {
    let change = Change { store, home: permit, inside: permit };
    change
        .confirmed(answer, leads, async |tx| {
            let before = stream::lock(tx, id).await?;
            if before.state != StreamState::Proposed {
                return Err(Error::Conflict("The place of this stream is confirmed already."));
            }
            let after = Stream { state: StreamState::Active, ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            stream::wake(tx, id).await?;
            let event = told("audit_stream.started", &written, Severity::Warning, "was started")?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Leads a stream somewhere else, or with other credentials, from its place in the log on. A code is asked for first.
///
/// # Errors
/// `Invalid` by field; `Conflict` for another kind of place, and for the same one.
pub async fn move_to(
    store: &Store,
    permit: &Permit<PlaceStream>,
    id: StreamId,
    place: &NewPlace,
    answer: Option<Answer>,
) -> Result<Outcome<Stream>> {
    let place = &place.parsed()?;
    let change = Change { store, home: permit, inside: permit };
    change
        .confirmed(answer, leads, async |tx| {
            let before = stream::lock(tx, id).await?;
            if before.kind != place.kind {
                return Err(Error::Conflict("A stream keeps its kind. Make another one."));
            }
            let tag = place.tag(tx);
            if before.place == tag {
                return Err(Error::Conflict("The stream leads there already."));
            }
            let state =
                if before.state == StreamState::Proposed { StreamState::Active } else { before.state };
            let after =
                Stream { origin: place.origin.clone(), place: tag, state, failing: false, ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            stream::move_to(tx, id, &place.octets).await?;
            let event = told("audit_stream.moved", &written, Severity::Warning, "leads to another place")?;
            Ok(tx.record(event, after))
        })
        .await
}

/// What the letter with the code says of it.
fn leads(stream: &Stream) -> Told {
    Told {
        name: format!("“{}” to {}", stream.name, stream.origin),
        effects: vec!["Records of the audit log leave this server for that place as they come.".to_owned()],
    }
}
