//! Who can do what, now and then: what the log tells of a moment is what the tables said at that moment.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_domain::{
    ids::{GrantId, TeamId, UserId},
    past::StepKind,
    permission::Source,
    role::{CustomName, Role},
    rule::{
        AssignRole, CreateRole, DeleteRole, DeleteUser, DisableUser, GiveTeamRole, GrantPermission, Invite,
        ReadRoles, SignIn, UpdateRole, UpdateTeam,
    },
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    bulk::{self, Chosen},
    deletion,
    explorer::{self, Asked, State},
    grants::{self, Ends, NewGrant},
    invitations::{self, Joining, NewInvitation},
    roles::{self, Change, NewRole},
    teams::{self, NewTeam},
    users,
};
use bailiwick_store::{holders::Via, users as stored_users};
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::token::InvitationToken;

use crate::{raised::links, support::HOME};

/// Permissions that the changes are about.
const PERMISSIONS: [&str; 5] = ["user:read", "audit:read", "team:read", "policy:update", "session:read"];
/// Roles that people and teams get.
const ROLES: [&str; 4] = ["operations_manager", "auditor", "developer", "support_coordinator"];

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX constants; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.roll(of.len())) }
    }
}

/// A tenant to which things happen.
struct Play<'a> {
    db: &'a Db,
    acme: &'a Tenant,
    dice: Dice,
    people: Vec<UserId>,
    grants: Vec<(UserId, GrantId)>,
    roles: Vec<CustomName>,
    teams: Vec<TeamId>,
    /// Who may join, with their links.
    invited: Vec<(String, InvitationToken)>,
    named: usize,
}

