//! Changing the policy.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{role::Role, rule::UpdatePolicy};
use bailiwick_ops::policy::{self, NewPolicy};
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::page;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyForm {
    mfa_floor: String,
    mfa_grace_days: i64,
    session_idle_minutes: i64,
    session_absolute_hours: i64,
    reauth_minutes: i64,
    invitation_days: i64,
    /// Empty for no bound.
    #[serde(default)]
    api_key_days: String,
    floor_tenant_owner: Option<String>,
    floor_operations_manager: Option<String>,
    floor_plan_manager: Option<String>,
    floor_support_coordinator: Option<String>,
    floor_auditor: Option<String>,
    floor_developer: Option<String>,
    floor_platform_owner: Option<String>,
    floor_platform_operator: Option<String>,
    floor_platform_support: Option<String>,
    /// Of each role that the organisation made, its name and its floor with a space between them.
    #[serde(default)]
    role_floor: Vec<String>,
}

impl PolicyForm {
    fn policy(self) -> NewPolicy {
        let role_floors = [
            (Role::TenantOwner, self.floor_tenant_owner),
            (Role::OperationsManager, self.floor_operations_manager),
            (Role::PlanManager, self.floor_plan_manager),
            (Role::SupportCoordinator, self.floor_support_coordinator),
            (Role::Auditor, self.floor_auditor),
            (Role::Developer, self.floor_developer),
            (Role::PlatformOwner, self.floor_platform_owner),
            (Role::PlatformOperator, self.floor_platform_operator),
            (Role::PlatformSupport, self.floor_platform_support),
        ];
        let chosen =
            role_floors.into_iter().filter_map(|(role, floor)| Some((role.name().to_owned(), floor?)));
        let own = self.role_floor.iter().map(|choice| match choice.split_once(' ') {
            Some((role, floor)) => (role.to_owned(), floor.to_owned()),
            None => (choice.clone(), String::new()),
        });
        NewPolicy {
            mfa_floor: self.mfa_floor,
            mfa_grace_days: self.mfa_grace_days,
            role_floors: chosen.chain(own).collect(),
            session_idle_minutes: self.session_idle_minutes,
            session_absolute_hours: self.session_absolute_hours,
            reauth_minutes: self.reauth_minutes,
            invitation_days: self.invitation_days,
            // What is no number is out of range, and told so beside its field.
            api_key_days: match self.api_key_days.trim() {
                "" => None,
                days => Some(days.parse().unwrap_or(0)),
            },
        }
    }
}

