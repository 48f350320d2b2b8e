//! Issuing an API key. The answer is the only place where the key ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{rule::CreateApiKey, time::Timestamp};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::ApiKeyBody;
use crate::{
    access::Access,
    api::Created,
    error::{Error, Result},
    forms::{Json, Problem},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewApiKey {
    name: String,
    scopes: Vec<String>,
    /// Never, if not given.
    expires_at: Option<Timestamp>,
    /// Random, if not given.
    tag: Option<String>,
}

#[derive(Serialize)]
struct Body<'s> {
    #[serde(flatten)]
    key: ApiKeyBody,
    /// The key itself, this once.
    secret: &'s str,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateApiKey>,
    State(store): State<Store>,
    Json(new): Json<NewApiKey>,
) -> Result<Response> {
    known_scopes(&store, &new.scopes)?;
    let new =
        api_keys::NewApiKey { name: new.name, scopes: new.scopes, expires_at: new.expires_at, tag: new.tag };
    let (key, secret) = api_keys::create(&store, &permit, new).await?;
    let location = format!("/v1/api-keys/{}", key.id);
    let body = Body { key: ApiKeyBody::at(key.created_at, key), secret: secret.expose() };
    Ok(Created { location, body }.into_response())
}

/// Points at each scope that is no permission, without repeating it: it may be anything, even a key.
fn known_scopes(store: &Store, scopes: &[String]) -> Result<()> {
    let unknown = scopes.iter().enumerate().filter(|(_, scope)| store.catalogue().find(scope).is_none());
    let problems: Vec<_> = unknown
        .map(|(at, _)| Problem::new(format!("scopes/{at}"), "This is not a permission."))
        .take(20)
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
