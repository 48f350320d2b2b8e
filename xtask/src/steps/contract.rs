//! The running program, held against its own description.

use super::browser::count;
use crate::report::Verdict;
use crate::stop::Result;
use crate::tools::SCHEMATHESIS;
use crate::workspace::Workspace;

/// Asks a demonstration what its description says that it answers.
pub(super) fn run(workspace: &Workspace) -> Result<Verdict> {
    let finished = workspace
        .program("node")
        .args(["e2e/contract.mjs"])
        .env("BAILIWICK_BIN", workspace.binary())
        .env("BAILIWICK_SCHEMATHESIS", SCHEMATHESIS.place()?)
        .run()?;
    let tally = match finished.output.lines().rev().find_map(count) {
        Some(tally) if finished.success && tally.passed > 0 => tally,
        other => other.unwrap_or_default().at_least_one_failure(),
    };
    Ok(Verdict { tally, output: finished.output })
}
