//! Every organisation, oldest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadTenants;
use bailiwick_store::{Store, tenants};

use super::TenantBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTenants>,
    State(store): State<Store>,
    After(after): After,
) -> Result<Json<List<TenantBody>>> {
    Ok(List::page(tenants::list(&store, &permit, after).await?, TenantBody::from))
}
