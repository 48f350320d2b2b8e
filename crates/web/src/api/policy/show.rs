//! Reading the policy.

use axum::extract::State;
use bailiwick_domain::rule::ReadPolicy;
use bailiwick_store::{Store, tenants};

use super::PolicyBody;
use crate::{access::Access, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadPolicy>,
    State(store): State<Store>,
) -> Result<Json<PolicyBody>> {
    let mut view = store.read(&permit).await?;
    let policy = tenants::policy(&mut view).await?;
    Ok(Json(PolicyBody {
        mfa_floor: policy.mfa_floor.name().to_owned(),
        session_idle_minutes: policy.session_idle_minutes,
        session_absolute_hours: policy.session_absolute_hours,
        reauth_minutes: policy.reauth_minutes,
        invitation_days: policy.invitation_days,
    }))
}
