//! What one person held, and by which records.

use super::{Broken, Origin, Setting, Thing};
use crate::{
    catalogue::Catalogue,
    entity::{Effect, Entity, Grant, TeamMember, User, UserStatus},
    ids::{GrantId, TeamId, UserId},
    permission::{Given, Held, PermissionSet, Source},
    role::RoleName,
    time::Timestamp,
};

/// A person as the records about them say.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Their own role.
    pub role: RoleName,
    /// By which record they have it.
    pub role_given: Origin,
    /// Whether they could sign in at all.
    pub active: bool,
    /// By which record they could or could not.
    pub status_set: Origin,
    /// Their memberships of teams.
    teams: Vec<(TeamId, Origin)>,
    /// Grants and denials of theirs.
    single: Vec<Single>,
}

/// A grant or denial.
#[derive(Clone, Debug)]
struct Single {
    id: GrantId,
    permission: String,
    effect: Effect,
    expires_at: Option<Timestamp>,
    made: Origin,
}

/// What a person held at a moment.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What each source gave, and what was denied.
    pub held: Held,
    /// Roles of theirs of which the records do not say what they held.
    pub unknown: Vec<RoleName>,
}

/// Why somebody had or lacked a permission: the source, and the records that together made it so.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Through what; nothing for a denial.
    pub source: Option<Source>,
    /// The records, as far as the log has them.
    pub steps: Vec<Step>,
}

/// One record on the way to a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it did.
    pub kind: StepKind,
    /// Which record, when, and by whom.
    pub origin: Origin,
}

/// What a record did on the way to a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// It gave the person their role.
    RoleGiven,
    /// It put the permission into a custom role.
    RoleExtended,
    /// It made the person a member of a team.
    Joined,
    /// It gave the team a role.
    TeamRole,
    /// It granted the permission.
    Granted,
    /// It denied the permission.
    Denied,
}

impl StepKind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoleGiven => "role_given",
            Self::RoleExtended => "role_extended",
            Self::Joined => "team_joined",
            Self::TeamRole => "team_role",
            Self::Granted => "granted",
            Self::Denied => "denied",
        }
    }

    /// What it did, in the past tense.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RoleGiven => "role given",
            Self::RoleExtended => "permission put into the role",
            Self::Joined => "joined the team",
            Self::TeamRole => "role given to the team",
            Self::Granted => "granted",
            Self::Denied => "denied",
        }
    }
}

impl Reason {
    /// The record that completed it: since then it holds.
    pub fn since(&self) -> Option<&Step> {
        self.steps.iter().max_by_key(|step| step.origin.at)
    }
}

impl Person {
    /// The person among these things; nothing where they were not there. Every thing has to be theirs.
    ///
    /// # Errors
    /// [`Broken`] where a history of theirs has a hole: then nothing can be said of them.
    pub fn of(id: UserId, things: Vec<Result<Thing, Broken>>) -> Result<Option<Self>, Broken> {
        let (mut own, mut teams, mut single) = (None, Vec::new(), Vec::new());
        for thing in things {
            let thing = thing?;
            let broken = Broken(thing.id);
            if !thing.is_there() {
                continue;
            }
            match thing.kind.as_str() {
                User::KIND if thing.id == id.uuid() => own = Some(thing),
                TeamMember::KIND => teams.push((team_of(&thing).ok_or(broken)?, thing.made)),
                Grant::KIND => single.push(Single::of(&thing).ok_or(broken)?),
                _ => {}
            }
        }
        let Some(own) = own else { return Ok(None) };
        let broken = Broken(own.id);
        let (_, role_given) = own.field("role").ok_or(broken)?;
        let role = own.text("role").and_then(|name| name.parse().ok()).ok_or(broken)?;
        let (_, status_set) = own.field("status").ok_or(broken)?;
        let status = own.text("status").ok_or(broken)?;
        Ok(Some(Self {
            id,
            role,
            role_given: role_given.clone(),
            active: status == UserStatus::Active.name(),
            status_set: status_set.clone(),
            teams,
            single,
        }))
    }

    /// What they held at `at`, the moment up to which the records were read.
    pub fn held(&self, setting: &Setting, catalogue: &Catalogue, at: Timestamp) -> Past {
        let kept = |set: PermissionSet| match self.role.platform() {
            true => set,
            false => set.difference(catalogue.platform_permissions()),
        };
        let mut past = Past::default();
        let mut give = |source, role: RoleName| match setting.role_set(role, catalogue) {
            Some(set) => past.held.given.push(Given { source, permissions: kept(set) }),
            None => past.unknown.push(role),
        };
        give(Source::Role(self.role), self.role);
        for (team, _) in &self.teams {
            for role in setting.team_roles(*team) {
                give(Source::Team { team: *team, role }, role);
            }
        }
        for single in self.single.iter().filter(|single| single.holds(at)) {
            // A permission whose pack is gone grants nothing.
            let Some(permission) = catalogue.find(&single.permission) else { continue };
            let permissions = kept(PermissionSet::empty().with(permission));
            match single.effect {
                Effect::Grant => {
                    past.held.given.push(Given { source: Source::Grant(single.id), permissions });
                }
                Effect::Deny => past.held.denied.push((single.id, permissions)),
            }
        }
        past
    }

    /// The records by which they have this permission through `source`, as far as the log has them.
    pub fn reason(&self, setting: &Setting, source: Source, permission: &str) -> Reason {
        let mut steps = Vec::new();
        let mut add = |kind, origin: Option<&Origin>| {
            steps.extend(origin.map(|origin| Step { kind, origin: origin.clone() }));
        };
        match source {
            Source::Role(role) => {
                add(StepKind::RoleGiven, (role == self.role).then_some(&self.role_given));
                add(StepKind::RoleExtended, setting.permission_of(role, permission));
            }
            Source::Team { team, role } => {
                let joined = self.teams.iter().find(|(id, _)| *id == team).map(|(_, origin)| origin);
                add(StepKind::Joined, joined);
                add(StepKind::TeamRole, setting.role_of(team, role));
                add(StepKind::RoleExtended, setting.permission_of(role, permission));
            }
            Source::Grant(id) => add(StepKind::Granted, self.single(id)),
        }
        Reason { source: Some(source), steps }
    }

    /// The record by which a permission is denied to them.
    pub fn denial(&self, id: GrantId) -> Reason {
        let step = self.single(id).map(|origin| Step { kind: StepKind::Denied, origin: origin.clone() });
        Reason { source: None, steps: step.into_iter().collect() }
    }

    fn single(&self, id: GrantId) -> Option<&Origin> {
        self.single.iter().find(|single| single.id == id).map(|single| &single.made)
    }
}

impl Single {
    fn of(thing: &Thing) -> Option<Self> {
        let expires_at = match thing.text("expires_at") {
            Some(text) => Some(Timestamp::parse(text).ok()?),
            None => None,
        };
        Some(Self {
            id: GrantId::from(thing.id),
            permission: thing.text("permission")?.to_owned(),
            effect: thing.text("effect")?.parse().ok()?,
            expires_at,
            made: thing.made.clone(),
        })
    }

    /// It ends at the very moment that it names, whenever that is recorded.
    fn holds(&self, at: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }
}

fn team_of(thing: &Thing) -> Option<TeamId> {
    thing.text("team")?.parse().ok()
}
