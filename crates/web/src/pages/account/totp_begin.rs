//! Setting up an authenticator app: the answer shows its secret, this once.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Deserialize;

use super::page::AccountPage;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Form,
    pages::{authenticator::Enrolment, refused::Refused},
    shell::Visit,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// What the person calls it; numbered if empty.
    #[serde(default)]
    name: String,
}

pub(super) async fn totp_begin(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<New>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(new) => match factors::totp_begin(&store, &permit, Some(&new.name)).await {
            Ok((factor, secret)) => {
                let caller =
                    permit.caller().ok_or(Error::Forbidden("Only a signed-in person has an account."))?;
                let enrolment = Enrolment::shown(format!("/account/factors/{}", factor.id), &secret, caller)?;
                let page = AccountPage::read(&store, &permit, &visit, Vec::new(), Some(enrolment)).await?;
                return Ok(page.into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = AccountPage::read(&store, &permit, &visit, refused.problems, None).await?.again(&form.typed);
    Ok((refused.status, page).into_response())
}
