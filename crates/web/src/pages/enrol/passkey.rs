//! Setting up a passkey as the second factor that the policy asks for: the only one that meets a floor of passkeys.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::CeremonyId, rule::EnrolFactor};
use bailiwick_ops::{factors, passkeys::NewPasskey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::factor::{elsewhere, is_free, page};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Json},
    pages::{refused::Refused, sign_in::signed_in},
    shell::{Message, Visit},
    state::AppState,
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("name", "passkey_name")];

/// What the script of the page gives to `navigator.credentials`.
#[derive(Serialize)]
pub(super) struct Question {
    ceremony: CeremonyId,
    options: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Added {
    ceremony: CeremonyId,
    credential: String,
    passkey_name: String,
}

pub(super) async fn begin(
    Access(permit): Access<EnrolFactor>,
    State(state): State<AppState>,
) -> Result<Json<Question>> {
    let begun = factors::enrol_passkey_begin(&state.store, &state.passkeys()?, &permit).await?;
    Ok(Json(Question { ceremony: begun.ceremony, options: begun.options }))
}

/// The right answer opens a session with another id, in which everything is open.
pub(super) async fn add(
    Access(permit): Access<EnrolFactor>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Added>,
) -> Result<Response> {
    if is_free(&permit, &state.store).await? {
        return Ok(elsewhere());
    }
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(Added { ceremony, credential, passkey_name }) => {
            let new = NewPasskey { ceremony, name: passkey_name, credential };
            match factors::enrol_passkey(&state.store, &state.passkeys()?, &permit, new).await {
                Ok(token) => {
                    let on = signed_in(&state.store, &permit, "/account/recovery-codes", &token);
                    return Ok(on.tell(Message::PasskeyEnrolled).into_response());
                }
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let mut answer = page(&permit, &state.store, &visit, refused.problems, None).await?;
    *answer.status_mut() = refused.status;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bailiwick_domain::{role::Role, rule::UpdatePolicy};
    use bailiwick_ops::policy::{self, NewPolicy};
    use bailiwick_testkit::{Actor, Authenticator, Db, Tenant, both_databases};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    /// An organisation whose owner has a passkey and gives nobody any time to have one.
    async fn strict(db: &Db) -> Tenant {
        strict_with(db, &mut Authenticator::new()).await
    }

    async fn strict_with(db: &Db, device: &mut Authenticator) -> Tenant {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        owner.add_passkey(device, "Laptop").await;
        let new = NewPolicy {
            mfa_floor: "passkey".into(),
            mfa_grace_days: 0,
            role_floors: BTreeMap::new(),
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            reauth_minutes: 10,
            invitation_days: 14,
            api_key_days: None,
        };
        policy::update(&db.store, &owner.permit::<UpdatePolicy>().await, new).await.unwrap();
        acme
    }

    async fn answered(browser: &mut Browser, device: &mut Authenticator) -> (String, String) {
        let begun = browser.post("/enrol/factor/passkey/begin", &[]).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
        (question["ceremony"].as_str().unwrap().to_owned(), device.create(&question["options"]))
    }

    both_databases! {
        async fn person_who_lacks_a_passkey_sets_one_up_and_gets_a_session_that_counts(db: Db) {
            let acme = strict(&db).await;
            let person = acme.user(Role::Auditor).await;
            let mut browser = Browser::of(&person);
            assert_eq!(browser.get("/audit").await.led(), (303, "/enrol/factor"));
            let page = browser.get("/enrol/factor").await;
            assert!(page.shows("Set up a passkey") && !page.shows("Set up an authenticator app"));
            assert_eq!(browser.post("/enrol/factor", &[]).await.status, 409, "a code would not be enough");
            let mut device = Authenticator::new();
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let fields = [("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
            let nameless = browser.post("/enrol/factor/passkey", &[fields[0], fields[1], ("passkey_name", " ")]).await;
            assert!(nameless.status == 422 && nameless.shows("passkey_name-error"));
            let held_back = browser.cookie(SESSION).unwrap().to_owned();
            let done = browser.post("/enrol/factor/passkey", &[fields[0], fields[1], ("passkey_name", "Laptop")]).await;
            assert_eq!(done.led(), (303, "/account/recovery-codes"));
            assert_ne!(browser.cookie(SESSION).unwrap(), held_back, "what was held back has another id now");
            assert_eq!(browser.get("/audit").await.status, 200);
            let replay = Browser::of(&Actor { token: held_back, ..person }).get("/audit").await;
            assert_eq!(replay.led(), (303, "/sign-in?next=%2Faudit"), "the old one opens nothing");
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn wrong_answer_is_refused_and_uses_its_challenge_up(db: Db) {
            let acme = strict(&db).await;
            let mut browser = Browser::of(&acme.user(Role::Auditor).await);
            let (ceremony, credential) = answered(&mut browser, &mut Authenticator::new()).await;
            let fields = |credential| [("ceremony", ceremony.as_str()), ("credential", credential), ("passkey_name", "Laptop")];
            let wrong = browser.post("/enrol/factor/passkey", &fields("{}")).await;
            assert!(wrong.status == 409 && wrong.shows("was not accepted"));
            assert_eq!(browser.post("/enrol/factor/passkey", &fields(credential.as_str())).await.status, 409);
            assert_eq!(browser.get("/audit").await.led(), (303, "/enrol/factor"));
        }

        async fn person_who_has_what_is_asked_is_led_away(db: Db) {
            let mut device = Authenticator::new();
            let mut browser = Browser::of(&strict_with(&db, &mut device).await.owner());
            for path in ["/enrol/factor/passkey", "/enrol/factor/passkey/begin"] {
                assert_eq!(browser.post(path, &[]).await.led(), (303, "/sign-in/again"), "it is there, and not shown yet");
            }
            let mut browser = Browser::new(&db);
            browser.get("/sign-in").await;
            let begun = browser.post("/sign-in/passkey/begin", &[]).await;
            let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
            let (ceremony, credential) = (question["ceremony"].as_str().unwrap(), device.get(&question["options"]));
            let shown = browser.post("/sign-in/passkey", &[("ceremony", ceremony), ("credential", &credential)]).await;
            assert_eq!(shown.status, 303);
            assert_eq!(browser.post("/enrol/factor/passkey", &[]).await.led(), (303, "/account"));
            assert_eq!(browser.post("/enrol/factor/passkey/begin", &[]).await.status, 409);
        }
    }
}
