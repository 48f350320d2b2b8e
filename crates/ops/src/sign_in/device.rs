//! Devices that people are known by: the browsers that they signed in from.

use bailiwick_domain::{
    entity::Session,
    ids::{TenantId, UserId},
    rule::Rule,
};
use bailiwick_store::{
    Permit, Scope, Store, Tx,
    devices::{self, Seen},
};
use bailiwick_vault::token::SessionToken;

use crate::Result;

/// Where an attempt came from, in tags of the tenant.
#[derive(Clone, Copy)]
pub(super) struct Whence {
    /// Of the address.
    pub(super) source: Option<[u8; 32]>,
    /// Of the browser; only of one that the person is known by.
    pub(super) device: Option<[u8; 32]>,
}

/// Where a request comes from that is aimed at this user.
pub(super) async fn whence<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    scope: &mut impl Scope,
    user: UserId,
) -> Result<Whence> {
    let tenant = scope.tenant();
    let source = permit.request().ip.map(|ip| store.keys().directory.ip_tag(&tenant.bytes(), ip));
    let mut device = carried(store, permit, tenant, user);
    if let Some(tag) = &device
        && !devices::is_known(scope, user, tag).await?
    {
        device = None;
    }
    Ok(Whence { source, device })
}

/// The tag of what the request's browser carries for this tenant, as it would be stored of this user.
fn carried<R: Rule>(store: &Store, permit: &Permit<R>, tenant: TenantId, user: UserId) -> Option<[u8; 32]> {
    let token = permit.request().known.of(tenant)?;
    Some(store.keys().directory.device_tag(&tenant.bytes(), &user.bytes(), token))
}

/// Remembers the browser in which a locked user has just signed in: by what follows from the session's token, and no more by
/// what it carried before.
pub(crate) async fn remember<R: Rule>(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<R>,
    session: &Session,
    token: &SessionToken,
) -> Result<()> {
    let (tenant, user) = (tx.tenant(), session.user);
    let tag = store.keys().directory.device_tag(&tenant.bytes(), &user.bytes(), &token.device());
    let before = carried(store, permit, tenant, user);
    let seen =
        Seen { tag: &tag, before: before.as_ref(), session: session.id, device: permit.request().device };
    Ok(devices::remember(tx, user, seen).await?)
}
