//! One user, with what they may do and why.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::ReadUsers};
use bailiwick_ops::users::permissions_of;
use bailiwick_store::{Store, grants, users};
use serde::Serialize;

use super::UserBody;
use crate::{
    access::Access,
    api::grants::GrantBody,
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    user: UserBody,
    /// What departs from the role.
    grants: Vec<GrantBody>,
    /// What the role and the grants amount to, by name.
    permissions: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<Json<Body>> {
    let mut view = store.read(&permit).await?;
    let listed = users::find_listed(&mut view, id).await?;
    let held = permissions_of(&store, &mut view, &listed.user).await?;
    let grants = grants::of_user(&mut view, id).await?;
    Ok(Json(Body {
        user: listed.into(),
        grants: grants.into_iter().map(GrantBody::from).collect(),
        permissions: store.catalogue().names(held).into_iter().map(str::to_owned).collect(),
    }))
}
