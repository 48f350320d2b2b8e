//! The tenant's security policy.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{MfaFloor, Policy, Severity, TenantKind},
    mfa::{Floor, Held},
    role::{Role, RoleName},
    rule::{ByJob, UpdatePolicy},
    time::Timestamp,
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, accounts, roles, tenants, users};

use crate::{Error, Result, valid::Fields};

/// A policy to be.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// `any`, `mfa` or `passkey`.
    pub mfa_floor: String,
    /// Days that a person may do without what is asked of them: 0 to 90.
    pub mfa_grace_days: i64,
    /// By role, `mfa` or `passkey` where its holders need more than everybody; `any` is as good as no entry.
    pub role_floors: BTreeMap<String, String>,
    /// Minutes without a request after which a session ends: 5 to 1,440.
    pub session_idle_minutes: i64,
    /// Hours after which a session ends whatever happens: 1 to 720.
    pub session_absolute_hours: i64,
    /// Minutes after a sign-in within which nobody has to prove themselves again: 1 to 60.
    pub reauth_minutes: i64,
    /// Days an invitation waits for its answer: 1 to 90.
    pub invitation_days: i64,
    /// Days that a new API key may work at most: 1 to 366; no bound, and keys without an end, if not given.
    pub api_key_days: Option<i64>,
}

/// Replaces the tenant's policy. Sessions that exist keep their absolute end; their idle time follows the next request, and
/// so does what their people have to set up.
///
/// # Errors
/// `Invalid` for what is out of range, and for a floor that whoever raises it does not meet: they would lock themselves out
/// first. `Conflict` if the policy says so already.
pub async fn update(store: &Store, permit: &Permit<UpdatePolicy>, new: NewPolicy) -> Result<Policy> {
    let (level, roles) = parse(&new)?;
    store
        .change(permit, async |tx| {
            let before = tenants::lock_policy(tx).await?;
            let now = tx.now();
            let after = Policy {
                id: before.id,
                floor: before.floor.at(level, now),
                role_floors: role_floors(tx, &before, &roles, now).await?,
                mfa_grace_days: new.mfa_grace_days,
                session_idle_minutes: new.session_idle_minutes,
                session_absolute_hours: new.session_absolute_hours,
                reauth_minutes: new.reauth_minutes,
                invitation_days: new.invitation_days,
                api_key_days: new.api_key_days,
            };
            if before == after {
                return Err(Error::Conflict("The policy says this already."));
            }
            within_reach(tx, permit, &before, &after).await?;
            let (severity, detail) = if !is_lower(&before, &after) {
                (Severity::Info, "The security policy changed")
            } else if highest(&after) == MfaFloor::Any {
                (Severity::High, "The policy no longer asks for MFA")
            } else {
                (Severity::High, "The policy asks for less at sign-in")
            };
            let written = tenants::replace_policy(tx, before, after.clone()).await?;
            let event = Event::new("policy.updated", &written)?.raising(severity, detail);
            Ok(tx.record(event, after))
        })
        .await
}

