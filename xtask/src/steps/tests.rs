//! Tests in Rust, counted one by one.

use super::{browser, cargo::SHIPPED};
use crate::postgres::{Cluster, Durability};
use crate::report::{Tally, Verdict};
use crate::stop::Result;
use crate::workspace::Workspace;

/// Runs every test of the workspace; those that need PostgreSQL find one that lives as long as this call, and those that need
/// programs of other makers find them installed.
pub(super) fn run(workspace: &Workspace, durability: Durability) -> Result<Verdict> {
    browser::install_packages(workspace)?;
    let cluster = Cluster::start(durability)?;
    let mut program = workspace
        .cargo([
            "nextest",
            "run",
            "--workspace",
            "--exclude",
            "bailiwick-bench",
            "--locked",
            "--offline",
            "--no-fail-fast",
        ])
        .args(SHIPPED)
        .args(["--color=never", "--status-level=pass", "--final-status-level=fail", "--no-tests=fail"])
        // A snapshot that differs fails; it is never rewritten here.
        .env("INSTA_UPDATE", "no");
    for (key, value) in cluster.variables() {
        program = program.env(key, value);
    }
    let finished = program.run()?;
    let tally = count_nextest(&finished.output);
    let tally = match tally {
        Some(tally) if finished.success => tally,
        other => other.unwrap_or_default().at_least_one_failure(),
    };
    Ok(Verdict { tally, output: without_passes(&finished.output) })
}

/// Runs the examples in the documentation.
pub(super) fn documentation(workspace: &Workspace) -> Result<Verdict> {
    let finished = workspace
        .cargo([
            "test",
            "--doc",
            "--workspace",
            "--exclude",
            "bailiwick-bench",
            "--locked",
            "--offline",
            "--no-fail-fast",
        ])
        .run()?;
    let tally = finished.output.lines().filter_map(count_libtest).fold(Tally::default(), Tally::plus);
    let tally = if finished.success { tally } else { tally.at_least_one_failure() };
    Ok(Verdict { tally, output: finished.output })
}

/// Reads `Summary [ 1.2s] 9/12 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 3 skipped`.
fn count_nextest(output: &str) -> Option<Tally> {
    let line = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
    let (_, counts) = line.split_once(']')?;
    let (run, results) = counts.split_once(" run:")?;
    let run: Vec<u64> = numbers(run);
    let all = run.last().copied()?;
    let passed = results
        .split(',')
        .find(|part| part.contains(" passed"))
        .and_then(|part| numbers(part).first().copied())
        .unwrap_or(0);
    // Whatever did not pass failed: timed out, could not be started, or was never reached.
    Some(Tally { passed, failed: all.saturating_sub(passed) })
}

/// Reads `test result: ok. 3 passed; 1 failed; 0 ignored; …`.
fn count_libtest(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?;
    let of = |word: &str| {
        counts
            .split([';', '.'])
            .find(|part| part.contains(word))
            .and_then(|part| numbers(part).first().copied())
    };
    Some(Tally { passed: of(" passed")?, failed: of(" failed")? })
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn without_passes(output: &str) -> String {
    output
        .lines()
        .filter(|line| !line.trim_start().starts_with("PASS ["))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[cfg(test)]
mod counting {
    use super::{Tally, count_libtest, count_nextest};

    #[test]
    fn nextest_summaries_are_read() {
        let good = "noise\n     Summary [   0.006s] 12 tests run: 12 passed (1 slow), 3 skipped\n";
        assert_eq!(count_nextest(good), Some(Tally { passed: 12, failed: 0 }));
        let bad = "     Summary [   0.006s] 9/12 tests run: 6 passed, 1 failed, 1 timed out, 1 exec failed, 0 skipped";
        assert_eq!(count_nextest(bad), Some(Tally { passed: 6, failed: 6 }));
        assert_eq!(count_nextest("error: could not compile"), None);
    }

    #[test]
    fn test_harness_results_are_read() {
        let line = "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s";
        assert_eq!(count_libtest(line), Some(Tally { passed: 3, failed: 1 }));
        assert_eq!(count_libtest("test a ... ok"), None);
    }
}
