//! Storing a secret.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::WriteSecrets;
use bailiwick_ops::secrets::{self, Value};
use bailiwick_store::{Store, secrets::Listed};
use serde::Deserialize;

use super::SecretBody;
use crate::{access::Access, api::Created, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewSecret {
    name: String,
    value: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<WriteSecrets>,
    State(store): State<Store>,
    Json(new): Json<NewSecret>,
) -> Result<Response> {
    let new = secrets::NewSecret { name: new.name, value: Value::new(new.value) };
    let secret = secrets::create(&store, &permit, new).await?;
    let location = format!("/v1/secrets/{}", secret.id);
    let body = SecretBody::from(Listed { secret, used: None });
    Ok(Created { location, body }.into_response())
}
