//! One letter.

use axum::extract::State;
use bailiwick_domain::{ids::MailId, rule::ReadMail};
use bailiwick_store::{Store, mail};

use super::MailBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadMail>,
    State(store): State<Store>,
    Id(id): Id<MailId>,
) -> Result<Json<MailBody>> {
    let listed = mail::find(&mut store.read(&permit).await?, id).await?;
    Ok(Json(listed.into()))
}
