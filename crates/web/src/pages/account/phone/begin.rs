//! Naming a number, to which a code is then sent.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::phones;
use bailiwick_store::Store;
use serde::Deserialize;

use super::PhonePage;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    number: String,
}

pub(super) async fn begin(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Named>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match phones::begin(&store, &permit, &values.number).await {
            Ok(_) => return Ok(SeeOther::to("/account/phone").tell(Message::PhoneAsked).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = PhonePage::read(&store, &permit, &visit).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
