//! Invitations, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadInvitations;
use bailiwick_store::{Scope, Store, invitations};

use super::InvitationBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadInvitations>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<InvitationBody>>> {
    let mut view = store.read(&permit).await?;
    let page = invitations::list(&mut view, before).await?;
    Ok(List::page(page, |invitation| InvitationBody::at(view.now(), invitation)))
}
