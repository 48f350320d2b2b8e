//! What the checks found, as counts.

use std::time::Duration;

/// What one step found.
pub(crate) struct Verdict {
    /// What the step counted.
    pub(crate) tally: Tally,
    /// Shown in full when the step failed.
    pub(crate) output: String,
}

/// Checks that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Checks that passed.
    pub(crate) passed: u64,
    /// Checks that failed, or could not be run.
    pub(crate) failed: u64,
}

impl Tally {
    /// The sum of two counts.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// At least one failure: for a step that failed without saying how often.
    pub(crate) fn at_least_one_failure(self) -> Self {
        Self { failed: self.failed.max(1), ..self }
    }

    /// Whether something ran and nothing failed.
    pub(crate) fn is_good(self) -> bool {
        self.passed > 0 && self.failed == 0
    }

    /// The closing line.
    pub(crate) fn line(self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }
}

impl Verdict {
    /// A step that counts as one check.
    pub(crate) fn single(success: bool, output: String) -> Self {
        let tally = if success { Tally { passed: 1, failed: 0 } } else { Tally { passed: 0, failed: 1 } };
        Self { tally, output }
    }

    /// A step that could not be run.
    pub(crate) fn not_run(reason: impl Into<String>) -> Self {
        Self { tally: Tally { passed: 0, failed: 1 }, output: reason.into() }
    }

    /// Prints the step's line, and all it wrote when it failed.
    pub(crate) fn print(&self, name: &str, took: Duration) {
        let Self { tally, output } = self;
        if tally.failed > 0 {
            println!("{}\n", output.trim_end());
        }
        let word = if tally.failed == 0 { "ok  " } else { "FAIL" };
        println!("{word}   {name:<13} {:>28} {:>8.1} s", tally.line(), took.as_secs_f64());
    }
}
