//! One security event.

use axum::extract::State;
use bailiwick_domain::{ids::SecurityEventId, rule::ReadSecurityEvents};
use bailiwick_store::{Store, security_events};

use super::SecurityEventBody;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    matching::Versioned,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSecurityEvents>,
    State(store): State<Store>,
    Id(id): Id<SecurityEventId>,
) -> Result<Versioned<SecurityEventBody>> {
    let mut view = store.read(&permit).await?;
    let event = security_events::find(&mut view, id).await?;
    let bodies = SecurityEventBody::of(&mut view, std::slice::from_ref(&event)).await?;
    let body = bodies.into_iter().next().ok_or(Error::NotFound)?;
    Versioned::of(&mut view, &event, || body).await
}
