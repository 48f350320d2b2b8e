//! Taking away the scopes that a key does not use.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::NarrowApiKey};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;

use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::unused::measured,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn narrow(
    Access(permit): Access<NarrowApiKey>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
) -> Result<SeeOther> {
    api_keys::narrow(&store, &permit, id, measured(&visit)).await?;
    Ok(SeeOther::to(&format!("/api-keys/{id}")).tell(Message::ApiKeyNarrowed))
}
