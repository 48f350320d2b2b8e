//! Storing a secret.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::WriteSecrets;
use bailiwick_ops::secrets::{self, NewSecret, Value};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{LIST, as_typed, new::page};
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewForm {
    name: String,
    value: String,
}

pub(super) async fn create(
    Access(permit): Access<WriteSecrets>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<NewForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(new) => {
            let new = NewSecret { name: new.name, value: Value::new(as_typed(&new.value)) };
            match secrets::create(&store, &permit, new).await {
                Ok(made) => {
                    let there = format!("{LIST}/{}", made.id);
                    return Ok(SeeOther::to(&there).tell(Message::SecretStored).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    let page = page(&permit, &visit).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    const VALUE: &str = "marked-4242-opensesame-first";
    const NEXT: &str = "marked-4242-opensesame-second";
    const FORM: &[(&str, &str)] = &[("name", "gateway/stripe/api_key"), ("value", VALUE)];

    both_databases! {
        async fn owner_stores_a_secret_and_nobody_sees_it_again(db: Db) {
            let acme = db.tenant("acme").await;
            let actor = acme.owner();
            let mut owner = Browser::of(&actor);
            assert!(owner.get("/secrets").await.shows("No secrets yet"));
            let wrong = owner.post("/secrets", &[("name", "../x"), ("value", VALUE)]).await;
            assert!(wrong.status == 422 && wrong.shows("id=\"name-error\"") && wrong.shows("value=\"../x\""), "{}", wrong.body);
            assert!(!wrong.body.contains(VALUE), "what was typed does not come back");
            let made = owner.post("/secrets", FORM).await;
            let path = made.led().1.to_owned();
            assert!(made.status == 303 && path.starts_with("/secrets/"), "{}", made.body);
            let page = owner.get(&path).await;
            assert!(page.shows("gateway/stripe/api_key") && page.shows("16 to 31 octets") && !page.body.contains(VALUE), "{}", page.body);
            let twice = owner.post("/secrets", FORM).await;
            assert!(twice.status == 422 && twice.shows("There is a secret with this name"), "{}", twice.body);
            assert!(owner.get("/secrets").await.shows("gateway/stripe/api_key"));

            assert_eq!(owner.post(&format!("{path}/rotate"), &[]).await.status, 409, "nothing is staged");
            let same = owner.post(&format!("{path}/stage"), &[("value", VALUE)]).await;
            assert!(same.status == 422 && same.shows("This is the current value") && !same.body.contains(VALUE), "{}", same.body);
            db.clock.advance(Span::seconds(1));
            assert_eq!(owner.post(&format!("{path}/stage"), &[("value", NEXT)]).await.led(), (303, path.as_str()));
            assert!(owner.get(&path).await.shows("Staged"));
            let rotate = format!("{path}/rotate");
            let asked = owner.post(&rotate, &[]).await;
            assert!(asked.status == 200 && asked.shows("Rotate the secret") && !asked.body.contains(NEXT), "{}", asked.body);
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let done = owner.post(&rotate, &[("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!(done.led(), (303, path.as_str()));
            let page = owner.get(&path).await;
            assert!(page.shows("Previous") && !page.body.contains(NEXT) && !page.body.contains(VALUE), "{}", page.body);

            db.clock.advance(Span::seconds(1));
            let delete = format!("{path}/delete");
            assert!(owner.get(&delete).await.shows("Delete “gateway/stripe/api_key”?"));
            let asked = owner.post(&delete, &[]).await;
            let id = asked.between("name=\"step_up\" value=\"", "\"").unwrap();
            let code = actor.mailed_code(id.parse().unwrap()).await;
            let done = owner.post(&delete, &[("step_up", &id), ("step_up_code", &code)]).await;
            assert_eq!(done.led(), (303, "/secrets"));
            assert_eq!(owner.get(&path).await.status, 404);
        }

        async fn owner_takes_a_staged_version_back(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            let path = owner.post("/secrets", FORM).await.led().1.to_owned();
            assert_eq!(owner.post(&format!("{path}/discard"), &[]).await.status, 409);
            db.clock.advance(Span::seconds(1));
            owner.post(&format!("{path}/stage"), &[("value", "one\r\ntwo")]).await;
            db.clock.advance(Span::seconds(1));
            assert_eq!(owner.post(&format!("{path}/discard"), &[]).await.led(), (303, path.as_str()));
            assert!(!owner.get(&path).await.shows("Put version"));
        }

        async fn auditor_sees_that_there_is_a_secret_and_changes_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let path = Browser::of(&acme.owner()).post("/secrets", FORM).await.led().1.to_owned();
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let list = auditor.get("/secrets").await;
            assert!(list.shows("gateway/stripe/api_key") && !list.shows("/secrets/new"));
            let page = auditor.get(&path).await;
            assert!(page.status == 200 && !page.shows("/stage") && !page.shows("/delete"), "{}", page.body);
            assert_eq!(auditor.get("/secrets/new").await.status, 403);
            assert_eq!(auditor.post(&format!("{path}/rotate"), &[]).await.status, 403);
            assert_eq!(Browser::of(&acme.user(Role::PlanManager).await).get("/secrets").await.status, 403);
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            assert_eq!(stranger.get(&path).await.status, 404);
            assert_eq!(stranger.post(&format!("{path}/stage"), &[("value", NEXT)]).await.status, 404);
        }
    }
}
