//! The tenant's security policy.

use bailiwick_domain::{
    entity::{MfaFloor, Policy, Severity},
    rule::UpdatePolicy,
};
use bailiwick_store::{Event, Permit, Store, tenants};

use crate::{Error, Result, valid::Fields};

/// A policy to be.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// `any` or `mfa`.
    pub mfa_floor: String,
    /// Minutes without a request after which a session ends: 5 to 1,440.
    pub session_idle_minutes: i64,
    /// Hours after which a session ends whatever happens: 1 to 720.
    pub session_absolute_hours: i64,
    /// Minutes after a sign-in within which nobody has to prove themselves again: 1 to 60.
    pub reauth_minutes: i64,
    /// Days an invitation waits for its answer: 1 to 90.
    pub invitation_days: i64,
}

/// Replaces the tenant's policy. Sessions that exist keep their absolute end; their idle time follows the next request.
pub async fn update(store: &Store, permit: &Permit<UpdatePolicy>, new: NewPolicy) -> Result<Policy> {
    let mut fields = Fields::default();
    let mfa_floor =
        fields.take("mfa_floor", new.mfa_floor.parse::<MfaFloor>().map_err(|_| "Choose one of the two."));
    for (field, value, range, text) in [
        ("session_idle_minutes", new.session_idle_minutes, 5..=1440, "Use 5 to 1,440 minutes."),
        ("session_absolute_hours", new.session_absolute_hours, 1..=720, "Use 1 to 720 hours."),
        ("reauth_minutes", new.reauth_minutes, 1..=60, "Use 1 to 60 minutes."),
        ("invitation_days", new.invitation_days, 1..=90, "Use 1 to 90 days."),
    ] {
        if !range.contains(&value) {
            fields.refuse(field, text);
        }
    }
    // A session that ends anyway before it has been idle for long enough would make the idle time a word without effect.
    if new.session_idle_minutes > new.session_absolute_hours.saturating_mul(60)
        && (5..=1440).contains(&new.session_idle_minutes)
        && (1..=720).contains(&new.session_absolute_hours)
    {
        fields.refuse("session_idle_minutes", "A session cannot be idle for longer than it lasts at all.");
    }
    fields.done()?;
    let Some(mfa_floor) = mfa_floor else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            let before = tenants::lock_policy(tx).await?;
            let after = Policy {
                id: before.id,
                mfa_floor,
                session_idle_minutes: new.session_idle_minutes,
                session_absolute_hours: new.session_absolute_hours,
                reauth_minutes: new.reauth_minutes,
                invitation_days: new.invitation_days,
            };
            if before == after {
                return Err(Error::Conflict("The policy says this already."));
            }
            let weaker = before.mfa_floor == MfaFloor::Mfa && after.mfa_floor == MfaFloor::Any;
            let written = tenants::replace_policy(tx, before, after.clone()).await?;
            let event = Event::new("policy.updated", &written)?;
            let event = if weaker {
                event.raising(Severity::High, "The policy no longer asks for MFA")
            } else {
                event.raising(Severity::Info, "The security policy changed")
            };
            Ok(tx.record(event, after))
        })
        .await
}
