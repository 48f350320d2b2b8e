//! Giving a user another role.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, rule::AssignRole};
use bailiwick_ops::users;
use bailiwick_store::Store;
use serde::Deserialize;

use super::page::UserPage;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
pub(super) struct Assignment {
    role: String,
}

pub(super) async fn assign_role(
    Access(permit): Access<AssignRole>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
    form: Form<Assignment>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match users::assign_role(&store, &permit, id, &values.role).await {
            Ok(_) => {
                return Ok(SeeOther::to(&format!("/users/{id}")).tell(Message::RoleChanged).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = UserPage::read(&store, &permit, &visit, id, refused.problems).await?;
    Ok((refused.status, page.choosing(form.typed.value("role"))).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_changes_a_role_and_it_counts_at_once(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let path = format!("/users/{}", planner.id());
            let mut browser = Browser::of(&acme.owner());
            assert!(browser.get(&path).await.shows("Change role"));
            assert_eq!(browser.post(&format!("{path}/role"), &[("role", "auditor")]).await.led(), (303, path.as_str()));
            assert!(browser.get(&path).await.shows("The role was changed."));
            assert_eq!(Browser::of(&planner).get("/security").await.status, 200);
        }

        async fn owner_is_told_why_a_role_cannot_be_given(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.add(Role::PlanManager).await;
            let path = format!("/users/{}/role", planner.id);
            let mut browser = Browser::of(&acme.owner());
            let foreign = browser.post(&path, &[("role", "platform_owner")]).await;
            assert!(foreign.status == 422 && foreign.shows("Choose one of the roles."));
            let same = browser.post(&path, &[("role", "plan_manager")]).await;
            assert!(same.status == 409 && same.shows("has this role already"));
            let own = browser.post(&format!("/users/{}/role", acme.owner().id()), &[("role", "auditor")]).await;
            assert!(own.status == 409 && own.shows("Somebody else has to change your own role."));
        }

        async fn auditor_sees_a_user_and_nothing_to_press(db: Db) {
            let acme = db.tenant("acme").await;
            let path = format!("/users/{}", acme.add(Role::PlanManager).await.id);
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get(&path).await;
            assert!(page.status == 200 && page.shows("Your role does not allow changing this."));
            assert!(!page.shows("/role\"") && !page.shows("Save permissions") && !page.shows("/disable"));
            assert_eq!(auditor.post(&format!("{path}/role"), &[("role", "auditor")]).await.status, 403);
        }

        async fn a_user_of_another_tenant_is_not_there(db: Db) {
            let path = format!("/users/{}", db.tenant("acme").await.owner().id());
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
            assert_eq!(stranger.post(&format!("{path}/role"), &[("role", "auditor")]).await.status, 404);
        }
    }
}
