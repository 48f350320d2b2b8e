//! One passkey of the caller.

use axum::extract::State;
use bailiwick_domain::{ids::FactorId, rule::Me};
use bailiwick_store::{Store, passkeys};

use super::{PasskeyBody, me};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
) -> Result<Json<PasskeyBody>> {
    let mine = me(&permit)?;
    Ok(Json(passkeys::find(&mut store.read(&permit).await?, mine, id).await?.into()))
}
