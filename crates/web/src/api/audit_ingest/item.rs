//! What became of one event, as the API says it.

use bailiwick_domain::ids::EventId;
use bailiwick_ops::audit::ingest::Item;
use serde::Serialize;

use super::place;
use crate::{api::audit_events::ProofBody, error::Error, forms::Problem};

/// What became of one event.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum ItemBody {
    /// It is durable.
    Stored {
        id: EventId,
        /// SHA-256 of a zero octet and the record's octets: its leaf in the tree.
        hash: String,
        /// It was stored before, under the same key.
        again: bool,
        /// `included` where the proof is there; `durable` before, or where nobody waited for it.
        state: &'static str,
        /// Its place in the tree; nothing where that was not waited for, or is still to come.
        proof: Option<ProofBody>,
    },
    /// It is stored nowhere.
    Refused { problem: ProblemBody },
}

/// A problem of one event among several (RFC 9457).
#[derive(Serialize)]
pub(super) struct ProblemBody {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    errors: Vec<ErrorBody>,
}

#[derive(Serialize)]
struct ErrorBody {
    pointer: String,
    detail: String,
}

impl ItemBody {
    pub(super) fn of(at: usize, item: Item) -> Self {
        let problem = |pointer: &str, text: String| Problem::new(place(true, at, pointer), text);
        match item {
            Item::Stored { event, hash, again, proof } => {
                let state = if proof.is_some() { "included" } else { "durable" };
                let proof = proof.map(|proof| (*proof).into());
                Self::Stored { id: event, hash, again, state, proof }
            }
            Item::Invalid(faults) => {
                let problems =
                    faults.into_iter().map(|fault| problem(&fault.pointer, fault.text.into_owned()));
                Self::refused(&Error::Invalid(problems.collect()))
            }
            Item::Taken => {
                let taken = problem("/key", "Another event has this key.".to_owned());
                Self::refused(&Error::KeyTaken(vec![taken]))
            }
        }
    }

    fn refused(error: &Error) -> Self {
        let public = error.public();
        let error_of =
            |problem: &Problem| ErrorBody { pointer: problem.pointer(), detail: problem.text.clone() };
        Self::Refused {
            problem: ProblemBody {
                r#type: format!("urn:bailiwick:problem:{}", public.code),
                title: public.title,
                status: error.status().as_u16(),
                detail: public.detail.to_owned(),
                errors: error.problems().iter().map(error_of).collect(),
            },
        }
    }
}
