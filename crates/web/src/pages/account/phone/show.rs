//! The number there is, and the form for another one.

use axum::extract::State;
use bailiwick_domain::rule::MyProofs;
use bailiwick_store::Store;

use super::PhonePage;
use crate::{access::Access, error::Result, shell::Visit};

pub(super) async fn show(
    Access(permit): Access<MyProofs>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<PhonePage> {
    PhonePage::read(&store, &permit, &visit).await
}
