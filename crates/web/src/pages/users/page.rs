//! The page of one user: for reading, and again when a change of them was refused.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, Session, User, UserStatus},
    ids::UserId,
    permission::Permission,
    rule::Rule,
    time::Span,
    zone::Zone,
};
use bailiwick_ops::{
    roles::{Givable, givable},
    sign_in::{self, Waits},
};
use bailiwick_store::{
    Permit, Scope, Store, View, access, accounts, attempts,
    audit::{self, Place, Sought},
    grants, sessions, teams, users,
};

use super::{
    beside::{GrantRow, TeamLink, lasts},
    permissions::{PermissionGroup, groups},
    reach::why_not,
};
use crate::{
    error::Result,
    forms::{Choice, Problem, Select},
    pages::{parts::counted, rows::UserRow, titles::Titles},
    shell::{Shell, Visit},
    when::{When, zone_of},
};

/// Records of somebody's own activity on their page.
const RECENT: usize = 8;

#[derive(Template, WebTemplate)]
#[template(path = "users/show.html")]
pub(super) struct UserPage {
    shell: Shell,
    problems: Vec<Problem>,
    id: UserId,
    user: UserRow,
    signs_in_with: String,
    joined: When,
    /// Nothing for whoever may not see sessions.
    sessions: Option<String>,
    /// Where they are listed.
    sessions_href: String,
    /// Who has to wait after wrong guesses.
    waits: Vec<String>,
    /// Where that is lifted; nothing for whoever may not, and where nobody waits.
    unlock: Option<String>,
    /// Of the sessions that are live.
    last_seen: Option<When>,
    disable: Option<String>,
    enable: Option<String>,
    reset_factors: Option<String>,
    rename: Option<String>,
    delete: Option<String>,
    /// Where it is not UTC.
    time_zone: Option<String>,
    /// What they did; nothing for whoever may not read the log.
    audit_href: Option<String>,
    may_see_roles: bool,
    may_change_role: bool,
    role: Select,
    role_action: String,
    role_why_not: &'static str,
    may_override: bool,
    overrides_action: String,
    effective: usize,
    known: usize,
    permissions: Vec<PermissionGroup>,
    recent: Vec<ActivityRow>,
    /// For how long a grant or denial counts.
    lasts: Select,
    grants: Vec<GrantRow>,
    teams: Vec<TeamLink>,
    may_see_teams: bool,
}

/// Something that the user did.
struct ActivityRow {
    icon: &'static str,
    action: String,
    summary: String,
    href: String,
    at: When,
}

impl UserPage {
    /// Reads the user and everything the page says of them.
    pub(super) async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        id: UserId,
        problems: Vec<Problem>,
    ) -> Result<Self> {
        let mut view = store.read(permit).await?;
        let listed = users::find_listed(&mut view, id).await?;
        let user = &listed.user;
        let grants = grants::of_user(&mut view, id).await?;
        let has = access::held(&mut view, user).await?;
        let theirs = has.permissions();
        let titles = Titles::read(&mut view).await?;
        let teams = teams::of_user(&mut view, id).await?;
        let live = sessions::live_of(&mut view, id).await?;
        let sees_sessions = permit.may(Permission::SESSION_READ);
        let last_seen = live.iter().map(|session| session.last_seen_at).max().filter(|_| sees_sessions);
        let now = view.now();
        let factors = accounts::factors(&mut view, id).await?;
        let resettable = factors.iter().any(|factor| factor.kind != FactorKind::Sso);
        let live_grants: Vec<_> = grants.iter().filter(|grant| !grant.is_over(now)).cloned().collect();
        let platform = user.role.platform();
        let groups =
            groups(store.catalogue(), platform, has.roles(), &live_grants, theirs, *permit.permissions());
        let given = givable(store, &mut view, *permit.permissions(), platform).await?;
        let not_role = why_not(permit, Permission::USER_ASSIGN_ROLE, user, theirs);
        let administered = why_not(permit, Permission::USER_DISABLE, user, theirs).is_none();
        let path = format!("/users/{id}");
        let waiting = sign_in::waits(&mut view, id).await?;
        let lately = attempts::turned_away_since(&mut view, id, now - Span::hours(24)).await?;
        let turned_away = (lately.attempts > 0).then(|| words_of(&lately));
        let may_unlock = why_not(permit, Permission::USER_UNLOCK, user, theirs).is_none();
        let to = |status: UserStatus, verb: &str| {
            (administered && user.status == status).then(|| format!("{path}/{verb}"))
        };
        Ok(Self {
            shell: Shell::new(permit, visit, user.name.clone()).under("Users", "/users"),
            id,
            signs_in_with: signs_in_with(&mut view, user).await?,
            joined: When::day(user.created_at),
            sessions_href: format!("{path}/sessions"),
            waits: waiting.iter().map(|one| waits(one, &zone_of(permit))).chain(turned_away).collect(),
            unlock: (may_unlock && !waiting.is_empty()).then(|| format!("{path}/unlock")),
            sessions: sees_sessions.then(|| active(&live)),
            last_seen: last_seen.map(|at| When::ago(at, now)),
            disable: to(UserStatus::Active, "disable"),
            enable: to(UserStatus::Disabled, "enable"),
            reset_factors: (resettable && why_not(permit, Permission::FACTOR_RESET, user, theirs).is_none())
                .then(|| format!("{path}/reset-factors")),
            rename: why_not(permit, Permission::USER_UPDATE, user, theirs)
                .is_none()
                .then(|| format!("{path}/name")),
            delete: why_not(permit, Permission::USER_DELETE, user, theirs)
                .is_none()
                .then(|| format!("{path}/delete")),
            time_zone: user.time_zone.as_ref().map(|zone| zone.name().to_owned()),
            audit_href: permit.may(Permission::AUDIT_READ).then(|| format!("/audit?q=actor:{id}")),
            may_see_roles: permit.may(Permission::ROLE_READ),
            may_change_role: not_role.is_none(),
            role: roles(given, user, &problems),
            role_action: format!("{path}/role"),
            role_why_not: not_role.unwrap_or_default(),
            may_override: why_not(permit, Permission::USER_GRANT, user, theirs).is_none(),
            overrides_action: format!("{path}/permissions"),
            effective: groups.iter().map(|group| group.effective).sum(),
            known: groups.iter().map(|group| group.rows.len()).sum(),
            permissions: groups,
            recent: if permit.may(Permission::AUDIT_READ) {
                recent(&mut view, id).await?
            } else {
                Vec::new()
            },
            user: UserRow::of(&listed).titled(&titles, &listed),
            lasts: lasts(),
            grants: grants.iter().map(|grant| GrantRow::of(grant, now)).collect(),
            teams: teams.iter().map(|team| TeamLink::of(team, &titles)).collect(),
            may_see_teams: permit.may(Permission::TEAM_READ),
            problems,
        })
    }

    /// The choice of a role that was refused.
    pub(super) fn choosing(mut self, role: &str) -> Self {
        for option in &mut self.role.options {
            option.selected = option.value == role;
        }
        self
    }
}