pub(super) async fn update(
    Access(permit): Access<UpdatePolicy>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<PolicyForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match policy::update(&store, &permit, values.policy()).await {
            Ok(_) => return Ok(SeeOther::to("/policy").tell(Message::PolicyChanged).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = page(&permit, &visit, &store).await?.again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{access::cookies::FLASH, pages::browser::Browser};

    fn policy<'a>(floor: &'a str, idle: &'a str) -> [(&'a str, &'a str); 6] {
        [
            ("mfa_floor", floor),
            ("mfa_grace_days", "14"),
            ("session_idle_minutes", idle),
            ("session_absolute_hours", "8"),
            ("reauth_minutes", "10"),
            ("invitation_days", "14"),
        ]
    }

    both_databases! {
        async fn owner_changes_the_policy(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/policy", &policy("mfa", "20")).await;
            assert_eq!((answer.led(), owner.cookie(FLASH)), ((303, "/policy"), Some("policy-changed")));
            let page = owner.get("/policy").await.page();
            assert!(page.contains("value=\"20\"") && page.contains("value=\"8\""));
            assert_eq!(owner.post("/policy", &policy("mfa", "20")).await.status, StatusCode::CONFLICT, "it says so already");
        }

        async fn owner_gets_back_what_they_mistyped(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            for idle in ["4", "half an hour"] {
                let answer = owner.post("/policy", &policy("any", idle)).await;
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
                assert!(answer.body.contains(&format!("value=\"{idle}\"")) && answer.body.contains("id=\"session_idle_minutes-error\""));
                assert!(answer.body.contains("value=\"any\" required checked"));
            }
        }

        async fn owner_cannot_let_a_session_be_idle_for_longer_than_it_lasts(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/policy", &policy("any", "481")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            let error = answer.between("id=\"session_idle_minutes-error\"", "</p>").unwrap();
            assert!(error.contains("cannot be idle for longer than it lasts") && answer.body.contains("value=\"481\""), "{error}");
            assert_eq!(owner.post("/policy", &policy("any", "480")).await.led(), (303, "/policy"));
        }

        async fn owner_asks_more_of_a_role_and_reads_it_again(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let with = |floor: &'static str| {
                let mut form = policy("mfa", "30").to_vec();
                form.push(("floor_auditor", floor));
                form
            };
            assert_eq!(owner.post("/policy", &with("mfa")).await.led(), (303, "/policy"));
            let page = owner.get("/policy").await.page();
            let select = page.split("id=\"floor_auditor\"").nth(1).unwrap().split("</select>").next().unwrap();
            assert!(select.contains("value=\"mfa\" selected"), "{select}");
            assert!(Browser::of(&acme.user(Role::Auditor).await).get("/policy").await.shows("<dt>Auditor</dt>"));
            let beyond = owner.post("/policy", &with("passkey")).await;
            assert!(beyond.status == StatusCode::UNPROCESSABLE_ENTITY && beyond.shows("Set up for yourself first what you ask of others"));
            for wrong in ["king", "\"><script>"] {
                let refused = owner.post("/policy", &with(wrong)).await;
                assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && !refused.shows("<script>"), "{wrong}");
            }
            assert_eq!(owner.post("/policy", &with("any")).await.led(), (303, "/policy"));
        }

        async fn owner_asks_more_of_a_role_that_they_made(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            owner.post("/roles", &[("label", "Night auditor"), ("permission", "audit:read")]).await;
            let with = |floor: &'static str| {
                let mut form = policy("mfa", "30").to_vec();
                form.push(("role_floor", floor));
                form
            };
            assert_eq!(owner.post("/policy", &with("custom-night-auditor mfa")).await.led(), (303, "/policy"));
            assert!(owner.get("/policy").await.shows("value=\"custom-night-auditor mfa\" selected"));
            assert!(Browser::of(&acme.user(Role::Auditor).await).get("/policy").await.shows("<dt>Night auditor</dt>"));
            for wrong in ["custom-day-auditor mfa", "custom-night-auditor king", "custom-night-auditor", ""] {
                let refused = owner.post("/policy", &with(wrong)).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            }
            assert_eq!(owner.post("/policy", &with("custom-night-auditor any")).await.led(), (303, "/policy"));
            assert!(owner.get("/policy").await.shows("value=\"custom-night-auditor any\" selected"));
        }

        async fn owner_reads_what_is_wrong_with_the_days(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            for days in ["-1", "91", "soon", ""] {
                let mut form = policy("mfa", "30");
                form[1].1 = days;
                let refused = owner.post("/policy", &form).await;
                assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.shows("id=\"mfa_grace_days-error\""), "{days}");
            }
        }

        async fn owner_bounds_the_days_of_api_keys(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            for days in ["0", "367", "soon"] {
                let mut form = policy("mfa", "30").to_vec();
                form.push(("api_key_days", days));
                let refused = owner.post("/policy", &form).await;
                assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.shows("id=\"api_key_days-error\""), "{days}");
                assert!(refused.shows(&format!("value=\"{days}\"")));
            }
            let mut form = policy("mfa", "30").to_vec();
            form.push(("api_key_days", "60"));
            assert_eq!(owner.post("/policy", &form).await.led(), (303, "/policy"));
            let page = owner.get("/api-keys/new").await.page();
            assert!(page.contains("value=\"60\" selected") && !page.contains("value=\"90\"") && !page.contains("value=\"never\""), "{page}");
            let key = [("name", "Reports"), ("lifetime", "90"), ("scope", "user:read")];
            let refused = owner.post("/api-keys", &key).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.shows("within the next 60 days"), "{}", refused.body);
        }

        async fn auditor_reads_the_policy_and_cannot_change_it(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/policy").await.page();
            assert!(page.contains("30 minutes") && !page.contains("action=\"/policy\""));
            assert_eq!(auditor.post("/policy", &policy("any", "30")).await.status, StatusCode::FORBIDDEN);
        }
    }
}
