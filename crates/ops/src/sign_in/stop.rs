//! How an attempt leaves its transaction without anything written.

use bailiwick_store::Public;

use crate::Error;

/// Why an attempt leaves its transaction without anything written.
pub(crate) enum Stop {
    /// Over a limit, as the log says already. Saying it each time would let a guesser flood the log.
    Unsaid(Error),
    /// As every operation fails.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<bailiwick_store::Error> for Stop {
    fn from(error: bailiwick_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Unsaid(error) | Stop::Failed(error) => error,
        }
    }
}

impl Public for Stop {
    fn code(&self) -> Option<&'static str> {
        match self {
            Self::Unsaid(_) => None,
            Self::Failed(error) => error.code(),
        }
    }
}
