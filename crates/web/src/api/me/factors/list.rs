//! The caller's own factors, oldest first, and how many recovery codes are left.

use axum::extract::State;
use bailiwick_domain::rule::Me;
use bailiwick_store::{Store, accounts, recovery_codes};
use serde::Serialize;

use super::FactorBody;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Json,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    items: Vec<FactorBody>,
    /// There are a few at most.
    next: Option<String>,
    /// Nothing if none were made.
    recovery_codes_unused: Option<i64>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
) -> Result<Json<Body>> {
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has second factors."))?;
    let mut view = store.read(&permit).await?;
    let factors = accounts::factors(&mut view, caller.user.id).await?;
    let codes = recovery_codes::of(&mut view, caller.user.id).await?;
    Ok(Json(Body {
        items: factors.into_iter().map(FactorBody::from).collect(),
        next: None,
        recovery_codes_unused: codes.map(|codes| codes.unused),
    }))
}
