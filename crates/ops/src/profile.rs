//! What people are called, and in which time zone they read times.

use bailiwick_domain::{
    entity::User,
    ids::UserId,
    rule::{ChangeMe, UpdateUser},
};
use bailiwick_store::{Event, Permit, Store, users};

use crate::{
    Error, Result,
    renames::within_day,
    users::{nobody_above, permissions_of, refuse_self},
    valid::{self, Fields},
};

/// What a person says of themselves.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The name of a time zone (RFC 6557); empty for UTC.
    pub time_zone: String,
}

/// Changes one's own name and time zone.
///
/// # Errors
/// `Invalid` for a name that cannot be read and for no time zone; `Conflict` where nothing would change; `Forbidden` for a key;
/// `Limited` beyond [`PER_DAY`](crate::renames::PER_DAY) of them.
pub async fn change_mine(store: &Store, permit: &Permit<ChangeMe>, profile: Profile) -> Result<User> {
    let caller = permit.caller().ok_or(Error::Forbidden("Only a signed-in person has a profile."))?;
    let me = caller.user.id;
    let mut fields = Fields::default();
    let name = fields.take("name", valid::called(&profile.name));
    let time_zone = fields.take("time_zone", valid::time_zone(&profile.time_zone));
    fields.done()?;
    let (Some(name), Some(time_zone)) = (name, time_zone) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, me).await?;
            let after = User { name: name.clone(), time_zone: time_zone.clone(), ..before.clone() };
            if after == before {
                return Err(Error::Conflict("Your profile says this already."));
            }
            within_day(tx, "user.profile_changed", me.uuid()).await?;
            let written = users::replace(tx, before, after.clone()).await?;
            let event = Event::new("user.profile_changed", &written)?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Changes the name of somebody who may do no more than the actor.
///
/// # Errors
/// `Invalid` for a name that cannot be read; `Conflict` where it is their name already, and for oneself; `Limited` as above.
pub async fn rename(store: &Store, permit: &Permit<UpdateUser>, id: UserId, name: &str) -> Result<User> {
    let name = valid::called(name).map_err(|text| Error::field("name", text))?;
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, id).await?;
            refuse_self(permit, id, "Change your own name under your account.")?;
            nobody_above(permissions_of(store, tx, &before).await?, *permit.permissions())?;
            let after = User { name: name.clone(), ..before.clone() };
            if after == before {
                return Err(Error::Conflict("This is their name already."));
            }
            within_day(tx, "user.renamed", id.uuid()).await?;
            let written = users::replace(tx, before, after.clone()).await?;
            let event = Event::new("user.renamed", &written)?;
            Ok(tx.record(event, after))
        })
        .await
}
