//! The certificate of a destruction, to be kept.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::KeyDestructionId, rule::ReadKeys};
use bailiwick_ops::keys;
use bailiwick_store::Store;

use crate::{access::Access, error::Result, forms::Id};

pub(super) async fn certificate(
    Access(permit): Access<ReadKeys>,
    State(store): State<Store>,
    Id(id): Id<KeyDestructionId>,
) -> Result<Response> {
    let text = keys::certificate(&store, &permit, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"key-destruction-{id}.txt\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}
