//! Tamper drills: a copy of a log is altered, and the verification that everybody relies on has to find it, by name where it can.
//!
//! The log itself is read in one snapshot and never written. The copy lives in memory, within bounds, and goes with the drill.

mod copy;
mod dice;
mod rows;
mod tamper;

use bailiwick_domain::{
    entity::{DrillKind, DrillOutcome},
    rule::Rule,
};
use bailiwick_proof::checkpoint::Checkpoint;
use tokio::sync::Semaphore;

pub use self::copy::COPIED;
pub use self::rows::{drills, drills_due, find_drill, insert_drill, logs};
use self::{copy::LogCopy, dice::Dice};
use super::{
    Latest, Notary, VerifyError,
    verify::{Part, verify_in},
};
use crate::{
    Error, Permit, Result,
    store::Store,
    tx::{Scope, View},
};

/// Copies at once: what they take of memory is bounded, too.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// What a drill came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drilled {
    /// What was done.
    pub kind: DrillKind,
    /// To what; empty where nothing was done.
    pub target: String,
    /// What verification made of it.
    pub outcome: DrillOutcome,
    /// The finding; empty where there was none.
    pub found: String,
    /// Records in the copy.
    pub records: i64,
    /// How long verification took, in microseconds.
    pub took_micros: i64,
}

/// Alters a copy of a part of the log of the permit's tenant as `seed` has it, or as `kind` says, and verifies it. The part has up to `most`
/// records, [`COPIED`] but for tests, around any one of the log.
///
/// The checkpoint outside the copy is the one of the copy as it was: what verification finds is what was done, and nothing else.
///
/// # Errors
/// [`Error::Conflict`] while another drill runs, over an empty log, and for a `kind` that this log is too short for; the database's.
pub async fn drill<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    notary: &Notary,
    seed: u64,
    kind: Option<DrillKind>,
    most: i64,
) -> Result<Drilled> {
    let Ok(_turn) = ONE_AT_A_TIME.try_acquire() else {
        return Err(Error::Conflict("Another drill is running. Try again in a moment."));
    };
    let mut dice = Dice::new(seed);
    let mut view = store.read(permit).await?;
    let slug = crate::tenants::find(&mut view).await?.slug;
    let copied = copy::copy(&mut view, &mut dice, most).await;
    drop(view);
    let mut copy = match copied {
        Ok(copy) => copy,
        // What cannot be read as a record cannot be verified either.
        Err(Error::Corrupt(what)) => return Ok(unsound(kind, 0, what)),
        Err(error) => return Err(error),
    };
    let possible = copy.possible();
    if possible.is_empty() {
        return Err(Error::Conflict("There is nothing in this log yet."));
    }
    let chosen = match kind {
        Some(kind) if possible.contains(&kind) => kind,
        Some(_) => return Err(Error::Conflict("This log is too short for such a drill.")),
        None => possible.get(dice.place(possible.len())).copied().unwrap_or(DrillKind::Record),
    };
    let LogCopy { view, part, size, aim, records, tiles, checkpoints } = copy;
    let length = size - part.first;
    let (view, sound) = verify_in(store, notary, view, &slug, &part, None).await;
    let root = match sound {
        Ok(verified) => verified.root,
        Err(VerifyError::Store(Error::Sql(error))) => return Err(Error::Sql(error)),
        Err(error) => return Ok(unsound(Some(chosen), length, error.to_string())),
    };
    let outside = Checkpoint::new(notary.log_name(view.tenant()), size.unsigned_abs(), root);
    copy = LogCopy { view, part, size, aim, records, tiles, checkpoints };
    let target = copy.tamper(chosen, &mut dice).await?;
    let begun = store.now();
    let found = run(store, notary, copy.view, &slug, &copy.part, outside).await;
    let took_micros = store.now().micros().saturating_sub(begun.micros()).max(0);
    let (outcome, found) = match found {
        Ok(()) => (DrillOutcome::Missed, String::new()),
        Err(VerifyError::Store(Error::Sql(error))) => return Err(Error::Sql(error)),
        Err(error) if target.is_named_by(&error) => (DrillOutcome::Named, error.to_string()),
        Err(error) => (DrillOutcome::Noticed, error.to_string()),
    };
    Ok(Drilled { kind: chosen, target: target.sentence(), outcome, found, records: length, took_micros })
}

async fn run(
    store: &Store,
    notary: &Notary,
    view: View,
    slug: &str,
    part: &Part,
    outside: Checkpoint,
) -> Result<(), VerifyError> {
    let latest = Latest { note: String::new(), checkpoint: outside, epoch: 1, written: None };
    verify_in(store, notary, view, slug, part, Some(latest)).await.1.map(|_| ())
}

/// A log that did not verify before anything was done to it.
fn unsound(kind: Option<DrillKind>, records: i64, found: String) -> Drilled {
    Drilled {
        kind: kind.unwrap_or(DrillKind::Record),
        target: String::new(),
        outcome: DrillOutcome::Unsound,
        found,
        records,
        took_micros: 0,
    }
}
