//! Changing a role that the tenant made.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{role::CustomName, rule::UpdateRole};
use bailiwick_ops::roles::{self, Change};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{NAMES, show::RolePage};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeForm {
    label: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    permission: Vec<String>,
}

pub(super) async fn change(
    Access(permit): Access<UpdateRole>,
    visit: Visit,
    State(store): State<Store>,
    Id(name): Id<CustomName>,
    form: Form<ChangeForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) => {
            let new = Change {
                label: values.label,
                description: values.description,
                permissions: values.permission,
            };
            match roles::change(&store, &permit, name, new).await {
                Ok(_) => {
                    let to = format!("/roles/{name}");
                    return Ok(SeeOther::to(&to).tell(Message::RoleSaved).into_response());
                }
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let page = RolePage::read(&store, &permit, &visit, name.into()).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}
