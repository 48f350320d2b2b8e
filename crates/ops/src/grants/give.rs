//! Granting and denying.

use bailiwick_domain::{
    entity::{Effect, Grant, Severity, User},
    ids::UserId,
    permission::PermissionSet,
    rule::GrantPermission,
    time::{Span, Timestamp},
};
use bailiwick_mail::{Line, News};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, grants, sessions, users};

use super::{FEWER, has_ended, taken_back};
use crate::{
    Error, Result,
    invitations::withdraw_beyond,
    notices::{by, tell},
    users::{keep_an_owner, nobody_above, permissions_of, refuse_self},
    valid::{self, Fields, within},
};

/// A grant or denial with an end ends within this time; what is to last longer has none.
const LONGEST: Span = Span::days(731);

/// A permission to be given to or taken from a user.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// The permission's name, `noun:verb`.
    pub permission: String,
    /// `grant` or `deny`.
    pub effect: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself, within two years; nothing for good.
    pub expires_at: Option<Timestamp>,
}

/// Grants or denies a user one permission beside role and teams. Nobody grants what they lack; a denial wins over everything.
///
/// # Errors
/// `Invalid` by field; `Forbidden` for a permission or a person beyond the actor; `Conflict` for oneself, where there is a grant or
/// denial of the permission that is not over, and where nothing could be denied any more without leaving no whole owner.
pub async fn grant(
    store: &Store,
    permit: &Permit<GrantPermission>,
    user: UserId,
    new: NewGrant,
) -> Result<Grant> {
    let mut fields = Fields::default();
    let permission = store.catalogue().find(&new.permission);
    if permission.is_none() {
        fields.refuse("permission", "Choose one of the permissions.");
    }
    let effect = fields.take("effect", valid::effect(&new.effect));
    let reason = fields.take("reason", valid::reason(&new.reason));
    fields.done()?;
    let (Some(permission), Some(effect), Some(reason)) = (permission, effect, reason) else {
        return Err(Error::NotFound);
    };
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let target = users::lock(tx, user).await?;
            refuse_self(permit, user, "Somebody else has to change your own permissions.")?;
            nobody_above(permissions_of(store, tx, &target).await?, held)?;
            within(PermissionSet::empty().with(permission), held)?;
            if new.expires_at.is_some_and(|end| end <= tx.now() || end > tx.now() + LONGEST) {
                return Err(Error::field("expires_at", "Choose an end within the next two years."));
            }
            make_room(tx, &target, &new.permission).await?;
            if effect == Effect::Deny {
                keep_an_owner(tx, &target).await?;
            }
            let grant = Grant {
                id: store.new_id(),
                user,
                permission: new.permission.clone(),
                effect,
                reason: reason.clone(),
                created_at: tx.now(),
                expires_at: new.expires_at,
                ended_at: None,
            };
            let written = grants::insert(tx, grant.clone()).await?;
            if effect == Effect::Deny {
                withdraw_beyond(store, tx, &target, FEWER).await?;
            }
            sessions::outdate(tx, user).await?;
            let (who, what) = (by(permit), Line::of(&grant.permission));
            let news = match effect {
                Effect::Grant => News::PermissionGranted { by: who, permission: what },
                Effect::Deny => News::PermissionDenied { by: who, permission: what },
            };
            tell(store, tx, &target, news).await?;
            let verb = if effect == Effect::Grant { "granted" } else { "denied" };
            let action = if effect == Effect::Grant { "permission.granted" } else { "permission.denied" };
            let ends = if grant.expires_at.is_some() { " for a while" } else { "" };
            let detail =
                format!("{} {verb}{ends} to a user with the role {}", grant.permission, target.role.title());
            let event = Event::new(action, &written)?
                .because(grant.reason.clone())
                .raising(Severity::Warning, detail);
            Ok(tx.record(event, grant))
        })
        .await
}

/// There is one grant or denial of a permission: one that is over makes way, with the record of its end if it has none yet.
async fn make_room(tx: &mut Tx, user: &User, permission: &str) -> Result<()> {
    let all = grants::of_user(tx, user.id).await?;
    let Some(before) = all.into_iter().find(|grant| grant.permission == permission) else { return Ok(()) };
    if !before.is_over(tx.now()) {
        return Err(Error::Conflict("The user has a grant or denial of this permission; remove it first."));
    }
    let (action, detail) = if before.ended_at.is_some() {
        ("permission.reset", taken_back(&before, user))
    } else {
        ("grant.expired", has_ended(&before, user))
    };
    let event = Event::new(action, &grants::remove(tx, before).await?)?.raising(Severity::Info, detail);
    tx.also(event);
    Ok(())
}
