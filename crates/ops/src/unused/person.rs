//! One person: what they use of what they have, and taking away what they do not.

use bailiwick_domain::{
    entity::{Effect, Grant, Severity, User},
    ids::UserId,
    past::{Person, Setting, things},
    permission::{Held, Permission, PermissionSet, Source},
    rule::{GrantPermission, Rule},
    time::Timestamp,
};
use bailiwick_mail::News;
use bailiwick_store::{
    Event, Permit, Scope, Store, Tx, access,
    audit::{self, Told},
    grants, permission_use, sessions, users,
};

use super::{
    judge::{Judge, UseLine},
    role::{chosen, still_unused},
};
use crate::{
    Error, Result,
    grants::{has_ended, taken_back},
    invitations::withdraw_beyond,
    notices::{by, tell},
    users::{keep_an_owner, nobody_above, permissions_of, refuse_self},
    valid::{self, within},
};

/// A person with the use that they make of what they have.
#[derive(Clone, Debug)]
pub struct PersonUses {
    /// Who.
    pub user: User,
    /// Since when uses are recorded here.
    pub recording: Option<Timestamp>,
    /// What they can do, in the order of the catalogue.
    pub lines: Vec<UseLine>,
    /// What comes to them through a role of their own or of a team: taking it takes a denial.
    pub by_roles: PermissionSet,
}

/// What one person uses of what they have. `measured` is what some route of the server asks for.
///
/// # Errors
/// [`Error::NotFound`] for somebody who is not here.
pub async fn of_person<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    id: UserId,
    measured: PermissionSet,
) -> Result<PersonUses> {
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let now = view.now();
    let setting = audit::setting(&mut view, now).await?;
    let told = audit::about_person(&mut view, id, now).await?;
    let held = access::held(&mut view, &user).await?;
    let lines = lines(store, &mut view, &user, &held, (&setting, told), measured).await?;
    let recording = permission_use::since(&mut view).await?;
    Ok(PersonUses { user, recording, lines, by_roles: held.roles() })
}

/// What is known of somebody's use of what they have.
pub(super) async fn lines(
    store: &Store,
    scope: &mut impl Scope,
    user: &User,
    held: &Held,
    (setting, told): (&Setting, Told),
    measured: PermissionSet,
) -> Result<Vec<UseLine>> {
    let person = match told {
        Told::All(records) => Person::of(user.id, things(records)).ok().flatten(),
        Told::TooMany | Told::Unreadable => None,
    };
    let used = permission_use::of_user(scope, user.id).await?;
    let recording = permission_use::since(scope).await?;
    let judge = Judge { catalogue: store.catalogue(), measured, recording, now: scope.now() };
    let given = |permission: Permission| {
        // Without a history of theirs nothing says that they had it for long: the present moment then is the cautious answer.
        let Some(person) = &person else { return Some(judge.now) };
        let name = store.catalogue().name(permission);
        let since = |source: Source| {
            let reason = person.reason(setting, source, name);
            reason.since().map_or(user.created_at, |step| step.origin.at)
        };
        held.sources_of(permission).map(since).min()
    };
    Ok(judge.lines(held.permissions(), &used, given))
}

/// Takes permissions from somebody that they did not use for ninety days: a grant of theirs ends, and what comes from a role of
/// theirs or of a team is denied.
///
/// # Errors
/// `Invalid` by field; `Conflict` for what is used after all, for oneself and for the last whole owner; `Forbidden` for a person
/// or a permission beyond the actor.
pub async fn narrow_person(
    store: &Store,
    permit: &Permit<GrantPermission>,
    id: UserId,
    permissions: &[String],
    reason: &str,
    measured: PermissionSet,
) -> Result<usize> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let gone = chosen(store, permissions)?;
    let all = *permit.permissions();
    store
        .change(permit, async |tx| {
            let target = users::lock(tx, id).await?;
            refuse_self(permit, id, "Somebody else has to change your own permissions.")?;
            nobody_above(permissions_of(store, tx, &target).await?, all)?;
            within(gone, all)?;
            keep_an_owner(tx, &target).await?;
            let now = tx.now();
            let setting = audit::setting(tx, now).await?;
            let told = audit::about_person(tx, id, now).await?;
            let held = access::held(tx, &target).await?;
            still_unused(&lines(store, tx, &target, &held, (&setting, told), measured).await?, gone)?;
            let mut events = Vec::new();
            for permission in gone.iter() {
                take(store, tx, &target, &held, permission, &reason, &mut events).await?;
            }
            withdraw_beyond(store, tx, &target, "the inviter's permissions changed").await?;
            sessions::outdate(tx, id).await?;
            let last = events.pop().ok_or(Error::Conflict("Nothing of it is theirs any more."))?;
            let count = gone.len().into();
            tell(store, tx, &target, News::UnusedTaken { by: by(permit), count }).await?;
            for event in events {
                tx.also(event);
            }
            Ok(tx.record(last, usize::try_from(gone.len()).unwrap_or(usize::MAX)))
        })
        .await
}

/// Takes one permission from a locked user.
async fn take(
    store: &Store,
    tx: &mut Tx,
    target: &User,
    held: &Held,
    permission: Permission,
    reason: &str,
    events: &mut Vec<Event>,
) -> Result<()> {
    let name = store.catalogue().name(permission).to_owned();
    let single = grants::of_user(tx, target.id).await?.into_iter().find(|grant| grant.permission == name);
    if let Some(grant) = single {
        let grant = grants::lock(tx, target.id, grant.id).await?;
        // What had ended by itself is recorded as that, once.
        let over = grant.is_over(tx.now()) && grant.ended_at.is_none();
        let action = if over { "grant.expired" } else { "permission.reset" };
        let detail = if over { has_ended(&grant, target) } else { taken_back(&grant, target) };
        let severity = if over { Severity::Info } else { Severity::Warning };
        let event = Event::new(action, &grants::remove(tx, grant).await?)?;
        events.push(event.because(reason).raising(severity, detail));
    }
    if !held.roles().contains(permission) {
        return Ok(());
    }
    let denial = Grant {
        id: store.new_id(),
        user: target.id,
        permission: name,
        effect: Effect::Deny,
        reason: reason.to_owned(),
        created_at: tx.now(),
        expires_at: None,
        ended_at: None,
    };
    let detail =
        format!("{} denied to a user with the role {}: unused", denial.permission, target.role.title());
    let event = Event::new("permission.denied", &grants::insert(tx, denial).await?)?;
    events.push(event.because(reason).raising(Severity::Warning, detail));
    Ok(())
}
