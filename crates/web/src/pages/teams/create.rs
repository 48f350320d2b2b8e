//! Making a team.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::UpdateTeam;
use bailiwick_ops::teams::{self, NewTeam};
use bailiwick_store::Store;
use serde::Deserialize;

use super::new::page;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamForm {
    name: String,
    #[serde(default)]
    description: String,
}

impl From<TeamForm> for NewTeam {
    fn from(form: TeamForm) -> Self {
        Self { name: form.name, description: form.description }
    }
}

pub(super) async fn create(
    Access(permit): Access<UpdateTeam>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<TeamForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match teams::create(&store, &permit, values.into()).await {
            Ok(team) => {
                let to = format!("/teams/{}", team.id);
                return Ok(SeeOther::to(&to).tell(Message::TeamCreated).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    Ok((refused.status, page(&permit, &visit).again(&form.typed, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_makes_a_team_that_gives_a_role(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let mut owner = Browser::of(&acme.owner());
            let made = owner.post("/teams", &[("name", "Night shift"), ("description", "Watches at night.")]).await;
            let (status, team) = made.led();
            let team = team.to_owned();
            assert!(status == 303 && team.starts_with("/teams/"));
            assert!(owner.get(&team).await.shows("The team was made."));
            let missing = owner.post(&format!("{team}/members"), &[("address", "nobody@acme.example")]).await;
            assert!(missing.status == 422 && missing.shows("id=\"address-error\""), "{}", missing.body);
            assert_eq!(owner.post(&format!("{team}/members"), &[("address", &planner.user.email)]).await.led(), (303, team.as_str()));
            let mut member = Browser::of(&planner);
            assert_eq!(member.get("/security").await.status, 403);
            let owners = owner.post(&format!("{team}/roles"), &[("role", "tenant_owner")]).await;
            assert!(owners.status == 422 && owners.shows("never through a team"), "{}", owners.body);
            assert_eq!(owner.post(&format!("{team}/roles"), &[("role", "auditor")]).await.led(), (303, team.as_str()));
            assert_eq!(member.get("/security").await.status, 200, "from the next request on");
            let page = owner.get(&format!("/users/{}", planner.id())).await;
            assert!(page.shows("Night shift") && page.shows(&team));
            assert_eq!(owner.post(&format!("{team}/roles/auditor/remove"), &[]).await.led(), (303, team.as_str()));
            assert_eq!(member.get("/security").await.status, 403);
            owner.post(&format!("{team}/roles"), &[("role", "auditor")]).await;
            let out = owner.post(&format!("{team}/members/{}/remove", planner.id()), &[]).await;
            assert_eq!(out.led(), (303, team.as_str()));
            assert_eq!(member.get("/security").await.status, 403);
            assert_eq!(owner.post(&format!("{team}/dissolve"), &[]).await.led(), (303, "/teams"));
            assert_eq!(owner.get(&team).await.status, 404);
        }

        async fn manager_leads_a_team_and_gives_it_no_role(db: Db) {
            let acme = db.tenant("acme").await;
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            let made = manager.post("/teams", &[("name", "Field")]).await;
            let team = made.led().1.to_owned();
            assert_eq!(manager.post(&format!("{team}/roles"), &[("role", "plan_manager")]).await.status, 403);
            assert!(!manager.get(&team).await.shows("Give role"));
            let twice = manager.post("/teams", &[("name", "Field")]).await;
            assert!(twice.status == 422 && twice.shows("There is a team with this name."));
            let mut coordinator = Browser::of(&acme.user(Role::SupportCoordinator).await);
            assert!(coordinator.get(&team).await.shows("Field"), "everybody sees who is in which team");
            assert_eq!(coordinator.post(&team, &[("name", "Mine")]).await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&team).await.status, 404);
            assert_eq!(stranger.post(&team, &[("name", "Mine")]).await.status, 404);
        }
    }
}
