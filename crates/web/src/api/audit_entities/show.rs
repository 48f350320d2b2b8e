//! The history of one thing, newest first, with the octets of each record.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_store::{Store, View, audit};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::Access,
    api::{
        After, List, Pair,
        audit_events::{EventBody, is_word},
        cursor::Before,
    },
    error::{Error, Result},
    forms::Json,
};

#[derive(Serialize)]
pub(in crate::api) struct RevisionBody {
    #[serde(flatten)]
    event: EventBody,
    octets: String,
}

/// A thing of which nothing is recorded is not there: 404. Every thing's first record is its creation.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Pair(kind, id): Pair<String, Uuid>,
    After(before): After<Before>,
) -> Result<Json<List<RevisionBody>>> {
    if !is_word(&kind) {
        return Err(Error::NotFound);
    }
    let before = before.map(|Before(revision)| revision);
    let mut view = store.read(&permit).await?;
    let mut revisions = if before.is_none() { just_now(&mut view, &kind, id).await? } else { Vec::new() };
    let history = audit::entity_history(&mut view, &kind, id, before).await?;
    revisions.extend(history.into_iter().map(|revision| (revision.listed, revision.bytes)));
    if revisions.is_empty() && before.is_none() {
        return Err(Error::NotFound);
    }
    let oldest = revisions.iter().map(|(listed, _)| listed.revision).min();
    let items =
        revisions.into_iter().map(|(listed, octets)| RevisionBody { event: listed.into(), octets }).collect();
    // Revisions are counted from 1 without gaps.
    Ok(List::until(items, oldest.filter(|oldest| *oldest > 1)))
}

/// The records of this thing that have no place in the tree yet.
async fn just_now(view: &mut View, kind: &str, id: Uuid) -> Result<Vec<(audit::Listed, String)>> {
    let mut found = Vec::new();
    let this = audit::Sought::default().about(vec![(kind.to_owned(), id)]);
    for listed in audit::just_now(view, &this).await? {
        // One that cannot be read is listed whatever is sought.
        if listed.entity_type == kind && listed.entity_id == id {
            let octets = audit::event_page(view, listed.event).await?.bytes;
            found.push((listed, octets));
        }
    }
    Ok(found)
}
