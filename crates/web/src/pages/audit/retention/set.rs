//! Setting days for a class, with a code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeRetention;
use bailiwick_ops::audit::retention;
use serde::Deserialize;

use super::change::page;
use crate::{
    access::{Access, Confirmation},
    error::Result,
    forms::{Form, Problem},
    pages::{
        refused::Refused,
        step_up::{self, Sent},
    },
    shell::{Message, SeeOther, Shell, Visit},
    state::AppState,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionForm {
    class: String,
    #[serde(default)]
    days: String,
    reason: String,
}

impl RetentionForm {
    fn days(&self) -> std::result::Result<Option<i64>, Vec<Problem>> {
        match self.days.trim() {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| vec![Problem::new("days", "Enter a number of days, or nothing.")]),
        }
    }

    /// What is sent again with the code.
    fn pairs(&self) -> Vec<(String, String)> {
        let pairs = [("class", &self.class), ("days", &self.days), ("reason", &self.reason)];
        pairs.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }
}

pub(super) async fn set(
    Access(permit): Access<ChangeRetention>,
    confirmation: Confirmation<ChangeRetention>,
    visit: Visit,
    State(state): State<AppState>,
    form: Form<RetentionForm>,
) -> Result<Response> {
    let refused = match form.values.and_then(|values| Ok((values.days()?, values))) {
        Err(problems) => Refused::unread(problems, &[]),
        Ok((days, values)) => {
            let answer = confirmation.answer();
            let done =
                retention::set(&state.store, &permit, &values.class, days, &values.reason, answer).await;
            match done {
                Ok(outcome) => {
                    let done = |_| SeeOther::to("/audit/retention").tell(Message::RetentionChanged);
                    let sent = async {
                        Ok(Sent {
                            shell: Shell::new(&permit, &visit, "Confirm with a code")
                                .under("Retention", "/audit/retention"),
                            action: "/audit/retention".to_owned(),
                            typed: values.pairs(),
                            button: "Set",
                            cancel: "/audit/retention".to_owned(),
                        })
                    };
                    return step_up::answer(outcome, &state.outgoing, done, sent).await;
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    Ok((refused.status, page(&permit, &visit).again(&form.typed, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_sets_days_for_a_class_with_a_code_and_looks_what_would_go(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            assert!(owner.get("/audit/retention").await.shows("Everything is kept for good"));
            assert!(owner.get("/audit/retention/look").await.shows("No class has days set."));
            let low = owner.post("/audit/retention", &[("class", "session"), ("days", "89"), ("reason", "Policy 7")]).await;
            assert!(low.status == 422 && low.shows("id=\"days-error\"") && low.shows("Policy 7"), "{}", low.body);
            let log = owner.post("/audit/retention", &[("class", "audit_hold"), ("days", "90"), ("reason", "Policy 7")]).await;
            assert!(log.status == 422 && log.shows("id=\"class-error\""), "{}", log.body);
            let fields = [("class", "session"), ("days", "90"), ("reason", "Policy 7")];
            let asked = owner.post("/audit/retention", &fields).await;
            assert!(asked.status == 200 && asked.shows("Change how long the log keeps records of “session”"), "{}", asked.body);
            assert!(asked.shows("records of “session” stay for 90 days instead of for good"), "{}", asked.body);
            let step_up = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            // The code is for these days and no others.
            let other = [("class", "session"), ("days", "91"), ("reason", "Policy 7"), ("step_up", step_up.as_str()), ("step_up_code", code.as_str())];
            assert_ne!(owner.post("/audit/retention", &other).await.status, 303);
            let asked = owner.post("/audit/retention", &fields).await;
            let step_up = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(step_up.parse().unwrap()).await;
            let mut answer = fields.to_vec();
            answer.extend([("step_up", step_up.as_str()), ("step_up_code", code.as_str())]);
            assert_eq!(owner.post("/audit/retention", &answer).await.led(), (303, "/audit/retention"));
            let page = owner.get("/audit/retention").await;
            assert!(page.shows("90 days") && page.shows("Nothing was taken yet"), "{}", page.body);
            assert_eq!(owner.post("/audit/retention", &fields).await.status, 409, "it is so already");
            let look = owner.get("/audit/retention/look").await;
            assert!(look.status == 200 && look.shows("Nothing would go"), "{}", look.body);
            assert!(look.shows("No record is older than the days of its class."), "{}", look.body);
            assert_eq!(owner.get("/audit/retention/look?class=session&days=3").await.status, 422);
            let letters = owner.get("/audit/retention/look?class=session&days=abc").await;
            assert!(letters.status == 422 && letters.shows("id=\"days-error\"") && letters.shows("value=\"abc\""), "{}", letters.body);
            let nonsense = owner.get("/audit/retention/look?class=nonsense&days=400").await;
            assert!(nonsense.status == 422 && nonsense.shows("id=\"class-error\"") && !nonsense.shows("Nothing would go"), "{}", nonsense.body);
            let set = owner.post("/audit/retention", &[("class", "nonsense"), ("days", "400"), ("reason", "Policy 7")]).await;
            assert!(set.status == 422 && set.shows("id=\"class-error\"") && set.shows("Check the spelling."), "{}", set.body);
            assert!(owner.get("/audit/retention/look?class=user&days=400").await.shows("Nothing would go"));
        }

        async fn auditor_reads_how_long_records_are_kept_and_sets_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            for path in ["/audit/retention", "/audit/retention/look", "/audit/restores"] {
                let page = auditor.get(path).await.page();
                assert!(!page.contains("Set a class") && !page.contains("Bring back"), "{path}");
            }
            for path in ["/audit/retention/change", "/audit/restores/new"] {
                assert_eq!(auditor.get(path).await.status, 403, "{path}");
            }
            let set = [("class", "session"), ("days", "400"), ("reason", "Policy 7")];
            assert_eq!(auditor.post("/audit/retention", &set).await.status, 403);
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            for path in ["/audit/retention", "/audit/retention/look", "/audit/restores"] {
                assert_eq!(manager.get(path).await.status, 403, "{path}");
            }
        }
    }
}
