//! Whether the text of a key is good, and for what.

use std::{net::IpAddr, sync::Arc};

use axum::extract::State;
use bailiwick_domain::{
    entity::{Device, KeyEnvironment},
    ids::{ApiKeyId, TenantId, UserId},
    permission::PermissionSet,
    rule::VerifyKey,
    time::Timestamp,
};
use bailiwick_ops::api_keys::{self, Asked};
use bailiwick_store::{Store, key_cache::GoodKey};
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Problem},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Question {
    key: String,
    /// What the request that came with it needs.
    #[serde(default)]
    scopes: Vec<String>,
    /// Where that request came from; whoever asks, if not given.
    address: Option<IpAddr>,
    /// The `User-Agent` of that request. Only its class is kept.
    agent: Option<String>,
}

#[derive(Serialize)]
pub(in crate::api) struct Answer {
    valid: bool,
    /// `malformed`, `unknown`, `expired`, `revoked`, `maker_disabled`, `suspended`, `address` or `scope`; nothing where it is valid.
    fault: Option<&'static str>,
    /// Nothing where no key of that text works.
    key: Option<KeyBody>,
}

#[derive(Serialize)]
struct KeyBody {
    id: ApiKeyId,
    tenant: TenantId,
    name: String,
    prefix: String,
    environment: KeyEnvironment,
    owner: Option<UserId>,
    /// What it may do at this moment.
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    /// Whether another key is taking its place, so that whoever uses it should change over.
    rotating: bool,
}

impl KeyBody {
    fn of(store: &Store, key: &Arc<GoodKey>) -> Self {
        Self {
            id: key.id,
            tenant: key.tenant,
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            environment: key.environment,
            owner: key.owner,
            scopes: store.catalogue().names(key.permissions).into_iter().map(str::to_owned).collect(),
            expires_at: key.expires_at,
            rotating: key.rotating,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyKey>,
    State(store): State<Store>,
    Json(question): Json<Question>,
) -> Result<Json<Answer>> {
    let scopes = wanted(&store, &question.scopes)?;
    let agent = question.agent.as_deref().map_or(permit.request().device, Device::claimed).browser;
    let address = question.address.or(permit.request().ip);
    let asked = Asked { key: &question.key, scopes, address, agent };
    let found = api_keys::verify(&store, &permit, asked).await?;
    Ok(Json(Answer {
        valid: found.fault.is_none(),
        fault: found.fault.map(api_keys::Fault::name),
        key: found.key.as_ref().map(|key| KeyBody::of(&store, key)),
    }))
}

/// Points at each scope that is no permission, without repeating it.
fn wanted(store: &Store, scopes: &[String]) -> Result<PermissionSet> {
    let mut set = PermissionSet::empty();
    let mut problems = Vec::new();
    for (at, scope) in scopes.iter().enumerate() {
        match store.catalogue().find(scope) {
            Some(permission) => set = set.with(permission),
            None if problems.len() < 20 => {
                problems.push(Problem::new(format!("scopes/{at}"), "This is not a permission."));
            }
            None => {}
        }
    }
    if problems.is_empty() { Ok(set) } else { Err(Error::Invalid(problems)) }
}
