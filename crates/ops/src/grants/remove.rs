//! Leaving a permission to role and teams again.

use bailiwick_domain::{
    entity::Severity,
    ids::{GrantId, UserId},
    permission::PermissionSet,
    rule::GrantPermission,
};
use bailiwick_mail::{Line, News};
use bailiwick_store::{Event, Permit, Scope, Store, grants, sessions, users};

use super::{FEWER, has_ended, taken_back};
use crate::{
    Result,
    invitations::withdraw_beyond,
    notices::{by, tell},
    users::{nobody_above, permissions_of, refuse_self},
    valid::within,
};

/// Removes a grant or denial. Removing a denial gives back no more than the actor has.
pub async fn remove_grant(
    store: &Store,
    permit: &Permit<GrantPermission>,
    user: UserId,
    id: GrantId,
) -> Result<()> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let target = users::lock(tx, user).await?;
            refuse_self(permit, user, "Somebody else has to change your own permissions.")?;
            nobody_above(permissions_of(store, tx, &target).await?, held)?;
            let grant = grants::lock(tx, user, id).await?;
            let (over, recorded) = (grant.is_over(tx.now()), grant.ended_at.is_some());
            let permission = store.catalogue().find(&grant.permission);
            let written = grants::remove(tx, grant.clone()).await?;
            if !over {
                within(permission.map_or(PermissionSet::empty(), |p| PermissionSet::empty().with(p)), held)?;
            }
            sessions::outdate(tx, user).await?;
            withdraw_beyond(store, tx, &target, FEWER).await?;
            // What had ended by itself changes nothing any more.
            if !over {
                let permission = Line::of(&grant.permission);
                tell(store, tx, &target, News::PermissionReset { by: by(permit), permission }).await?;
            }
            // What had ended by itself is recorded as that, once.
            let event = if over && !recorded {
                Event::new("grant.expired", &written)?.raising(Severity::Info, has_ended(&grant, &target))
            } else {
                let severity = if over { Severity::Info } else { Severity::Warning };
                Event::new("permission.reset", &written)?.raising(severity, taken_back(&grant, &target))
            };
            Ok(tx.record(event, ()))
        })
        .await
}
