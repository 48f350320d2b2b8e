//! Streams of the audit log.

pub(super) mod act;
pub(super) mod create;
pub(super) mod dead_letters;
pub(super) mod list;
pub(super) mod place;
pub(super) mod remove;
pub(super) mod replay;
pub(super) mod secret;
pub(super) mod show;
pub(super) mod start;
pub(super) mod update;

use bailiwick_domain::{
    entity::{StreamFault, StreamFilter, StreamKind, StreamState},
    ids::StreamId,
    time::Timestamp,
};
use bailiwick_store::audit::stream::Listed;
use serde::{Deserialize, Serialize};

use crate::{error::Error, forms::Problem};

/// A stream as the API shows it: never its whole address, its credentials and its secrets.
#[derive(Serialize)]
pub(super) struct StreamBody {
    id: StreamId,
    name: String,
    kind: StreamKind,
    origin: String,
    filter: StreamFilter,
    state: StreamState,
    failing: bool,
    created_at: Timestamp,
    /// Everything before this index has arrived, or was left behind.
    next_index: i64,
    /// The size of the tree.
    tree_size: i64,
    /// Records between the two.
    lag: i64,
    delivered: i64,
    delivered_at: Option<Timestamp>,
    attempts: i64,
    fault: Option<StreamFault>,
    failing_since: Option<Timestamp>,
    next_attempt_at: Timestamp,
    dead_letters: i64,
    test_waits: bool,
    tested_at: Option<Timestamp>,
    test_fault: Option<StreamFault>,
}

impl From<Listed> for StreamBody {
    fn from(Listed { stream, progress }: Listed) -> Self {
        Self {
            id: stream.id,
            name: stream.name,
            kind: stream.kind,
            origin: stream.origin,
            filter: stream.filter,
            state: stream.state,
            failing: stream.failing,
            created_at: stream.created_at,
            next_index: progress.next_leaf,
            tree_size: progress.tree_size,
            lag: progress.lag(),
            delivered: progress.delivered,
            delivered_at: progress.delivered_at,
            attempts: progress.attempts,
            fault: progress.fault,
            failing_since: progress.failing_since,
            next_attempt_at: progress.next_attempt_at,
            dead_letters: progress.dead,
            test_waits: progress.test_waits,
            tested_at: progress.tested_at,
            test_fault: progress.test_fault,
        }
    }
}

/// Which records leave by it; each part may be missing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterBody {
    action: Option<String>,
    entity_type: Option<String>,
    outcome: Option<String>,
}

impl From<FilterBody> for StreamFilter {
    fn from(body: FilterBody) -> Self {
        Self { action: body.action, entity_type: body.entity_type, outcome: body.outcome }
    }
}

/// What an operation refused, with each part of the place and of the filter where the body has it.
pub(super) fn refused(error: bailiwick_ops::Error) -> Error {
    let nested = |problem: Problem| {
        let field = match problem.field.as_str() {
            "name" | "from" => return problem,
            part @ ("action" | "entity_type" | "outcome") => format!("filter/{part}"),
            part => format!("place/{part}"),
        };
        Problem { field, ..problem }
    };
    match Error::from(error) {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(nested).collect()),
        other => other,
    }
}
