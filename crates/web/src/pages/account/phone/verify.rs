//! Proving the number with the code of the message and that of the letter.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::phones::{self, Codes};
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
pub(super) struct Given {
    message_code: String,
    letter_code: String,
}

pub(super) async fn verify(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Given>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(Given { message_code, letter_code }) => {
            let codes = Codes { message: message_code, letter: letter_code };
            match phones::verify(&store, &permit, codes).await {
                Ok(()) => {
                    return Ok(SeeOther::to("/account#phone").tell(Message::PhoneVerified).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = PhonePage::read(&store, &permit, &visit).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
