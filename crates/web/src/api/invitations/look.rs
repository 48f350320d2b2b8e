//! What an invitation is, for whoever holds its link. Looking uses nothing up.

use axum::extract::State;
use bailiwick_domain::{role::RoleName, rule::SignIn, time::Timestamp};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::link;
use crate::{access::Access, error::Result, forms::Json, pages::join::invited};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Looking {
    /// From the link in the letter, what stands behind `/join/`.
    token: String,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    organisation: String,
    email: String,
    role: RoleName,
    /// What people call the role.
    role_title: String,
    /// What its holders are there for; may be empty.
    role_purpose: String,
    expires_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(looking): Json<Looking>,
) -> Result<Json<Body>> {
    let who = invited(&store, &permit, &link(&permit, &looking.token)?).await?;
    Ok(Json(Body {
        organisation: who.organisation,
        email: who.invitation.email,
        role: who.invitation.role,
        role_title: who.role,
        role_purpose: who.purpose,
        expires_at: who.invitation.expires_at,
    }))
}
