//! Registering a schema.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SetIntake;
use bailiwick_ops::audit::intake::{self, NewSchema};
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::IntakePage;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages::audit) struct SchemaForm {
    action: String,
    schema: String,
}

pub(in crate::pages::audit) async fn register(
    Access(permit): Access<SetIntake>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<SchemaForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => {
            let new = NewSchema { action: values.action, schema: values.schema };
            match intake::register_schema(&store, &permit, new).await {
                Ok(schema) => {
                    let to = format!("/audit/intake/schemas/{}", schema.id);
                    return Ok(SeeOther::to(&to).tell(Message::EventSchemaRegistered).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = IntakePage::read(&store, &permit, &visit).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