impl Play<'_> {
    fn role(&mut self) -> String {
        let mut all: Vec<String> = ROLES.iter().map(|role| (*role).to_owned()).collect();
        all.extend(self.roles.iter().map(|role| role.name().to_owned()));
        self.dice.one(&all).unwrap().clone()
    }

    fn permissions(&mut self) -> Vec<String> {
        let first = self.dice.roll(PERMISSIONS.len());
        let chosen = PERMISSIONS.iter().cycle().skip(first).take(1 + self.dice.roll(3));
        chosen.map(|name| (*name).to_owned()).collect()
    }

    /// Somebody who was invited joins, in the role that the invitation names by now.
    async fn join(&mut self) {
        let (store, nobody) = (&self.db.store, self.db.nobody::<SignIn>(HOME).await);
        let (email, token) = self.invited.remove(self.dice.roll(self.invited.len()));
        let joining = Joining { name: "Nina New".into(), password: "seven quiet lanterns".into() };
        invitations::accept(store, &self.db.hasher, &nobody, &token, joining).await.unwrap();
        let mut view = store.read(&self.acme.job()).await.unwrap();
        let joined = stored_users::by_email(&mut view, &email).await.unwrap().unwrap();
        drop(view);
        self.people.push(joined.id);
    }

    /// Does something. What is refused changes nothing, which has to be told as well.
    async fn step(&mut self) {
        let (store, owner) = (&self.db.store, self.acme.owner());
        let person = self.dice.one(&self.people).copied();
        let team = self.dice.one(&self.teams).copied();
        let custom = self.dice.one(&self.roles).copied();
        self.named += 1;
        match (self.dice.roll(19), person, team, custom) {
            (0, ..) => self.people.push(self.acme.add(Role::SupportCoordinator).await.id),
            (1 | 2, Some(person), ..) => {
                let role = self.role();
                drop(users::assign_role(store, &owner.permit::<AssignRole>().await, person, &role).await);
            }
            (3 | 4, Some(person), ..) => {
                let effect = if self.dice.roll(3) == 0 { "deny" } else { "grant" };
                let minutes = i64::try_from(self.dice.roll(6)).unwrap();
                let new = NewGrant {
                    permission: (*self.dice.one(&PERMISSIONS).unwrap()).to_owned(),
                    effect: effect.to_owned(),
                    reason: "As it comes.".to_owned(),
                    expires_at: (minutes > 2).then(|| store.now() + Span::minutes(minutes)),
                };
                let permit = owner.permit::<GrantPermission>().await;
                if let Ok(grant) = grants::grant(store, &permit, person, new).await {
                    self.grants.push((person, grant.id));
                }
            }
            (5, ..) => {
                if let Some((person, grant)) = self.dice.one(&self.grants).copied() {
                    let permit = owner.permit::<GrantPermission>().await;
                    drop(grants::remove_grant(store, &permit, person, grant).await);
                }
            }
            (6, Some(person), ..) => {
                let permit = owner.permit::<DisableUser>().await;
                if users::disable(store, &permit, person).await.is_err() {
                    drop(users::enable(store, &permit, person).await);
                }
            }
            (7, ..) => {
                let label = format!("Role {}", self.named);
                let new = NewRole { label, permissions: self.permissions(), ..NewRole::default() };
                let made = roles::create(store, &owner.permit::<CreateRole>().await, new).await.unwrap();
                self.roles.push(made.name);
            }
            (8, _, _, Some(custom)) => {
                let label = format!("Role {}", self.named);
                let new = Change { label, permissions: self.permissions(), ..Change::default() };
                drop(roles::change(store, &owner.permit::<UpdateRole>().await, custom, new).await);
            }
            (9, _, _, Some(custom)) => {
                let permit = owner.permit::<DeleteRole>().await;
                if roles::delete(store, &permit, custom, Some("developer")).await.is_ok() {
                    self.roles.retain(|name| *name != custom);
                }
            }
            (10, ..) => {
                let new = NewTeam { name: format!("Team {}", self.named), description: String::new() };
                let made = teams::create(store, &owner.permit::<UpdateTeam>().await, new).await.unwrap();
                self.teams.push(made.id);
            }
            (11, Some(person), Some(team), _) => {
                let permit = owner.permit::<UpdateTeam>().await;
                if teams::add_member(store, &permit, team, person).await.is_err() {
                    drop(teams::remove_member(store, &permit, team, person).await);
                }
            }
            (12, _, Some(team), _) => {
                let role = self.role();
                let permit = owner.permit::<GiveTeamRole>().await;
                if teams::give_role(store, &permit, team, &role).await.is_err() {
                    drop(teams::take_role(store, &permit, team, &role).await);
                }
            }
            (13, _, Some(team), _) if self.dice.roll(3) == 0 => {
                if teams::dissolve(store, &owner.permit::<UpdateTeam>().await, team).await.is_ok() {
                    self.teams.retain(|id| *id != team);
                }
            }
            (14, Some(person), ..) => {
                // Whoever approved something gets another token: somebody new each time.
                let deleter = self.acme.user(Role::TenantOwner).await;
                let permit = deleter.permit::<DeleteUser>().await;
                if is_here(self.db, self.acme, person).await {
                    deleter
                        .confirmed(async |answer| deletion::delete(store, &permit, person, answer).await)
                        .await
                        .unwrap();
                }
            }
            (15, ..) => {
                let (role, first) = (self.role(), self.dice.roll(3));
                let several: Vec<_> = self.people.iter().skip(first).take(3).copied().collect();
                if let Ok(chosen) = Chosen::of(several) {
                    let permit = owner.permit::<AssignRole>().await;
                    bulk::assign_role(store, &permit, chosen, &role).await.unwrap();
                }
            }
            (16 | 17, ..) => {
                let (email, role) = (format!("new{}@acme.example", self.named), self.role());
                let new = NewInvitation { email: email.clone(), role, expires_at: None };
                let permit = owner.permit::<Invite>().await;
                invitations::create(store, &permit, new).await.unwrap();
                let link = links(self.db, "/join/").await.remove(0);
                self.invited.push((email, InvitationToken::parse(&link).unwrap()));
            }
            (18, ..) if !self.invited.is_empty() => self.join().await,
            _ => {
                Ends::new(store.clone(), self.db.jobs()).round().await.unwrap();
            }
        }
    }
}

async fn is_here(db: &Db, acme: &Tenant, id: UserId) -> bool {
    let mut view = db.store.read(&acme.job()).await.unwrap();
    stored_users::find(&mut view, id).await.is_ok()
}

/// Permission by permission: the state, and through what.
type Told = BTreeMap<String, (State, BTreeSet<String>, bool)>;

