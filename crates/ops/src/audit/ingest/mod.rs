//! Recording events of the guarded product.
//!
//! A body holds one event or up to a thousand. Each is read strictly, held against the schema of its action, and judged by the
//! tenant's rules, all before anything of it is written anywhere; what is wrong is said for each by its place. What is stored is
//! durable when the answer leaves, and stored once under its key however often it is sent.

mod answer;
pub(super) mod judge;
mod schemas;

use std::{sync::Arc, time::Duration};

use bailiwick_domain::{json::Unreadable, rule::RecordEvents};
use bailiwick_store::{
    Permit, Store,
    audit::ingest::{self, Batch, Ingested, included, leaves},
    intake,
};

pub use answer::{Answer, Item, ItemFault, Refused};
use judge::{Judgement, judge};

/// Events at most whose inclusion is waited for in one request.
pub const MOST_INCLUDED: usize = 100;
/// How long inclusion is waited for, in steps of [`STEP`].
const STEPS: u32 = 100;
/// How long until the tree is looked at again.
const STEP: Duration = Duration::from_millis(50);
/// How often events are judged anew because the rules changed meanwhile.
const TRIES: usize = 3;
/// Octets from which on a body is read beside the threads that answer requests.
const LARGE: usize = 32 * 1024;

/// How a body is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// All of its events are stored or none is; otherwise each stands for itself.
    pub whole: bool,
    /// The answer waits until the events are in the tree, for five seconds at most.
    pub included: bool,
}

/// Records the events of a body.
///
/// # Errors
/// [`Refused`]: the body is no JSON, has no events or too many, or one of several that were to be stored together is wrong.
pub async fn record(
    store: &Store,
    permit: Permit<RecordEvents>,
    body: Arc<[u8]>,
    ask: Ask,
) -> Result<Answer, Refused> {
    let permit = Arc::new(permit);
    for _ in 0..TRIES {
        let settings = intake::remembered(store, &permit).await?;
        let revision = settings.revision;
        let Judgement { many, items } = if body.len() < LARGE {
            judge(store, &permit, &body, &settings)?
        } else {
            let (store, permit, body) = (store.clone(), Arc::clone(&permit), Arc::clone(&body));
            // Without an answer it panicked, and the text of that is in the log.
            tokio::task::spawn_blocking(move || judge(&store, &permit, &body, &settings))
                .await
                .map_err(|_| bailiwick_store::Error::Busy)??
        };
        if ask.included && items.len() > MOST_INCLUDED {
            return Err(Refused::TooManyIncluded);
        }
        // One event by itself is a whole.
        let whole = ask.whole || !many;
        if whole && items.iter().any(Result::is_err) {
            return Err(Refused::Items { many, faults: answer::faults(items) });
        }
        let mut events = Vec::with_capacity(items.len());
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            places.push(item.map(|prepared| events.push(prepared)));
        }
        let outcomes = if events.is_empty() {
            Vec::new()
        } else {
            match ingest::ingest(store, &permit, Batch { events, whole, revision }).await? {
                Ingested::Done(outcomes) => outcomes,
                Ingested::Stale => continue,
            }
        };
        let mut answer = Answer::of(many, places, outcomes);
        if whole && answer.is_taken() {
            return Err(Refused::Taken { many, places: answer.taken() });
        }
        if ask.included {
            wait(store, &permit, &mut answer).await?;
        }
        return Ok(answer);
    }
    Err(bailiwick_store::Error::Busy.into())
}

/// Waits until every stored event has its place in the tree, and notes the proofs.
async fn wait(store: &Store, permit: &Permit<RecordEvents>, answer: &mut Answer) -> Result<(), Refused> {
    let stored = answer.stored();
    let mut missing = stored.clone();
    for _ in 1..STEPS {
        let placed = leaves(&mut store.read(permit).await?, &missing).await?;
        missing.retain(|event| !placed.contains_key(event));
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(STEP).await;
    }
    // Proofs cost the most, so they are computed once.
    answer.include(included(&mut store.read(permit).await?, &stored).await?);
    Ok(())
}

impl From<Unreadable> for Refused {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Syntax { offset, what } => Self::Syntax { offset, what },
            Unreadable::TooMany => Self::Number,
        }
    }
}