/// The roles that the viewer may give, and the one that the user has.
fn roles(given: Vec<Givable>, user: &User, problems: &[Problem]) -> Select {
    let options = given.into_iter().map(|one| Choice::new(one.role.name(), one.title).hint(one.description));
    let mut select = Select::new("role", "Role of this person", options, user.role.name());
    select.error =
        problems.iter().find(|problem| problem.field == select.name).map(|problem| problem.text.clone());
    select
}

/// How much was turned away, and from how many sources.
fn words_of(lately: &attempts::TurnedAway) -> String {
    let all = counted(lately.attempts, "attempt");
    let others = if lately.from_others > 0 { " and others" } else { "" };
    let from = match (lately.sources, lately.from_others) {
        (0 | 1, 0) => "from one source".to_owned(),
        (0, _) => "from many sources".to_owned(),
        (sources, _) => {
            format!(
                "from {}{others}, {} of them from the busiest",
                counted(sources, "source"),
                lately.from_one
            )
        }
    };
    format!("{all} turned away unseen in the last day, {from}")
}

async fn signs_in_with(view: &mut View, user: &User) -> Result<String> {
    let has_password = accounts::password(view, user.id).await?.is_some();
    let factors = accounts::factors(view, user.id).await?;
    let verified = |kind: FactorKind| {
        factors.iter().any(|factor: &Factor| factor.kind == kind && factor.state == FactorState::Verified)
    };
    let ways = [
        has_password.then_some("password"),
        verified(FactorKind::Totp).then_some("authenticator app"),
        verified(FactorKind::Passkey).then_some("passkey"),
        verified(FactorKind::Sso).then_some("single sign-on"),
    ];
    let ways: Vec<_> = ways.into_iter().flatten().collect();
    let text = if ways.is_empty() { "nothing yet".to_owned() } else { ways.join(" and ") };
    let mut letters = text.chars();
    Ok(letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default())
}

fn active(live: &[Session]) -> String {
    match live.len() {
        0 => "None".to_owned(),
        n => format!("{} active", counted(n, "session")),
    }
}

/// Who has to wait, for what, and until when.
fn waits(one: &Waits, zone: &Zone) -> String {
    let guesses = match one.factor {
        "password" => "passwords",
        "recovery" => "recovery codes",
        _ => "codes",
    };
    let until = When::moment(one.until).text(zone);
    match one.sources {
        Some(sources) => {
            let wait = if sources == 1 { "waits" } else { "wait" };
            format!(
                "{} {wait} after wrong {guesses}, until {until} at the latest",
                counted(sources, "address")
            )
        }
        None => format!("Unknown devices wait after too many wrong {guesses}, until {until} at the latest"),
    }
}

/// What the user did last.
async fn recent(view: &mut View, id: UserId) -> Result<Vec<ActivityRow>> {
    let now = view.now();
    let found = audit::search(view, &Sought::default().by(id.uuid()), Place::Newest).await?;
    let row = |record: audit::Listed| ActivityRow {
        icon: if record.outcome == "ok" { "check-circle" } else { "alert-circle" },
        summary: match record.outcome.as_str() {
            "ok" => format!("{}, revision {}", record.entity_type.replace('_', " "), record.revision),
            outcome => format!("{}, {outcome}", record.entity_type.replace('_', " ")),
        },
        action: record.action,
        href: format!("/audit/events/{}", record.event),
        at: When::ago(record.recorded_at, now),
    };
    Ok(found.items.into_iter().take(RECENT).map(row).collect())
}
