//! The caller's own live sessions, the newest hundred.

use axum::extract::State;
use bailiwick_domain::rule::Me;
use bailiwick_store::{Actor, Store, sessions};
use serde::Serialize;

use super::SessionBody;
use crate::{
    access::Access,
    api::List,
    error::{Error, Result},
    forms::Json,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    session: SessionBody,
    /// Whether it is the one that asks.
    current: bool,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
) -> Result<Json<List<Body>>> {
    let Actor::User { id, session: here, .. } = *permit.actor() else {
        return Err(Error::Forbidden("Only a signed-in person has sessions."));
    };
    let mut view = store.read(&permit).await?;
    let live = sessions::live_of(&mut view, id).await?;
    Ok(List::whole(
        live.into_iter().map(|session| Body { current: session.id == here, session: session.into() }),
    ))
}