async fn of_person(db: &Db, acme: &Tenant, id: UserId, at: Option<Timestamp>) -> Option<Told> {
    let permit = acme.owner().permit::<ReadRoles>().await;
    let standing = explorer::what_can(&db.store, &permit, id, at).await.ok()?;
    assert!(standing.clear && standing.complete && standing.unknown.is_empty(), "{standing:?}");
    standing.role?;
    let told = standing.lines.iter().map(|line| {
        let sources = line.reasons.iter().map(|reason| format!("{:?}", reason.source));
        let name = db.store.catalogue().name(line.permission).to_owned();
        (name, (line.state, sources.collect(), line.denial.is_some()))
    });
    Some(told.collect())
}

async fn holders(
    db: &Db,
    acme: &Tenant,
    permission: &str,
    via: Option<Via>,
    at: Option<Timestamp>,
) -> Vec<(UserId, State)> {
    let permit = acme.owner().permit::<ReadRoles>().await;
    let asked = Asked { permission: permission.to_owned(), via, at, ..Asked::default() };
    let found = explorer::who_can(&db.store, &permit, &asked).await.unwrap();
    assert_eq!((found.next, found.unclear), (None, 0));
    found.items.iter().map(|item| (item.user, item.state)).collect()
}

/// What the tables said at a moment.
struct Answer {
    at: Timestamp,
    people: BTreeMap<UserId, Told>,
    holders: Vec<Vec<(UserId, State)>>,
}

/// Every question that is compared, about now or about `at`.
async fn asked(db: &Db, acme: &Tenant, people: &[UserId], at: Option<Timestamp>) -> Answer {
    let mut told = BTreeMap::new();
    for id in people {
        if let Some(answer) = of_person(db, acme, *id, at).await {
            told.insert(*id, answer);
        }
    }
    let mut all = Vec::new();
    for permission in PERMISSIONS {
        for via in [None, Some(Via::Team)] {
            all.push(holders(db, acme, permission, via, at).await);
        }
    }
    Answer { at: at.unwrap_or(db.store.now()), people: told, holders: all }
}

fn everybody(play: &Play<'_>) -> Vec<UserId> {
    play.people.iter().copied().chain([play.acme.owner().id()]).collect()
}

async fn plays(db: &Db, seed: u64, steps: usize) {
    let acme = db.tenant("acme").await;
    // Never the owner: their session would get another token.
    let people = vec![acme.add(Role::Auditor).await.id];
    let mut play = Play {
        db,
        acme: &acme,
        dice: Dice(seed),
        people,
        grants: Vec::new(),
        roles: Vec::new(),
        teams: Vec::new(),
        invited: Vec::new(),
        named: 0,
    };
    let mut answers = Vec::new();
    for _ in 0..steps {
        play.step().await;
        answers.push(asked(db, &acme, &everybody(&play), None).await);
        let seconds = 1 + i64::try_from(play.dice.roll(90)).unwrap();
        db.clock.advance(Span::seconds(seconds));
    }
    for then in answers {
        let told = asked(db, &acme, &everybody(&play), Some(then.at)).await;
        assert_eq!(told.people, then.people, "seed {seed}, as of {}", then.at);
        assert_eq!(told.holders, then.holders, "seed {seed}, as of {}", then.at);
    }
}

