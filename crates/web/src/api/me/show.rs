//! Who the caller is and what they may do.

use axum::extract::State;
use bailiwick_domain::{
    entity::{SignInMethod, Tenant},
    ids::{ApiKeyId, TenantId, UserId},
    role::RoleName,
    rule::Me,
    zone::Zone,
};
use bailiwick_store::{Actor, Store, api_keys, tenants};
use serde::Serialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Json,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    caller: Caller,
    tenant: Organisation,
    /// Everything the caller may do, by name.
    permissions: Vec<String>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Caller {
    User {
        id: UserId,
        email: String,
        name: String,
        role: RoleName,
        /// Nothing for UTC.
        time_zone: Option<Zone>,
        signed_in_by: SignInMethod,
    },
    ApiKey {
        id: ApiKeyId,
        name: String,
        prefix: String,
    },
}

#[derive(Serialize)]
struct Organisation {
    id: TenantId,
    slug: String,
    name: String,
    region: String,
}

impl From<Tenant> for Organisation {
    fn from(tenant: Tenant) -> Self {
        Self { id: tenant.id, slug: tenant.slug, name: tenant.name, region: tenant.region }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Me>,
    State(store): State<Store>,
) -> Result<Json<Body>> {
    let permissions = permit.permission_names(store.catalogue()).into_iter().map(str::to_owned).collect();
    let (caller, tenant) = match (permit.actor(), permit.caller()) {
        (Actor::User { method, .. }, Some(caller)) => {
            let user = caller.user.clone();
            let caller_body = Caller::User {
                id: user.id,
                email: user.email,
                name: user.name,
                role: user.role,
                time_zone: user.time_zone,
                signed_in_by: *method,
            };
            (caller_body, caller.tenant.clone())
        }
        (Actor::Key { id, .. }, _) => {
            let mut view = store.read(&permit).await?;
            let key = api_keys::find(&mut view, *id).await?;
            (
                Caller::ApiKey { id: key.id, name: key.name, prefix: key.prefix },
                tenants::find(&mut view).await?,
            )
        }
        _ => return Err(Error::SignIn),
    };
    Ok(Json(Body { caller, tenant: tenant.into(), permissions }))
}
