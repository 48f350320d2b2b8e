//! Changing the policy.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::UpdatePolicy;
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
    session_idle_minutes: i64,
    session_absolute_hours: i64,
    reauth_minutes: i64,
    invitation_days: i64,
}

pub(super) async fn update(
    Access(permit): Access<UpdatePolicy>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<PolicyForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => {
            let new = NewPolicy {
                mfa_floor: values.mfa_floor,
                session_idle_minutes: values.session_idle_minutes,
                session_absolute_hours: values.session_absolute_hours,
                reauth_minutes: values.reauth_minutes,
                invitation_days: values.invitation_days,
            };
            match policy::update(&store, &permit, new).await {
                Ok(_) => return Ok(SeeOther::to("/policy").tell(Message::PolicyChanged).into_response()),
                Err(error) => Refused::by(error, &[])?,
            }
        }
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

    fn policy<'a>(floor: &'a str, idle: &'a str) -> [(&'a str, &'a str); 5] {
        [
            ("mfa_floor", floor),
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

        async fn everybody_reads_that_the_floor_is_not_asked_for_at_sign_in(db: Db) {
            let acme = db.tenant("acme").await;
            for actor in [acme.owner(), acme.user(Role::Auditor).await] {
                assert!(Browser::of(&actor).get("/policy").await.shows("The second factor is not asked for at sign-in yet."));
            }
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