both_databases! {
    async fn log_tells_of_every_moment_what_the_tables_said_then(db: Db) {
        plays(&db, 1, 60).await;
    }

    async fn log_tells_it_of_another_course_of_things(db: Db) {
        plays(&db, 20_260_102, 60).await;
    }

    async fn what_somebody_could_do_who_was_deleted_is_told_without_their_name(db: Db) {
        let acme = db.tenant("acme").await;
        let leaver = acme.add(Role::Auditor).await;
        let before = db.store.now();
        db.clock.advance(Span::minutes(1));
        let deleter = acme.user(Role::TenantOwner).await;
        let permit = deleter.permit::<DeleteUser>().await;
        deleter.confirmed(async |answer| deletion::delete(&db.store, &permit, leaver.id, answer).await).await.unwrap();
        let gone = db.store.now();
        db.clock.advance(Span::minutes(1));
        let permit = acme.owner().permit::<ReadRoles>().await;
        let then = explorer::what_can(&db.store, &permit, leaver.id, Some(before)).await.unwrap();
        assert_eq!((then.name, then.role), (None, Some((Role::Auditor.into(), true))));
        assert!(then.clear && then.lines.iter().any(|line| line.state == State::Able));
        for at in [None, Some(gone)] {
            let nobody = explorer::what_can(&db.store, &permit, leaver.id, at).await;
            assert!(matches!(nobody, Err(Error::NotFound)), "{at:?} {nobody:?}");
        }
        let now = holders(&db, &acme, "audit:read", None, Some(gone)).await;
        assert!(now.iter().all(|(id, _)| *id != leaver.id), "{now:?}");
    }

    async fn auditor_learns_by_which_records_somebody_has_a_permission_through_a_team(db: Db) {
        let acme = db.tenant("acme").await;
        let person = acme.add(Role::SupportCoordinator).await;
        let owner = acme.owner();
        let new = NewRole { label: "Reader".into(), permissions: vec!["user:read".into()], ..NewRole::default() };
        let role = roles::create(&db.store, &owner.permit::<CreateRole>().await, new).await.unwrap();
        db.clock.advance(Span::minutes(1));
        let new = NewTeam { name: "Nights".into(), description: String::new() };
        let team = teams::create(&db.store, &owner.permit::<UpdateTeam>().await, new).await.unwrap();
        teams::give_role(&db.store, &owner.permit::<GiveTeamRole>().await, team.id, role.name.name()).await.unwrap();
        db.clock.advance(Span::minutes(1));
        teams::add_member(&db.store, &owner.permit::<UpdateTeam>().await, team.id, person.id).await.unwrap();
        db.clock.advance(Span::minutes(1));
        let change = Change { label: "Reader".into(), permissions: vec!["user:read".into(), "session:read".into()], ..Change::default() };
        roles::change(&db.store, &owner.permit::<UpdateRole>().await, role.name, change).await.unwrap();
        let widened = db.store.now();
        let auditor = acme.user(Role::Auditor).await;
        let asked = Asked { permission: "session:read".into(), via: Some(Via::Team), ..Asked::default() };
        let found = explorer::who_can(&db.store, &auditor.permit::<ReadRoles>().await, &asked).await.unwrap();
        let [holder] = found.items.as_slice() else { panic!("{found:?}") };
        let [reason] = holder.reasons.as_slice() else { panic!("{holder:?}") };
        assert_eq!(reason.source, Some(Source::Team { team: team.id, role: role.name.into() }));
        let kinds: Vec<_> = reason.steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [StepKind::Joined, StepKind::TeamRole, StepKind::RoleExtended]);
        let last = reason.since().unwrap();
        assert_eq!((last.kind, last.origin.at), (StepKind::RoleExtended, widened));
        assert_eq!(last.origin.who.id, Some(owner.id().uuid()));
        assert_eq!(found.names.source(reason.source.unwrap()), "Team Nights: role Reader");
    }

    async fn everybody_is_found_page_after_page_and_nobody_twice(db: Db) {
        let acme = db.tenant("acme").await;
        let mut all = BTreeSet::from([acme.owner().id()]);
        for _ in 0..explorer::AT_ONCE + 7 {
            all.insert(acme.add(Role::Auditor).await.id);
        }
        let now = db.store.now();
        for at in [None, Some(now)] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let asked = Asked { permission: "audit:read".into(), after, at, ..Asked::default() };
                let permit = acme.owner().permit::<ReadRoles>().await;
                let page = explorer::who_can(&db.store, &permit, &asked).await.unwrap();
                found.extend(page.items.iter().map(|item| item.user));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found.len(), all.len());
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }

    async fn nobody_looks_into_the_past_without_the_log_or_into_what_is_to_come(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let now = db.store.now();
        let permit = manager.permit::<ReadRoles>().await;
        let asked = Asked { permission: "user:read".into(), at: Some(now), ..Asked::default() };
        assert!(matches!(explorer::who_can(&db.store, &permit, &asked).await, Err(Error::Forbidden(_))));
        assert!(matches!(explorer::what_can(&db.store, &permit, manager.id(), Some(now)).await, Err(Error::Forbidden(_))));
        let without = Asked { at: None, ..asked.clone() };
        let found = explorer::who_can(&db.store, &permit, &without).await.unwrap();
        assert!(found.items.iter().all(|item| item.reasons.iter().all(|reason| reason.steps.is_empty())));
        let owner = acme.owner().permit::<ReadRoles>().await;
        let tomorrow = Asked { at: Some(now + Span::days(1)), ..asked };
        assert!(matches!(explorer::who_can(&db.store, &owner, &tomorrow).await, Err(Error::Invalid(_))));
    }
}
