//! The history of one thing, newest first, with the octets of each record; or, with `at`, the thing as it stood.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ReadAudit;
use bailiwick_store::{Store, View, audit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{as_of, thing};
use crate::{
    access::Access,
    api::{
        List, Pair,
        audit_events::EventBody,
        cursor::{self, Before},
    },
    error::{Error, Result},
    forms::Query,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    at: Option<String>,
    cursor: Option<String>,
}

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
    Pair(kind, id): Pair<String, String>,
    Query(parameters): Query<Parameters>,
) -> Result<Response> {
    let id = thing(&kind, &id)?;
    if let Some(at) = &parameters.at {
        if parameters.cursor.is_some() {
            return Err(Error::BadRequest(
                "`at` asks for one state and `cursor` for a page of the history: give one of them.",
            ));
        }
        return Ok(as_of::answer(&store, &permit, &kind, id, at).await?.into_response());
    }
    let before: Option<Before> = cursor::read(parameters.cursor.as_deref())?;
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
    Ok(List::until(items, oldest.filter(|oldest| *oldest > 1)).into_response())
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
