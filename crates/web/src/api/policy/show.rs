//! Reading the policy.

use axum::extract::State;
use bailiwick_domain::rule::ReadPolicy;
use bailiwick_store::{Store, tenants};

use super::PolicyBody;
use crate::{access::Access, error::Result, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadPolicy>,
    State(store): State<Store>,
) -> Result<Versioned<PolicyBody>> {
    let mut view = store.read(&permit).await?;
    let policy = tenants::policy(&mut view).await?;
    Versioned::of(&mut view, &policy, || PolicyBody {
        mfa_floor: policy.floor.level().name().to_owned(),
        mfa_grace_days: policy.mfa_grace_days,
        role_floors: policy
            .role_floors
            .iter()
            .map(|(role, floor)| (role.name().to_owned(), floor.level().name().to_owned()))
            .collect(),
        session_idle_minutes: policy.session_idle_minutes,
        session_absolute_hours: policy.session_absolute_hours,
        reauth_minutes: policy.reauth_minutes,
        invitation_days: policy.invitation_days,
        api_key_days: policy.api_key_days,
    })
    .await
}
