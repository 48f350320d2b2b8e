//! Running a tamper drill.

use axum::extract::State;
use bailiwick_domain::rule::RunDrill;
use bailiwick_ops::audit::drills::{self, Choice};

use super::DrillBody;
use crate::{
    access::Access,
    api::{Created, NoBody},
    error::Result,
    state::AppState,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<RunDrill>,
    State(state): State<AppState>,
    _: NoBody,
) -> Result<Created<DrillBody>> {
    let drill = drills::run(&state.store, &permit, &state.notary, Choice::default()).await?;
    Ok(Created { location: format!("/v1/audit/drills/{}", drill.id), body: drill.into() })
}
