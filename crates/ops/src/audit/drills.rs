//! Tamper drills: altering a copy of the log, to see that verification names what was done.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Drill, DrillKind, DrillOutcome, Probe, Severity},
    rule::Writes,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Store,
    audit::{self, Drilled, Notary},
};

use crate::{Error, Result};

/// A server that was started so long ago runs the first drill of logs that had none. One that is only looked at never does.
const FIRST_AFTER: Span = Span::hours(1);
/// Bits of a seed: a number that JSON carries exactly (RFC 8259 §6).
const SEED_BITS: u64 = (1 << 53) - 1;

/// What a drill is to do; what is left open follows from the store's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    /// What every choice follows from, up to 2⁵³ − 1.
    pub seed: Option<u64>,
    /// What is done to the copy.
    pub kind: Option<DrillKind>,
}

/// Tries to change the past, runs one drill on a copy of the log of the permit's tenant, and records what came of both.
///
/// What was not detected, a log that does not verify, and a database that would have let the past be changed raise a security event.
///
/// # Errors
/// [`Error::Conflict`] while another drill runs, and where the log is too short for the kind that is asked for.
pub async fn run<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    notary: &Notary,
    choice: Choice,
) -> Result<Drill> {
    let seed = choice.seed.unwrap_or_else(|| random(store)) & SEED_BITS;
    let probes = audit::prove(store, permit).await?;
    let drilled = audit::drill(store, permit, notary, seed, choice.kind, audit::COPIED).await?;
    record(store, permit, drilled, probes, seed).await
}

async fn record<R: Writes>(
    store: &Store,
    permit: &Permit<R>,
    drilled: Drilled,
    probes: Vec<Probe>,
    seed: u64,
) -> Result<Drill> {
    let drill = Drill {
        id: store.new_id(),
        kind: drilled.kind,
        target: drilled.target,
        outcome: drilled.outcome,
        found: drilled.found,
        records: drilled.records,
        took_micros: drilled.took_micros,
        seed: i64::try_from(seed).unwrap_or_default(),
        probes,
        at: store.now(),
    };
    store
        .change(permit, async |tx| {
            let written = audit::insert_drill(tx, drill.clone()).await?;
            let event = Event::new("audit_drill.run", &written)?;
            let event = match alarm(&drill) {
                Some(sentence) => event.raising(Severity::High, sentence),
                None => event,
            };
            Ok::<_, Error>(tx.record(event, drill.clone()))
        })
        .await
}

/// What nobody may overlook about a drill.
fn alarm(drill: &Drill) -> Option<&'static str> {
    match drill.outcome {
        DrillOutcome::Unsound => {
            Some("The audit log does not verify: a tamper drill found it altered beforehand.")
        }
        DrillOutcome::Missed => {
            Some("A tamper drill was not detected: verification found nothing wrong with an altered copy.")
        }
        DrillOutcome::Named | DrillOutcome::Noticed if !drill.is_append_only() => {
            Some("The database would have let the audit log be changed.")
        }
        DrillOutcome::Named | DrillOutcome::Noticed => None,
    }
}

fn random(store: &Store) -> u64 {
    let mut octets = [0; 8];
    store.entropy().fill(&mut octets);
    u64::from_le_bytes(octets)
}

/// Runs the drills that are due, each log once in a while.
#[derive(Clone)]
pub struct Drills {
    store: Store,
    jobs: Arc<Jobs>,
    notary: Notary,
    every: Span,
    begun: Timestamp,
}

impl Drills {
    /// Over `store`, each log once in `every`.
    #[must_use]
    pub fn new(store: Store, jobs: Arc<Jobs>, notary: Notary, every: Span) -> Self {
        let begun = store.now();
        Self { store, jobs, notary, every, begun }
    }

    /// Runs what is due, up to a bound, and returns how many drills that were.
    ///
    /// # Errors
    /// The first failure; the others were run all the same.
    pub async fn round(&self) -> Result<usize> {
        let now = self.store.now();
        let never = now.since(self.begun) >= FIRST_AFTER;
        let (mut run_so_far, mut failed) = (0, None);
        for tenant in audit::drills_due(&self.store, now - self.every, never).await? {
            let permit = self.jobs.permit(Job::Drills, tenant);
            match run(&self.store, &permit, &self.notary, Choice::default()).await {
                Ok(_) => run_so_far += 1,
                // Somebody's own drill is running; the next round comes soon.
                Err(Error::Conflict(_)) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(run_so_far), Err)
    }

    /// Runs a drill on every log there is, whenever the last one was, each with `choice`.
    ///
    /// # Errors
    /// The first failure, which ends it.
    pub async fn all(&self, choice: Choice) -> Result<Vec<Drill>> {
        let mut drills = Vec::new();
        for tenant in audit::logs(&self.store).await? {
            let permit = self.jobs.permit(Job::Drills, tenant);
            drills.push(run(&self.store, &permit, &self.notary, choice).await?);
        }
        Ok(drills)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drill(outcome: DrillOutcome, refused: bool) -> Drill {
        let probe = Probe { statement: "DELETE FROM audit_event".into(), answer: String::new(), refused };
        Drill {
            id: uuid::Uuid::nil().into(),
            kind: DrillKind::Record,
            target: String::new(),
            outcome,
            found: String::new(),
            records: 1,
            took_micros: 0,
            seed: 0,
            probes: vec![probe],
            at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn whoever_reads_security_events_hears_of_what_was_overlooked_and_of_nothing_else() {
        for (outcome, refused, alarms) in [
            (DrillOutcome::Named, true, false),
            (DrillOutcome::Noticed, true, false),
            (DrillOutcome::Missed, true, true),
            (DrillOutcome::Unsound, true, true),
            (DrillOutcome::Named, false, true),
        ] {
            assert_eq!(alarm(&drill(outcome, refused)).is_some(), alarms, "{outcome:?}");
        }
    }
}
