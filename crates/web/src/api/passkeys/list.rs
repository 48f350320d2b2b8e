//! The caller's passkeys, oldest first; ten at most.

use axum::extract::State;
use bailiwick_domain::rule::Me;
use bailiwick_store::{Store, passkeys};

use super::{PasskeyBody, me};
use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
) -> Result<Json<List<PasskeyBody>>> {
    let mine = me(&permit)?;
    let found = passkeys::of_user(&mut store.read(&permit).await?, mine).await?;
    Ok(List::whole(found.into_iter().map(PasskeyBody::from)))
}
