//! Issuing an API key. The answer is the only place where the key ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::KeyEnvironment, ids::UserId, rule::CreateApiKey, time::Timestamp};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;
use serde::{Deserialize, Deserializer, Serialize};

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
    /// Ninety days from now, or as many as the policy allows, if missing; `null` for a key without an end.
    #[serde(default, deserialize_with = "said")]
    expires_at: Option<Option<Timestamp>>,
    /// Random, if not given.
    tag: Option<String>,
    /// `live`, if not given.
    environment: Option<KeyEnvironment>,
    /// Addresses and networks in CIDR form; anywhere, if not given.
    #[serde(default)]
    networks: Vec<String>,
    /// Who answers for it; its maker, if not given.
    owner: Option<UserId>,
}

/// Tells what is `null` from what is missing.
fn said<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Serialize)]
pub(super) struct Body<'s> {
    #[serde(flatten)]
    pub(super) key: ApiKeyBody,
    /// The key itself, this once.
    pub(super) secret: &'s str,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateApiKey>,
    State(store): State<Store>,
    Json(new): Json<NewApiKey>,
) -> Result<Response> {
    known_scopes(&store, &new.scopes)?;
    let expires_at = match new.expires_at {
        Some(said) => said,
        None => Some(api_keys::default_end(&store, &permit).await?),
    };
    let new = api_keys::NewApiKey {
        name: new.name,
        scopes: new.scopes,
        expires_at,
        tag: new.tag,
        environment: new.environment.unwrap_or(KeyEnvironment::Live),
        networks: new.networks,
        owner: new.owner,
    };
    let (key, secret) = api_keys::create(&store, &permit, new).await?;
    let location = format!("/v1/api-keys/{}", key.id);
    let body = Body { key: ApiKeyBody::at(key.created_at, key, None), secret: secret.expose() };
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
