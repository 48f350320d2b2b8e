//! A transaction that nobody committed to record.
use bailiwick_domain::ids::TenantId;
use bailiwick_store::Store;

async fn sneak(store: &Store, tenant: TenantId) {
    let tx = store.begin(tenant).await.unwrap();
    store.commit(tx, Vec::new()).await.unwrap();
}

fn main() {}
