//! One user.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::ReadUsers};
use bailiwick_store::Store;

use super::page::UserPage;
use crate::{access::Access, error::Result, forms::Id, shell::Visit};

pub(super) async fn show(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<UserPage> {
    UserPage::read(&store, &permit, &visit, id, Vec::new()).await
}
