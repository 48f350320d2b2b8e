//! Trying the rules on an event, which is stored nowhere.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SetIntake;
use bailiwick_ops::audit::intake;
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::IntakePage;
use crate::{access::Access, error::Result, forms::Form, pages::refused::Refused, shell::Visit};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages::audit) struct AttemptForm {
    event: String,
}

pub(in crate::pages::audit) async fn attempt(
    Access(permit): Access<SetIntake>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<AttemptForm>,
) -> Result<Response> {
    let page = IntakePage::read(&store, &permit, &visit).await?;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match intake::attempt(&store, &permit, &values.event).await {
            Ok(tried) => return Ok(page.tried(&form.typed, tried).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
