//! What a sensitive operation came to.

use axum::http::StatusCode;
use bailiwick_ops::step_up::Outcome;

use crate::error::{Error, Result};

/// 204 once it is done; until then a problem that names the code that was sent, or refuses the one that came.
pub(super) fn answer<T>(outcome: Outcome<T>) -> Result<StatusCode> {
    match outcome {
        Outcome::Done(_) => Ok(StatusCode::NO_CONTENT),
        Outcome::Asked(asked) => Err(Error::StepUpRequired(Box::new(asked))),
        Outcome::Refused(_) => Err(Error::StepUpRefused),
    }
}
