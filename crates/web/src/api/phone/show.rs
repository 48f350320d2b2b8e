//! The proven number, and the one that waits for its codes: their ends only.

use axum::extract::State;
use bailiwick_domain::{entity::phone::masked, rule::Me, time::Timestamp};
use bailiwick_ops::phones;
use bailiwick_store::Store;
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct PhoneBody {
    /// Whether the server sends messages at all.
    offered: bool,
    verified: Option<Verified>,
    waiting: Option<Waiting>,
}

#[derive(Serialize)]
struct Verified {
    number: String,
    verified_at: Timestamp,
}

#[derive(Serialize)]
struct Waiting {
    number: String,
    expires_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
) -> Result<Json<PhoneBody>> {
    let mine = phones::mine(&store, &permit).await?;
    Ok(Json(PhoneBody {
        offered: phones::offered(&store),
        verified: mine
            .verified
            .map(|phone| Verified { number: masked(&phone.number), verified_at: phone.verified_at }),
        waiting: mine
            .waiting
            .map(|check| Waiting { number: masked(&check.number), expires_at: check.expires_at }),
    }))
}
