//! The tenant's teams; there are a hundred at most.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{entity::TenantKind, permission::Permission, rule::ReadTeams};
use bailiwick_store::{Store, teams};

use crate::{
    access::Access,
    error::Result,
    pages::{parts::grouped, titles::Titles},
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "teams/list.html")]
pub(super) struct TeamsPage {
    shell: Shell,
    may_create: bool,
    rows: Vec<TeamRow>,
}

/// A team in the list.
struct TeamRow {
    name: String,
    description: String,
    href: String,
    roles: Vec<String>,
    members: String,
}

pub(super) async fn list(
    Access(permit): Access<ReadTeams>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<TeamsPage> {
    let mut view = store.read(&permit).await?;
    let titles = Titles::read(&mut view).await?;
    let row = |listed: teams::Listed| TeamRow {
        href: format!("/teams/{}", listed.team.id),
        roles: listed.team.roles.iter().map(|role| titles.of(*role)).collect(),
        members: grouped(listed.members),
        name: listed.team.name,
        description: listed.team.description,
    };
    let platform = permit.caller().is_some_and(|caller| caller.tenant.kind == TenantKind::Platform);
    Ok(TeamsPage {
        shell: Shell::new(&permit, &visit, "Teams").under("People and access", "/users"),
        may_create: permit.may(Permission::TEAM_UPDATE) && !platform,
        rows: teams::list(&mut view).await?.into_iter().map(row).collect(),
    })
}
