//! What the database says of a key.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{ApiKeyStatus, TenantStatus, UserStatus},
    ids::TenantId,
    permission::PermissionSet,
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;

use super::{GoodKey, Standing};
use crate::{
    Result, Store, access,
    lock::row,
    tx::{Scope, View},
};

/// By the same rules as the gate: what a key may do is what its maker may do at this moment, within its scopes.
pub(super) async fn load(store: &Store, hash: &TokenHash, among: Option<TenantId>) -> Result<Standing> {
    let Some(tenant) = access::tenant_of_key(store, hash).await? else { return Ok(Standing::Unknown) };
    if among.is_some_and(|among| among != tenant) {
        return Ok(Standing::Unknown);
    }
    let mut view = store.view(tenant).await?;
    let now = view.now();
    let Some(found) = access::by_key(&mut view, hash).await? else { return Ok(Standing::Unknown) };
    let key = found.key;
    match key.status(now) {
        ApiKeyStatus::Expired => return Ok(Standing::Expired),
        ApiKeyStatus::Revoked => return Ok(Standing::Revoked),
        ApiKeyStatus::Active | ApiKeyStatus::Expiring | ApiKeyStatus::Rotating => {}
    }
    if found.tenant != TenantStatus::Active {
        return Ok(Standing::Suspended);
    }
    let catalogue = store.catalogue();
    let scopes: PermissionSet = key.scopes.iter().filter_map(|name| catalogue.find(name)).collect();
    let scopes = scopes.difference(catalogue.platform_permissions());
    let (mut permissions, mut portions) = (scopes, None);
    let mut until = key.expires_at;
    if let Some(id) = key.created_by {
        let Some(maker) = found.maker.filter(|maker| maker.status == UserStatus::Active) else {
            return Ok(Standing::Disabled);
        };
        let theirs = maker.has.portions(catalogue, maker.role)?;
        permissions = permissions.intersection(theirs.permissions());
        portions = Some(theirs);
        let ends = next_end(&mut view, id.uuid()).await?;
        until = [until, ends].into_iter().flatten().min();
    }
    Ok(Standing::Good(Arc::new(GoodKey {
        tenant,
        id: key.id,
        name: key.name,
        prefix: key.prefix,
        environment: key.environment,
        networks: key.networks,
        owner: key.owner,
        maker: key.created_by,
        permissions,
        scopes,
        portions,
        expires_at: key.expires_at,
        rotating: key.rotating,
        until,
    })))
}

/// When the first grant or denial of a person ends by itself, and with it changes what they may do.
async fn next_end(view: &mut View, user: uuid::Uuid) -> Result<Option<Timestamp>> {
    let (tenant, now) = (view.tenant(), view.now());
    let found: Option<(Option<i64>,)> = row!(
        view,
        "SELECT min(expires_at) FROM user_grant WHERE tenant = $1 AND user_id = $2 AND expires_at > $3",
        tenant.uuid(),
        user,
        now.micros()
    )?;
    Ok(found.and_then(|(end,)| end).map(Timestamp::from_micros))
}
