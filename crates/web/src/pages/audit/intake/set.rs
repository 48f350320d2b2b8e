//! Setting what is never stored.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SetIntake;
use bailiwick_ops::audit::intake::{self, NewRules};
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::IntakePage;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::pages::audit) struct RulesForm {
    rules: String,
    #[serde(default)]
    detector: Vec<String>,
}

pub(in crate::pages::audit) async fn set(
    Access(permit): Access<SetIntake>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<RulesForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => {
            let new = NewRules { rules: values.rules, detectors: values.detector };
            match intake::set_rules(&store, &permit, new).await {
                Ok(_) => {
                    return Ok(SeeOther::to("/audit/intake")
                        .tell(Message::EventRulesChanged)
                        .into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = IntakePage::read(&store, &permit, &visit).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const EVENT: &str = r#"{"key":"k","action":"app.plan.changed","entity":{"type":"app.plan","id":"1"},"after":{"pin":"hunter2","card":"4111111111111111","n":1}}"#;

    both_databases! {
        async fn owner_sets_what_is_never_stored_and_tries_it(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            assert!(owner.get("/audit/intake").await.shows("Numbers of payment cards"));
            let wrong = owner.post("/audit/intake", &[("rules", "secret /pin\nhide /x"), ("detector", "card")]).await;
            assert!(wrong.status == 422 && wrong.shows("Line 2") && wrong.shows("hide /x"), "{}", wrong.body);
            let set = owner.post("/audit/intake", &[("rules", "secret /pin"), ("detector", "card")]).await;
            assert_eq!(set.led(), (303, "/audit/intake"));
            let page = owner.get("/audit/intake").await;
            assert!(page.shows("Events that are stored from now on follow them.") && page.shows("secret /pin"));
            let again = owner.post("/audit/intake", &[("rules", "secret /pin"), ("detector", "card")]).await;
            assert!(again.status == 409 && again.shows("It is so already."), "{}", again.body);
            let tried = owner.post("/audit/intake/try", &[("event", EVENT)]).await;
            assert!(tried.status == 200 && tried.shows("Secret, never recorded") && tried.shows("/card"), "{}", tried.body);
            let broken = owner.post("/audit/intake/try", &[("event", "{\"key\":1,\"key\":2}")]).await;
            assert!(broken.status == 200 && broken.shows("This name is there twice."), "{}", broken.body);
            let none = owner.post("/audit/intake/try", &[("event", "{")]).await;
            assert!(none.status == 422 && none.shows("This is not JSON"), "{}", none.body);
        }

        async fn auditor_reads_the_rules_and_changes_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/audit/intake").await;
            assert!(page.status == 200 && !page.shows("Save rules"));
            assert_eq!(auditor.post("/audit/intake", &[("rules", "")]).await.status, 403);
            assert_eq!(auditor.post("/audit/intake/try", &[("event", EVENT)]).await.status, 403);
        }

        async fn owner_registers_changes_and_removes_a_schema(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let wrong = owner.post("/audit/intake/schemas", &[("action", "plan"), ("schema", "{")]).await;
            assert!(wrong.status == 422 && wrong.shows("id=\"action-error\"") && wrong.shows("id=\"schema-error\""), "{}", wrong.body);
            let made = owner.post("/audit/intake/schemas", &[("action", "app.plan.changed"), ("schema", "{\"required\":[\"actor\"]}")]).await;
            let (status, path) = made.led();
            let path = path.to_owned();
            assert!(status == 303 && path.starts_with("/audit/intake/schemas/"), "{path}");
            assert!(owner.get("/audit/intake").await.shows("app.plan.changed"));
            let tried = owner.post("/audit/intake/try", &[("event", EVENT)]).await;
            assert!(tried.shows("does not fit the schema of the action at /required"), "{}", tried.body);
            assert_eq!(owner.post(&path, &[("schema", "{}")]).await.led(), (303, path.as_str()));
            assert!(owner.get(&format!("{path}/remove")).await.shows("app.plan.changed"));
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
            assert_eq!(stranger.post(&format!("{path}/remove"), &[]).await.status, 404);
            assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.led(), (303, "/audit/intake"));
            assert_eq!(owner.get(&path).await.status, 404);
        }
    }
}
