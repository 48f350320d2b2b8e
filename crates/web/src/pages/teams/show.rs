//! One team: its roles, its members, and what may be done with it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    ids::TeamId,
    permission::Permission,
    rule::{ReadTeams, Rule},
};
use bailiwick_ops::roles::givable;
use bailiwick_store::{Permit, Store, teams};
use serde::Deserialize;

use super::new::fields;
use crate::{
    access::Access,
    error::Result,
    forms::{Choice, Field, Id, LocalPath, Problem, Query, Select, Typed},
    pages::{
        audit::history,
        cursor,
        parts::{Pager, counted},
        refused::Refused,
        titles::Titles,
    },
    shell::{Shell, Visit, initials},
    when::When,
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    before: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "teams/show.html")]
pub(super) struct TeamPage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    meaning: String,
    path: String,
    made: When,
    may_update: bool,
    may_give: bool,
    dissolve: Option<String>,
    history: Option<String>,
    roles: Vec<RoleRow>,
    role: Select,
    members: Vec<MemberRow>,
    pager: Pager,
    address: Field,
    name: Field,
    description: Field,
}

/// A role of the team.
struct RoleRow {
    title: String,
    /// Nothing for whoever may not read roles.
    href: Option<String>,
    remove: String,
}

/// Somebody in the team.
struct MemberRow {
    name: String,
    address: String,
    initials: String,
    /// Nothing for whoever may not read users.
    href: Option<String>,
    role: String,
    since: When,
    remove: String,
}

pub(super) async fn show(
    Access(permit): Access<ReadTeams>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    Query(place): Query<Place>,
) -> Result<TeamPage> {
    TeamPage::read(&store, &permit, &visit, id, &place).await
}

/// The team as it stands, with what was refused: of a form what was typed into it, too.
pub(super) async fn refused_at<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    visit: &Visit,
    id: TeamId,
    refused: Refused,
    typed: Option<&Typed>,
) -> Result<Response> {
    let page = TeamPage::read(store, permit, visit, id, &Place::default()).await?;
    let page = match typed {
        Some(typed) => page.again(typed, refused.problems),
        None => TeamPage { problems: refused.problems, ..page },
    };
    Ok((refused.status, page).into_response())
}

impl TeamPage {
    /// The team as it stands.
    async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        id: TeamId,
        place: &Place,
    ) -> Result<Self> {
        let before = cursor(place.before.as_deref())?;
        let mut view = store.read(permit).await?;
        let team = teams::find(&mut view, id).await?;
        let titles = Titles::read(&mut view).await?;
        let members = teams::members(&mut view, id, before).await?;
        let size = teams::size(&mut view, id).await?;
        let given = givable(store, &mut view, *permit.permissions(), false).await?;
        let more = given.into_iter().filter(|one| !one.role.is_owner() && !team.roles.contains(&one.role));
        let may = |permission| permit.may(permission);
        let path = format!("/teams/{id}");
        let next = members.next.map(|next| format!("{path}?before={next}"));
        let (name, description) = fields();
        let may_update = may(Permission::TEAM_UPDATE);
        let member = |one: teams::Member| MemberRow {
            href: may(Permission::USER_READ).then(|| format!("/users/{}", one.user.id)),
            // An address is for those who administer people.
            address: if may(Permission::USER_READ) { one.user.email.clone() } else { String::new() },
            initials: initials(&one.user.name),
            role: titles.of(one.user.role),
            since: When::day(one.member.created_at),
            remove: format!("{path}/members/{}/remove", one.user.id),
            name: one.user.name,
        };
        let mut shell = Shell::new(permit, visit, team.name.clone()).under("Teams", "/teams");
        // The page also comes as the answer to a form, whose own address nobody can open.
        if shell.prove_at.is_some() {
            shell.prove_at = LocalPath::parse(&path).map(|here| here.after("/sign-in/again"));
        }
        Ok(Self {
            shell,
            problems: Vec::new(),
            made: When::day(team.created_at),
            may_update,
            may_give: may(Permission::USER_ASSIGN_ROLE),
            dissolve: may_update.then(|| format!("{path}/dissolve")),
            history: may(Permission::AUDIT_READ).then(|| history("team", id)),
            roles: team
                .roles
                .iter()
                .map(|role| RoleRow {
                    title: titles.of(*role),
                    href: may(Permission::ROLE_READ).then(|| format!("/roles/{role}")),
                    remove: format!("{path}/roles/{role}/remove"),
                })
                .collect(),
            role: Select::new("role", "Role", more.map(|one| Choice::new(one.role.name(), one.title)), "")
                .unchosen()
                .hint("Roles that hold more than you do are not offered, nor is an owner's."),
            members: members.items.into_iter().map(member).collect(),
            pager: Pager::forward(counted(size, "member"), before.map(|_| path.clone()), next),
            address: Field::new("address", "E-mail address").hint("Of somebody who is here already."),
            name: name.value(team.name.clone()),
            description: description.value(team.description.clone()),
            title: team.name,
            meaning: team.description,
            path,
        })
    }

    /// The forms as they were filled in, with what is wrong beside each field.
    fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let of = |field: &'static str| problems.iter().any(|problem| problem.field == field);
        let renamed = of("name") || of("description");
        let (named, address) = (self.name.clone(), self.address.clone());
        Self {
            name: if renamed { named.again(typed, &problems) } else { named },
            description: if renamed { self.description.again(typed, &problems) } else { self.description },
            address: if of("address") { address.again(typed, &problems) } else { address },
            role: if of("role") { self.role.again(typed, &problems) } else { self.role },
            problems,
            ..self
        }
    }
}
