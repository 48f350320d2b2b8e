//! Users in the order in which they joined.

use axum::extract::State;
use bailiwick_domain::rule::ReadUsers;
use bailiwick_store::{Store, users};

use super::UserBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    After(after): After,
) -> Result<Json<List<UserBody>>> {
    let mut view = store.read(&permit).await?;
    Ok(List::page(users::list(&mut view, after).await?, UserBody::from))
}
