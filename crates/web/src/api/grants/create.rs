//! Granting or denying a user one permission.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::GrantPermission, time::Timestamp};
use bailiwick_ops::users;
use bailiwick_store::Store;
use serde::Deserialize;

use super::GrantBody;
use crate::{
    access::Access,
    api::Created,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewGrant {
    permission: String,
    effect: String,
    reason: String,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<GrantPermission>,
    State(store): State<Store>,
    Id(user): Id<UserId>,
    Json(new): Json<NewGrant>,
) -> Result<Created<GrantBody>> {
    let new = users::NewGrant {
        permission: new.permission,
        effect: new.effect,
        reason: new.reason,
        expires_at: new.expires_at,
    };
    let grant = users::grant(&store, &permit, user, new).await?;
    Ok(Created { location: format!("/v1/users/{user}/grants/{}", grant.id), body: grant.into() })
}
