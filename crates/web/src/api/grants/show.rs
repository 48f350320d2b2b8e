//! One grant or denial.

use axum::extract::State;
use bailiwick_domain::{
    ids::{GrantId, UserId},
    rule::ReadUsers,
};
use bailiwick_store::{Store, grants};

use super::GrantBody;
use crate::{
    access::Access,
    api::Pair,
    error::{Error, Result},
    matching::Versioned,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    Pair(user, id): Pair<UserId, GrantId>,
) -> Result<Versioned<GrantBody>> {
    let mut view = store.read(&permit).await?;
    let grants = grants::of_user(&mut view, user).await?;
    let grant = grants.into_iter().find(|grant| grant.id == id).ok_or(Error::NotFound)?;
    Versioned::of(&mut view, &grant.clone(), || grant.into()).await
}
