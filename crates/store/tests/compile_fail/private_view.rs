//! A view without a permit.
use bailiwick_domain::ids::TenantId;
use bailiwick_store::Store;

async fn peek(store: &Store, tenant: TenantId) {
    let _view = store.view(tenant).await;
}

fn main() {}
