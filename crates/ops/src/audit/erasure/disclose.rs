//! Handing out what is kept of a person: to them, as the right of access has it (GDPR, article 15).

use bailiwick_domain::{
    entity::{Severity, SubjectRequest, SubjectRequestState},
    ids::SubjectRequestId,
    permission::Permission,
    rule::DiscloseSubject,
    subject::{BEYOND, Kind},
    time::Timestamp,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::subject::{self, Line, Record},
};
use serde::Serialize;

use crate::{Error, Result};

/// Records of the log with values that are handed out at most; how many are left out is said.
pub const RECORDS: usize = 100_000;
/// Records that are read at once.
const PIECE: i64 = 500;

/// Everything that is kept of a person, for themselves.
#[derive(Clone, Debug, Serialize)]
pub struct Disclosure {
    /// The request.
    pub request: SubjectRequestId,
    /// When it was put together.
    pub at: Timestamp,
    /// How many there are of each kind.
    pub counts: Vec<Counted>,
    /// Rows of tables.
    pub kept: Vec<Line>,
    /// Records of the log with the values about them.
    pub records: Vec<Record>,
    /// Whether these are all such records.
    pub complete: bool,
    /// What is kept elsewhere, in words.
    pub beyond: Vec<&'static str>,
}

/// How many there are of a kind.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counted {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: i64,
}

/// Puts together what is kept of the person of an open request, after it was recorded that this was asked for.
///
/// # Errors
/// `NotFound`; `Conflict` for a request that was answered, since nothing is kept any more; `Forbidden` for whoever may not see users and
/// the audit log.
pub async fn disclose(
    store: &Store,
    permit: &Permit<DiscloseSubject>,
    id: SubjectRequestId,
) -> Result<Disclosure> {
    if !(permit.may(Permission::USER_READ) && permit.may(Permission::AUDIT_READ)) {
        return Err(Error::Forbidden("Only who may see users and the audit log hands out what they hold."));
    }
    store
        .change(permit, async |tx| {
            let before = subject::lock(tx, id).await?.request;
            if before.state == SubjectRequestState::Done {
                return Err(Error::Conflict("This request was answered: nothing is kept of the person."));
            }
            let after = SubjectRequest { disclosures: before.disclosures + 1, ..before.clone() };
            let written = subject::replace(tx, before, after).await?;
            let event = Event::new("subject_request.disclosed", &written)?
                .raising(Severity::Info, "What is kept of a person was handed out");
            Ok(tx.record(event, ()))
        })
        .await?;
    let mut view = store.read(permit).await?;
    let asked = subject::find(&mut view, id).await?;
    let person = subject::of_request(&mut view, &asked.request, asked.address).await?;
    let counts = subject::counts(&mut view, &person).await?;
    let kept = subject::lines(&mut view, &person).await?;
    let mut records = Vec::new();
    let mut complete = true;
    for key in &person.keys {
        let mut after = None;
        loop {
            let piece = subject::records(&mut view, *key, after, PIECE).await?;
            let Some(last) = piece.last() else { break };
            if records.len() >= RECORDS {
                complete = false;
                break;
            }
            after = Some(last.event);
            records.extend(piece);
        }
    }
    Ok(Disclosure {
        request: id,
        at: view.now(),
        counts: counts.into_iter().map(|(kind, count)| Counted { kind, count }).collect(),
        kept,
        records,
        complete,
        beyond: BEYOND.to_vec(),
    })
}
