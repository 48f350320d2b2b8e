//! Making a role.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{permission::PermissionSet, rule::CreateRole};
use bailiwick_ops::roles::{self, NewRole};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{NAMES, new::page};
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleForm {
    label: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    permission: Vec<String>,
}

pub(super) async fn create(
    Access(permit): Access<CreateRole>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<RoleForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) => {
            let new = NewRole {
                label: values.label,
                slug: values.slug,
                description: values.description,
                permissions: values.permission,
            };
            match roles::create(&store, &permit, new).await {
                Ok(role) => {
                    let to = format!("/roles/{}", role.name);
                    return Ok(SeeOther::to(&to).tell(Message::RoleCreated).into_response());
                }
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let page = page(&permit, &visit, &store, PermissionSet::empty()).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const FORM: &[(&str, &str)] = &[
        ("label", "Night auditor"),
        ("description", "Reads at night."),
        ("permission", "audit:read"),
        ("permission", "user:read"),
    ];

    both_databases! {
        async fn owner_makes_changes_gives_and_removes_a_role(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let mut owner = Browser::of(&acme.owner());
            assert_eq!(owner.post("/roles", FORM).await.led(), (303, "/roles/custom-night-auditor"));
            let page = owner.get("/roles/custom-night-auditor").await.page();
            assert!(page.contains("The role was made.") && page.contains("value=\"audit:read\" checked"), "{page}");
            assert!(owner.get("/roles").await.page().contains("Night auditor"));
            let path = format!("/users/{}", planner.id());
            assert_eq!(owner.post(&format!("{path}/role"), &[("role", "custom-night-auditor")]).await.led(), (303, path.as_str()));
            assert!(owner.get(&path).await.shows("Night auditor"));
            let mut reader = Browser::of(&planner);
            assert_eq!(reader.get("/users").await.status, 200);
            assert!(reader.get("/account").await.shows("Night auditor"), "their menu names the role");
            let narrower = [("label", "Night auditor"), ("description", ""), ("permission", "audit:read")];
            assert_eq!(owner.post("/roles/custom-night-auditor", &narrower).await.led(), (303, "/roles/custom-night-auditor"));
            assert_eq!(reader.get("/users").await.status, 403, "from the next request on");
            let held = owner.post("/roles/custom-night-auditor/delete", &[]).await;
            assert!(held.status == 409 && held.shows("Choose the role that they get instead"), "{}", held.body);
            assert!(owner.get("/roles/custom-night-auditor/delete").await.shows("Auditor"));
            let done = owner.post("/roles/custom-night-auditor/delete", &[("replacement", "auditor")]).await;
            assert_eq!(done.led(), (303, "/roles"));
            assert_eq!(reader.get("/users").await.status, 200, "an auditor reads users");
            assert_eq!(owner.get("/roles/custom-night-auditor").await.status, 404);
        }

        async fn owner_gets_back_what_they_ticked(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/roles", &[("label", ""), ("slug", "No Good"), ("permission", "audit:read")]).await;
            assert!(answer.status == 422 && answer.shows("id=\"label-error\"") && answer.shows("id=\"slug-error\""), "{}", answer.body);
            assert!(answer.shows("value=\"audit:read\" checked"));
            let answer = owner.post("/roles", &[("label", "Empty")]).await;
            assert!(answer.status == 422 && answer.shows("id=\"permissions-error\""));
            let answer = owner.post("/roles", &[("label", "AUDITOR"), ("permission", "audit:read")]).await;
            assert!(answer.status == 422 && answer.shows("There is a role with this name."));
            let answer = owner.post("/roles", &[("label", "Sly"), ("permission", "tenant:read")]).await;
            assert!(answer.status == 422 && answer.shows("id=\"permissions-error\""), "what is the platform's is no choice");
        }

        async fn a_built_in_role_is_copied_and_never_changed(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let copy = owner.get("/roles/new?from=auditor").await.page();
            assert!(copy.contains("value=\"Copy of Auditor\"") && copy.contains("value=\"audit:verify\" checked"));
            let page = owner.get("/roles/auditor").await.page();
            assert!(page.contains("/roles/new?from=auditor") && !page.contains("Save role"));
            for path in ["/roles/auditor", "/roles/auditor/delete"] {
                assert_eq!(owner.post(path, &[("label", "Mine"), ("permission", "audit:read")]).await.status, 404, "{path}");
            }
        }

        async fn auditor_reads_roles_and_makes_none(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            owner.post("/roles", FORM).await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/roles/custom-night-auditor").await.page();
            assert!(page.contains("Night auditor") && !page.contains("Save role") && !page.contains("/delete"));
            assert_eq!(auditor.get("/roles/new").await.status, 403);
            assert_eq!(auditor.post("/roles/custom-night-auditor", FORM).await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get("/roles/custom-night-auditor").await.status, 404);
            assert_eq!(stranger.post("/roles/custom-night-auditor", FORM).await.status, 404);
        }
    }
}
