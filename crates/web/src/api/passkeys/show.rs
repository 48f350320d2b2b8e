//! One passkey of the caller.

use axum::extract::State;
use bailiwick_domain::{ids::FactorId, rule::Me};
use bailiwick_store::{Store, passkeys};

use super::{PasskeyBody, me};
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
) -> Result<Versioned<PasskeyBody>> {
    let mine = me(&permit)?;
    let mut view = store.read(&permit).await?;
    let passkey = passkeys::find(&mut view, mine, id).await?;
    Versioned::of(&mut view, &passkey.clone(), || passkey.into()).await
}
