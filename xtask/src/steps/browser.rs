//! The pages, in a real browser against the built program.

use std::path::Path;

use crate::machine::find_chromium;
use crate::report::{Tally, Verdict};
use crate::stop::{Context, Result, Stop};
use crate::workspace::Workspace;

/// Brings the JavaScript packages to what the lock file says.
pub(super) fn install_packages(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("e2e");
    let lock = folder.join("package-lock.json");
    let wanted = std::fs::read(&lock).context(|| format!("cannot read {}", lock.display()))?;
    let mark = folder.join("node_modules").join(".installed-lock.json");
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    workspace
        .program("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .dir(&folder)
        .expect()?;
    std::fs::write(&mark, wanted).context(|| format!("cannot write {}", mark.display()))
}

/// Runs the browser tests whose file name contains `filter`.
pub(super) fn run(workspace: &Workspace, filter: Option<&str>, shots: Option<&Path>) -> Result<Verdict> {
    install_packages(workspace)?;
    let chromium = find_chromium().ok_or_else(|| Stop::failed("Chromium is not installed"))?;
    let mut program = workspace
        .program("node")
        .args(["e2e/run.mjs"])
        .args(filter)
        .env("BAILIWICK_BIN", workspace.binary())
        .env("BAILIWICK_CHROMIUM", chromium);
    if let Some(shots) = shots {
        program =
            program.env("BAILIWICK_SHOTS", std::path::absolute(shots).unwrap_or_else(|_| shots.to_owned()));
    }
    let finished = program.run()?;
    let tally = match finished.output.lines().rev().find_map(count) {
        Some(tally) if finished.success && tally.passed > 0 => tally,
        other => other.unwrap_or_default().at_least_one_failure(),
    };
    Ok(Verdict { tally, output: finished.output })
}

/// Reads `N passed, N failed`.
fn count(line: &str) -> Option<Tally> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Tally { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod counting {
    use super::{Tally, count};

    #[test]
    fn closing_line_is_read() {
        assert_eq!(count("12 passed, 3 failed"), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(count("12 passed, many failed"), None);
    }
}
