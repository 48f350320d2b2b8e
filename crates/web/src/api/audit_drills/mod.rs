pub(super) mod list;
pub(super) mod run;
pub(super) mod show;

use bailiwick_domain::{
    entity::{Drill, DrillKind, DrillOutcome, Probe},
    ids::DrillId,
    time::Timestamp,
};
use serde::Serialize;

/// A tamper drill as programs read it.
#[derive(Serialize)]
pub(in crate::api) struct DrillBody {
    id: DrillId,
    /// What was done to a copy of the log.
    kind: DrillKind,
    /// To which record, tile or checkpoint; empty where nothing was done.
    target: String,
    /// What verification made of it: `named`, `noticed`, `missed` or `unsound`.
    outcome: DrillOutcome,
    /// The finding, one sentence; empty where there was none.
    found: String,
    /// Records in the copy.
    records: i64,
    /// How long verification took.
    took_micros: i64,
    /// What the drill can be repeated with.
    seed: i64,
    /// What the database was asked besides, and its own words.
    probes: Vec<Probe>,
    at: Timestamp,
}

impl From<Drill> for DrillBody {
    fn from(drill: Drill) -> Self {
        Self {
            id: drill.id,
            kind: drill.kind,
            target: drill.target,
            outcome: drill.outcome,
            found: drill.found,
            records: drill.records,
            took_micros: drill.took_micros,
            seed: drill.seed,
            probes: drill.probes,
            at: drill.at,
        }
    }
}
