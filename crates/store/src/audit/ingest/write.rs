//! One transaction for the batches of many requests.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use bailiwick_domain::ids::{EventId, TenantId};
use bailiwick_proof::hash::Hash;

use super::{
    Ingested, Outcome, Prepared,
    keys::{self, Known, Row},
    queue::Job,
};
use crate::{Actor, Error, Result, Store, audit::Draft, gate, intake, tx::Tx};

/// What becomes of an event, as long as nothing is on disk.
#[derive(Clone, Copy)]
enum Sort {
    /// It was there before.
    Old { event: EventId, hash: Hash },
    /// It is this new record of the transaction, or the same as it.
    New { place: usize, again: bool },
    /// It is the same as this one of its batch.
    Same(usize),
    /// Another event has its key.
    Taken,
    /// It is left out.
    Left,
}

/// What a batch comes to: what becomes of its events, or why none of them is looked at.
enum Sorted {
    Events(Vec<Sort>),
    Stale,
    Refused(Error),
}

/// The new records of a transaction.
#[derive(Default)]
struct Records {
    drafts: Vec<Draft>,
    told: Vec<(EventId, Arc<OnceLock<Hash>>)>,
    rows: Vec<Row>,
    /// Where each key is.
    places: HashMap<[u8; 16], usize>,
}

/// Writes what of `jobs` is new, and says what became of each.
///
/// # Errors
/// Whatever keeps the transaction as a whole from the disk: nothing of it is there then.
pub(super) async fn write(store: &Store, tenant: TenantId, jobs: &[Job]) -> Result<Vec<Result<Ingested>>> {
    let mut tx = store.begin(tenant).await?;
    let mut records = Records::default();
    let sorted = match fill(&mut tx, jobs, &mut records).await {
        Ok(sorted) => sorted,
        Err(error) => {
            store.undo(tx).await;
            return Err(error);
        }
    };
    if records.drafts.is_empty() {
        store.undo(tx).await;
    } else {
        store.commit(tx, records.drafts).await?;
    }
    sorted.into_iter().map(|sorted| answer(sorted, &records.told)).collect()
}

fn answer(sorted: Sorted, told: &[(EventId, Arc<OnceLock<Hash>>)]) -> Result<Result<Ingested>> {
    let outcome = |sort: Sort| match sort {
        Sort::Old { event, hash } => Ok(Outcome::Stored { event, hash, again: true }),
        Sort::New { place, again } => {
            let (event, hash) = told.get(place).ok_or(Error::Unrecorded)?;
            let hash = *hash.get().ok_or(Error::Unrecorded)?;
            Ok(Outcome::Stored { event: *event, hash, again })
        }
        Sort::Taken => Ok(Outcome::Taken),
        Sort::Same(_) | Sort::Left => Ok(Outcome::Left),
    };
    Ok(match sorted {
        Sorted::Events(sorts) => Ok(Ingested::Done(sorts.into_iter().map(outcome).collect::<Result<_>>()?)),
        Sorted::Stale => Ok(Ingested::Stale),
        Sorted::Refused(error) => Err(error),
    })
}

async fn fill(tx: &mut Tx, jobs: &[Job], records: &mut Records) -> Result<Vec<Sorted>> {
    let revision = intake::revision(tx).await?;
    let refusals = refusals(tx, jobs).await?;
    let wanted: Vec<_> = jobs.iter().flat_map(|job| job.batch.events.iter().map(|event| event.key)).collect();
    let known = keys::find(tx, &wanted).await?;
    let mut sorted = Vec::with_capacity(jobs.len());
    for (job, refusal) in jobs.iter().zip(refusals) {
        sorted.push(match refusal {
            Some(error) => Sorted::Refused(error),
            None if job.batch.revision != revision => Sorted::Stale,
            None => Sorted::Events(take(tx, job, &known, records).await?),
        });
    }
    keys::insert(tx, &records.rows).await?;
    Ok(sorted)
}

/// Who of those that were admitted stands no more. A program is looked at once however much it sent.
async fn refusals(tx: &mut Tx, jobs: &[Job]) -> Result<Vec<Option<Error>>> {
    let mut standing: Vec<&Actor> = Vec::new();
    let mut refusals = Vec::with_capacity(jobs.len());
    for job in jobs {
        let actor = job.permit.actor();
        let program = matches!(actor, Actor::Key { .. });
        if program && standing.contains(&actor) {
            refusals.push(None);
            continue;
        }
        refusals.push(match gate::recheck(tx, &job.permit).await {
            Ok(()) => {
                standing.push(actor);
                None
            }
            Err(refusal @ Error::Conflict(_)) => Some(refusal),
            Err(error) => return Err(error),
        });
    }
    Ok(refusals)
}

/// Takes what of a batch is new among the records.
async fn take(
    tx: &mut Tx,
    job: &Job,
    known: &HashMap<[u8; 16], Known>,
    records: &mut Records,
) -> Result<Vec<Sort>> {
    let events = &job.batch.events;
    let mut sorts = sort(events, known, records);
    if job.batch.whole && sorts.iter().any(|sort| matches!(sort, Some(Sort::Taken))) {
        return Ok(sorts
            .into_iter()
            .map(|sort| if matches!(sort, Some(Sort::Taken)) { Sort::Taken } else { Sort::Left })
            .collect());
    }
    for (event, sort) in events.iter().zip(&mut sorts) {
        if sort.is_none() {
            *sort = Some(Sort::New { place: add(tx, event, records).await?, again: false });
        }
    }
    let resolved = |sort: &Option<Sort>| match sort {
        Some(Sort::Same(first)) => match sorts.get(*first) {
            Some(Some(Sort::New { place, .. })) => Sort::New { place: *place, again: true },
            _ => Sort::Left,
        },
        Some(sort) => *sort,
        None => Sort::Left,
    };
    Ok(sorts.iter().map(resolved).collect())
}

/// What becomes of each event; nothing for those that are new.
fn sort(events: &[Prepared], known: &HashMap<[u8; 16], Known>, records: &Records) -> Vec<Option<Sort>> {
    let mut here: HashMap<[u8; 16], (usize, [u8; 32])> = HashMap::new();
    let same = |left: &[u8; 32], right: &[u8; 32], sort| if left == right { sort } else { Sort::Taken };
    events
        .iter()
        .enumerate()
        .map(|(at, event)| {
            if let Some(old) = known.get(&event.key) {
                return Some(same(
                    &old.payload,
                    &event.payload,
                    Sort::Old { event: old.event, hash: old.hash },
                ));
            }
            if let Some((place, row)) =
                records.places.get(&event.key).and_then(|place| Some((*place, records.rows.get(*place)?)))
            {
                return Some(same(&row.payload, &event.payload, Sort::New { place, again: true }));
            }
            if let Some((first, payload)) = here.get(&event.key) {
                return Some(same(payload, &event.payload, Sort::Same(*first)));
            }
            here.insert(event.key, (at, event.payload));
            None
        })
        .collect()
}

/// Adds a new record, and says where it is.
async fn add(tx: &mut Tx, event: &Prepared, records: &mut Records) -> Result<usize> {
    let place = records.drafts.len();
    let told = Arc::new(OnceLock::new());
    records.drafts.push(event.draft(tx, Arc::clone(&told)).await?);
    records.told.push((event.id, told));
    records.rows.push(Row { key: event.key, event: event.id, payload: event.payload });
    records.places.insert(event.key, place);
    Ok(place)
}
