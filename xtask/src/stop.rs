//! Why a task ends early.

use std::io;

/// What ends a task before its own end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A signal asked for the end.
    Interrupted,
    /// Something is missing or broken; the text says what to do.
    Failed(String),
}

/// The result of anything a task does.
pub(crate) type Result<T> = std::result::Result<T, Stop>;

impl Stop {
    /// A failure with the given text.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

/// Says what was being attempted when an input or output operation failed.
pub(crate) trait Context<T> {
    /// Turns the error into a [`Stop`] that begins with `doing`.
    fn context(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Stop::Failed(format!("{}: {error}", doing())))
    }
}
