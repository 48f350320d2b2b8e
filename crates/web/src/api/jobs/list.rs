//! The background jobs of the server that answers: when each ran, and how it went.

use axum::extract::State;
use bailiwick_domain::{rule::ReadJobs, time::Timestamp};
use serde::Serialize;

use crate::{access::Access, api::List, forms::Json, state::AppState};

#[derive(Serialize)]
pub(in crate::api) struct JobBody {
    name: &'static str,
    ended_at: Timestamp,
    took_seconds: i64,
    /// How many things the last round did; nothing where it failed.
    done: Option<u64>,
    /// Rounds that failed since one went well.
    failures: u32,
    next_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(_): Access<ReadJobs>,
    State(state): State<AppState>,
) -> Json<List<JobBody>> {
    List::whole(state.jobs.rounds().into_iter().map(|(name, round)| JobBody {
        name,
        ended_at: round.ended_at,
        took_seconds: round.took.as_seconds(),
        done: round.done,
        failures: round.failures,
        next_at: round.next_at,
    }))
}
