//! One person as they are, and as they were.

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::UserStatus,
    ids::UserId,
    past::{Person, Reason, Setting, things},
    permission::{Held, Permission, Source},
    role::RoleName,
    time::Timestamp,
};
use bailiwick_store::{
    Scope, access,
    audit::{self, Told},
    users,
};

use super::State;
use crate::Result;

/// What the log says of somebody up to a moment.
#[derive(Debug)]
pub(super) enum History {
    /// All that decides what they could do.
    Known(Box<Person>),
    /// That they were not there.
    NotThere,
    /// Nothing that can be relied on: too much of it, a hole in it, octets that were altered.
    Unclear,
}

impl History {
    pub(super) fn of(id: UserId, told: Told) -> Self {
        let Told::All(records) = told else { return Self::Unclear };
        match Person::of(id, things(records)) {
            Ok(Some(person)) => Self::Known(Box::new(person)),
            Ok(None) => Self::NotThere,
            Err(_) => Self::Unclear,
        }
    }
}

/// Somebody as they are or were.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) user: UserId,
    pub(super) role: RoleName,
    pub(super) active: bool,
    pub(super) held: Held,
    /// Roles of theirs of which nobody knows what they held.
    pub(super) unknown: Vec<RoleName>,
    /// The records behind it, where they were read.
    pub(super) person: Option<Box<Person>>,
}

/// What is asked of the log about somebody, in answer to a question about a moment.
#[derive(Debug)]
pub(super) enum Found {
    Seen(Box<Seen>),
    NotThere,
    Unclear,
}

/// Somebody as they are now.
pub(super) async fn now(scope: &mut impl Scope, id: UserId) -> Result<Seen> {
    let user = users::find(scope, id).await?;
    let held = access::held(scope, &user).await?;
    let active = user.status == UserStatus::Active;
    Ok(Seen { user: id, role: user.role, active, held, unknown: Vec::new(), person: None })
}

/// People as they were, in the order of their ids.
pub(super) async fn then(
    scope: &mut impl Scope,
    catalogue: &Catalogue,
    setting: &Setting,
    people: &[UserId],
    at: Timestamp,
) -> Result<Vec<(UserId, Found)>> {
    let told = audit::about_people(scope, people, at).await?;
    let found = told.into_iter().map(|(id, told)| {
        let found = match History::of(id, told) {
            History::NotThere => Found::NotThere,
            History::Unclear => Found::Unclear,
            History::Known(person) => {
                let past = person.held(setting, catalogue, at);
                Found::Seen(Box::new(Seen {
                    user: id,
                    role: person.role,
                    active: person.active,
                    held: past.held,
                    unknown: past.unknown,
                    person: Some(person),
                }))
            }
        };
        (id, found)
    });
    Ok(found.collect())
}

/// The records of each of these people up to now, for telling since when and by whom.
pub(super) async fn trace(scope: &mut impl Scope, seen: &mut [&mut Seen]) -> Result<()> {
    let now = scope.now();
    let people: Vec<_> = seen.iter().map(|seen| seen.user).collect();
    let told = audit::about_people(scope, &people, now).await?;
    for (seen, (id, told)) in seen.iter_mut().zip(told) {
        if let History::Known(person) = History::of(id, told) {
            seen.person = Some(person);
        }
    }
    Ok(())
}

impl Seen {
    /// Whether they can use a permission; nothing where nothing gives it to them.
    pub(super) fn state(&self, permission: Permission) -> Option<State> {
        self.held.sources_of(permission).next()?;
        Some(match self.held.denied_by(permission) {
            Some(_) => State::Denied,
            None if !self.active => State::Disabled,
            None => State::Able,
        })
    }

    /// Everything that gives them a permission, with the records behind it as far as they are known.
    pub(super) fn reasons(
        &self,
        setting: Option<&Setting>,
        permission: Permission,
        name: &str,
    ) -> Vec<Reason> {
        let reason = |source: Source| match (&self.person, setting) {
            (Some(person), Some(setting)) => person.reason(setting, source, name),
            _ => Reason { source: Some(source), steps: Vec::new() },
        };
        self.held.sources_of(permission).map(reason).collect()
    }

    /// What takes a permission from them.
    pub(super) fn denial(&self, permission: Permission) -> Option<Reason> {
        let id = self.held.denied_by(permission)?;
        let bare = Reason { source: None, steps: Vec::new() };
        Some(self.person.as_ref().map_or(bare, |person| person.denial(id)))
    }
}
