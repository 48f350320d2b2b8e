//! What can be wrong with a configuration. No text here holds the value of a secret.

use std::{
    fmt::{self, Write},
    io,
    path::PathBuf,
};

use super::value::Origin;

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{at}: not TOML: {message}")]
    Syntax {
        /// The place.
        at: Origin,
        /// What the parser said, without the text of the file.
        message: String,
    },
    /// There is no such key.
    #[error("{at}: there is no key `{key}`; the nearest is `{nearest}`")]
    Unknown {
        /// The place.
        at: Origin,
        /// The key as written.
        key: String,
        /// The nearest key there is, written as it would be there.
        nearest: String,
    },
    /// A section was given a value.
    #[error("{at}: `{section}` is a section: write [{section}], and its keys below")]
    Section {
        /// The place.
        at: Origin,
        /// The section.
        section: String,
    },
    /// A region other than the one there is.
    #[error("{at}: there is no region `{region}`; this version serves one region, `local`")]
    Region {
        /// The place.
        at: Origin,
        /// The region as written.
        region: String,
    },
    /// A key was given twice where neither goes before the other.
    #[error("`{key}` is given twice: {first} and {second}")]
    Twice {
        /// The key.
        key: &'static str,
        /// One place.
        first: Origin,
        /// The other.
        second: Origin,
    },
    /// The value is not what its key expects.
    #[error("{at}: `{key}` is {got}; expected {expected}")]
    Wrong {
        /// The place.
        at: Origin,
        /// The key.
        key: &'static str,
        /// The value, or its kind where the value may not be shown.
        got: String,
        /// What would fit.
        expected: String,
    },
    /// The server cannot run without this key.
    #[error(
        "`{key}` is not set; expected {expected}. Set it in bailiwick.toml or as {variable}; `bailiwick init` writes a file to start from"
    )]
    Missing {
        /// The key.
        key: &'static str,
        /// What would fit.
        expected: String,
        /// The environment variable that sets it.
        variable: String,
    },
    /// Two keys do not go together.
    #[error("{at}: {message}")]
    Conflict {
        /// The place of one of them.
        at: Origin,
        /// Which, and what to do.
        message: &'static str,
    },
    /// An environment variable is not text.
    #[error("environment variable {0} is not valid UTF-8")]
    NotText(String),
    /// A flag is not of the form `section.key=value`.
    #[error("flag --set {0}: expected section.key=value")]
    NotAnAssignment(String),
}

/// Everything that is wrong with a configuration, in the order of the keys.
#[derive(Debug)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
