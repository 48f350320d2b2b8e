//! What a sensitive operation came to.

use axum::http::StatusCode;
use bailiwick_ops::step_up::Outcome;

use crate::error::{Error, Result};

/// 204 once it is done; until then a problem that names the code that was sent, or refuses the one that came.
pub(super) fn answer<T>(outcome: Outcome<T>) -> Result<StatusCode> {
    done(outcome).map(|_| StatusCode::NO_CONTENT)
}

/// What was done; until then as for [`answer`].
pub(super) fn done<T>(outcome: Outcome<T>) -> Result<T> {
    match outcome {
        Outcome::Done(value) => Ok(value),
        Outcome::Asked(asked) => Err(Error::StepUpRequired(Box::new(asked))),
        Outcome::Refused(_) => Err(Error::StepUpRefused),
    }
}
