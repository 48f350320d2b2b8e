//! Staging another version of a secret.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::SecretId, rule::WriteSecrets};
use bailiwick_ops::secrets::{self, Value};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{LIST, as_typed, show::refused_at};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Staged {
    value: String,
}

pub(super) async fn stage(
    Access(permit): Access<WriteSecrets>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
    form: Form<Staged>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(staged) => match secrets::stage(&store, &permit, id, Value::new(as_typed(&staged.value))).await {
            Ok(_) => {
                let there = format!("{LIST}/{id}");
                return Ok(SeeOther::to(&there).tell(Message::SecretStaged).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    refused_at(&store, &permit, &visit, id, refused).await
}
