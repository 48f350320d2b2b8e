//! Saying that somebody is on it.

use axum::extract::State;
use bailiwick_domain::{ids::SecurityEventId, rule::TriageSecurityEvents};
use bailiwick_ops::security_events;
use bailiwick_store::Store;

use crate::{
    access::Access,
    error::Result,
    forms::Id,
    shell::{Message, SeeOther},
};

pub(super) async fn acknowledge(
    Access(permit): Access<TriageSecurityEvents>,
    State(store): State<Store>,
    Id(id): Id<SecurityEventId>,
) -> Result<SeeOther> {
    security_events::acknowledge(&store, &permit, id).await?;
    Ok(SeeOther::to("/security/events").tell(Message::EventAcknowledged))
}
