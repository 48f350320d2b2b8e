//! Deleting a document: its data keys go with the change, and what lies in the store opens for nobody from then on.

use bailiwick_domain::{
    entity::{Document, DocumentState, Severity},
    ids::DocumentId,
    rule::DeleteDocument,
};
use bailiwick_store::{
    Event, Permit, Recorded, Store, Tx, Written,
    audit::hold::{Target, held},
    documents, tenants,
};

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// Deletes a document with all its versions, for good. A code is asked for first.
///
/// # Errors
/// `NotFound`; `Held` while a legal hold keeps it.
pub async fn delete(
    store: &Store,
    permit: &Permit<DeleteDocument>,
    id: DocumentId,
    answer: Option<Answer>,
) -> Result<Outcome<()>> {
    let name = documents::kept(&mut store.read(permit).await?, id).await?.name;
    let told = |document: &Document| Told {
        name: format!("“{name}”"),
        effects: vec![
            format!(
                "All its versions go for good ({} of them), also for the operator of the server.",
                document.versions
            ),
            "Copies that were downloaded stay where they are, and backups hold what they held.".to_owned(),
        ],
    };
    let change = Change { store, home: permit, inside: permit };
    let outcome = change.confirmed(answer, told, async |tx| {
        let (document, event) = take_away(tx, id, "document.deleted").await?;
        Ok(done(tx, document, event))
    });
    Ok(outcome.await?.map(drop))
}

fn done(tx: &mut Tx, document: Document, event: Event) -> Recorded<Document> {
    let text = format!("A document with {} versions was deleted", document.versions);
    tx.record(event.raising(Severity::Info, text), document)
}

/// Deletes a document within a change, with the event to record. Its files go afterwards, by the job.
pub(super) async fn take_away(
    tx: &mut Tx,
    id: DocumentId,
    action: &'static str,
) -> Result<(Document, Event)> {
    // Whoever places a hold holds this lock until they are done.
    tenants::lock_policy(tx).await?;
    let before = documents::lock(tx, id).await?;
    let versions = documents::delete_versions(tx, id).await?;
    let each = || versions.iter().filter_map(Written::entity);
    let by: Vec<_> = each().filter_map(|version| version.created_by).chain(before.created_by).collect();
    let ids: Vec<_> = each().map(|version| version.id.uuid()).collect();
    let mut added = vec![("document.created", before.created_at)];
    added.extend(each().flat_map(|version| {
        let of_document = (version.number > 1).then_some(("document.version_added", version.created_at));
        of_document.into_iter().chain([("document_version.stored", version.created_at)])
    }));
    let target = Target::Document { id: id.uuid(), versions: &ids, by: &by, added: &added };
    if let Some(found) = held(tx, target).await? {
        return Err(Error::Held(found.hold.refusal(None)));
    }
    for version in &versions {
        let event = Event::new("document_version.deleted", version)?;
        tx.also(event);
    }
    let after = Document { state: DocumentState::Deleted, name: String::new(), ..before.clone() };
    let written = documents::replace(tx, before, after.clone()).await?;
    Ok((after, Event::new(action, &written)?))
}
