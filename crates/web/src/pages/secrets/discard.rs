//! Taking a staged version back.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::SecretId, rule::WriteSecrets};
use bailiwick_ops::secrets;
use bailiwick_store::Store;

use super::{LIST, show::refused_at};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn discard(
    Access(permit): Access<WriteSecrets>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
) -> Result<Response> {
    match secrets::discard(&store, &permit, id).await {
        Ok(_) => Ok(SeeOther::to(&format!("{LIST}/{id}")).tell(Message::SecretDiscarded).into_response()),
        Err(error) => refused_at(&store, &permit, &visit, id, Refused::by(error, &[])?).await,
    }
}
