//! Replacing the policy.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::UpdatePolicy;
use bailiwick_ops::policy::{self, NewPolicy};
use bailiwick_store::Store;

use super::PolicyBody;
use crate::{access::Access, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdatePolicy>,
    State(store): State<Store>,
    Json(new): Json<PolicyBody>,
) -> Result<StatusCode> {
    let new = NewPolicy {
        mfa_floor: new.mfa_floor,
        mfa_grace_days: new.mfa_grace_days,
        role_floors: new.role_floors,
        session_idle_minutes: new.session_idle_minutes,
        session_absolute_hours: new.session_absolute_hours,
        reauth_minutes: new.reauth_minutes,
        invitation_days: new.invitation_days,
        api_key_days: new.api_key_days,
    };
    policy::update(&store, &permit, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