/// Sets how long people may do without what is asked of them, as the server itself: for the demonstration, whose people
/// came long ago.
pub async fn set_grace(store: &Store, permit: &Permit<ByJob>, days: i64) -> Result<Policy> {
    store
        .change(permit, async |tx| {
            let before = tenants::lock_policy(tx).await?;
            let after = Policy { mfa_grace_days: days, ..before.clone() };
            let written = tenants::replace_policy(tx, before, after.clone()).await?;
            let event = Event::new("policy.updated", &written)?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Takes the floor of a role that is removed out of the locked policy.
pub(crate) async fn forget_role(tx: &mut Tx, before: Policy, role: RoleName, why: &str) -> Result<()> {
    let mut after = before.clone();
    if after.role_floors.remove(&role).is_none() {
        return Ok(());
    }
    let written = tenants::replace_policy(tx, before, after).await?;
    let event = Event::new("policy.updated", &written)?
        .because(why)
        .raising(Severity::Info, "The policy lost the floor of a role that was removed");
    tx.also(event);
    Ok(())
}

/// Lets the locked policy ask of the holders of a copy what it asks of those of the role.
pub(crate) async fn pass_on(
    tx: &mut Tx,
    before: Policy,
    role: RoleName,
    copy: RoleName,
    why: &str,
) -> Result<()> {
    let Some(floor) = before.role_floors.get(&role).copied() else { return Ok(()) };
    let mut after = before.clone();
    after.role_floors.insert(copy, floor);
    let written = tenants::replace_policy(tx, before, after).await?;
    let event = Event::new("policy.updated", &written)?
        .because(why)
        .raising(Severity::Info, "The policy asks of a copy of a role what it asks of the role");
    tx.also(event);
    Ok(())
}

fn parse(new: &NewPolicy) -> Result<(MfaFloor, BTreeMap<RoleName, MfaFloor>)> {
    let mut fields = Fields::default();
    let level =
        fields.take("mfa_floor", new.mfa_floor.parse::<MfaFloor>().map_err(|_| "Choose one of the three."));
    let mut roles = BTreeMap::new();
    for (role, floor) in &new.role_floors {
        match (role.parse::<RoleName>(), floor.parse::<MfaFloor>()) {
            (Ok(role), Ok(floor)) => {
                roles.insert(role, floor);
            }
            _ => fields.refuse("role_floors", "Choose a role, and what its holders sign in with."),
        }
    }
    for (field, value, range, text) in [
        ("mfa_grace_days", new.mfa_grace_days, 0..=90, "Use 0 to 90 days."),
        ("session_idle_minutes", new.session_idle_minutes, 5..=1440, "Use 5 to 1,440 minutes."),
        ("session_absolute_hours", new.session_absolute_hours, 1..=720, "Use 1 to 720 hours."),
        ("reauth_minutes", new.reauth_minutes, 1..=60, "Use 1 to 60 minutes."),
        ("invitation_days", new.invitation_days, 1..=90, "Use 1 to 90 days."),
    ] {
        if !range.contains(&value) {
            fields.refuse(field, text);
        }
    }
    if new.api_key_days.is_some_and(|days| !(1..=366).contains(&days)) {
        fields.refuse("api_key_days", "Use 1 to 366 days, or leave it empty.");
    }
    // A session that ends anyway before it has been idle for long enough would make the idle time a word without effect.
    if new.session_idle_minutes > new.session_absolute_hours.saturating_mul(60)
        && (5..=1440).contains(&new.session_idle_minutes)
        && (1..=720).contains(&new.session_absolute_hours)
    {
        fields.refuse("session_idle_minutes", "A session cannot be idle for longer than it lasts at all.");
    }
    fields.done()?;
    level.map(|level| (level, roles)).ok_or(Error::NotFound)
}

/// The floors of roles as they will be. A role that is not of the tenant's kind has no holder here, nor has one that is not there.
async fn role_floors(
    tx: &mut Tx,
    before: &Policy,
    wanted: &BTreeMap<RoleName, MfaFloor>,
    now: Timestamp,
) -> Result<BTreeMap<RoleName, Floor>> {
    let platform = tenants::find(tx).await?.kind == TenantKind::Platform;
    let mut floors = BTreeMap::new();
    for (role, level) in wanted.iter().filter(|(_, level)| **level != MfaFloor::Any) {
        let there = roles::set_of(tx, *role).await?.is_some();
        if !there || role.platform() != platform {
            return Err(Error::field("role_floors", "Choose a role, and what its holders sign in with."));
        }
        floors.insert(*role, before.role_floors.get(role).copied().unwrap_or(Floor::NONE).at(*level, now));
    }
    Ok(floors)
}

/// Nobody asks of others what they have not set up themselves; by it an owner would be the first to be kept out.
async fn within_reach(
    tx: &mut Tx,
    permit: &Permit<UpdatePolicy>,
    before: &Policy,
    after: &Policy,
) -> Result<()> {
    let Actor::User { id, .. } = *permit.actor() else { return Ok(()) };
    let me = users::find(tx, id).await?;
    let mine = roles::of_user(tx, &me).await?;
    let asked = |policy: &Policy| policy.asked(&mine).level();
    if asked(after) <= asked(before) && highest(after) <= highest(before) {
        return Ok(());
    }
    let held = Held::of(&accounts::factors(tx, id).await?);
    if held.meets(highest(after)) {
        return Ok(());
    }
    let field = if held.meets(after.floor.level()) { "role_floors" } else { "mfa_floor" };
    Err(Error::field(field, "Set up for yourself first what you ask of others, on the page of your account."))
}

/// The most that is asked of anybody.
fn highest(policy: &Policy) -> MfaFloor {
    policy.role_floors.values().map(|floor| floor.level()).fold(policy.floor.level(), MfaFloor::max)
}

/// Whether less is asked of anybody.
fn is_lower(before: &Policy, after: &Policy) -> bool {
    let asked = |policy: &Policy, role: RoleName| policy.asked(&[role]).level();
    let built_in = Role::ALL.into_iter().map(RoleName::BuiltIn);
    built_in.chain(before.role_floors.keys().copied()).any(|role| asked(after, role) < asked(before, role))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::ids::TenantId;

    use super::*;

    #[test]
    fn asking_less_of_one_role_is_asking_less() {
        let now = Timestamp::from_micros(0);
        let mfa = Policy::new(TenantId::from_bytes([1; 16]), now);
        let strict = Policy {
            role_floors: BTreeMap::from([(Role::TenantOwner.into(), Floor::NONE.at(MfaFloor::Passkey, now))]),
            ..mfa.clone()
        };
        let open = Policy { floor: Floor::NONE, ..mfa.clone() };
        assert!(is_lower(&strict, &mfa) && is_lower(&mfa, &open));
        assert!(!is_lower(&mfa, &strict) && !is_lower(&mfa, &mfa));
    }
}
