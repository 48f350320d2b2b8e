//! How the program ends, and what it says then.

use std::{fmt, process::ExitCode};

use crate::config::{Problem, Problems};

/// The codes that the program ends with, for `--help` and the manual page.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done
  1  a check failed, a record does not fit, or the work could not be done
  2  the command line or the configuration is wrong
  3  the server refused to start, or the command to touch the installation; nothing was changed";

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work was begun and not done, or found something wrong.
    Failed(String),
    /// The configuration is wrong.
    Config(Problems),
    /// What the command line asks for cannot be done as it stands; nothing was changed.
    Asked(Refusal),
    /// Going on would have done harm; nothing was changed.
    Refused(Refusal),
}

/// Why going on would have done harm.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

impl Refusal {
    /// A refusal with its remedy.
    pub(crate) fn new(what: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self { what: what.to_string(), remedy: remedy.to_string() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  what to do: {}", self.what, self.remedy)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(what) => f.write_str(what),
            Self::Config(problems) => write!(f, "the configuration is wrong\n{problems}"),
            Self::Asked(refusal) => refusal.fmt(f),
            Self::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

impl Failure {
    /// The code to end with.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Config(_) | Self::Asked(_) => 2,
            Self::Refused(_) => 3,
        })
    }

    /// Work that could not be done.
    pub(crate) fn failed(what: impl fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Config(problem.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
