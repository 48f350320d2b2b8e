//! Letters, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadMail;
use bailiwick_store::{Store, mail};

use super::MailBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadMail>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<MailBody>>> {
    let mut view = store.read(&permit).await?;
    let page = mail::list(&mut view, None, before).await?;
    Ok(List::page(page, MailBody::from))
}
