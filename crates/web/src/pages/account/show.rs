//! The person's own account.

use axum::extract::State;
use bailiwick_domain::rule::Me;
use bailiwick_store::Store;

use super::page::AccountPage;
use crate::{access::Access, error::Result, shell::Visit};

pub(super) async fn show(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<AccountPage> {
    AccountPage::read(&store, &permit, &visit, Vec::new(), None).await
}
