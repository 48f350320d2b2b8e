//! Setting up the second factor that the policy asks for, by whoever may do nothing else until they have.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::MfaFloor, rule::EnrolFactor};
use bailiwick_ops::factors;
use bailiwick_store::{Permit, Store};
use serde::Deserialize;

use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Form, Problem},
    pages::{authenticator::Enrolment, refused::Refused, sign_in::signed_in},
    shell::{Message, SeeOther, Shell, Visit},
};

/// Where the code of the new authenticator is sent.
const CODE: &str = "/enrol/factor/code";

#[derive(Template, WebTemplate)]
#[template(path = "enrol/factor.html")]
pub(super) struct EnrolPage {
    shell: Shell,
    problems: Vec<Problem>,
    organisation: String,
    address: String,
    /// Whether nothing less than a passkey is enough.
    only_passkey: bool,
    /// What a new passkey is to be called.
    passkey_name: Field,
    enrolment: Option<Enrolment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    code: String,
}

/// The page, or the way out for whoever is not held to it.
pub(super) async fn page(
    permit: &Permit<EnrolFactor>,
    store: &Store,
    visit: &Visit,
    problems: Vec<Problem>,
    enrolment: Option<Enrolment>,
) -> Result<Response> {
    let Some(level) = factors::enrol_wanted(store, permit).await? else { return Ok(elsewhere()) };
    let caller = permit.caller().ok_or(Error::SignIn)?;
    Ok(EnrolPage {
        shell: Shell::card(
            visit,
            if level == MfaFloor::Passkey { "Set up a passkey" } else { "Set up a second factor" },
        ),
        passkey_name: Field::new("passkey_name", "Name of the passkey")
            .value("Passkey 1")
            .hint("By which you tell it from the others, such as the device that it is on.")
            .emptied(&problems),
        problems,
        organisation: caller.tenant.name.clone(),
        address: caller.user.email.clone(),
        only_passkey: level == MfaFloor::Passkey,
        enrolment,
    }
    .into_response())
}

pub(super) fn elsewhere() -> Response {
    SeeOther::to("/account").into_response()
}

pub(super) async fn is_free(permit: &Permit<EnrolFactor>, store: &Store) -> Result<bool> {
    Ok(factors::enrol_wanted(store, permit).await?.is_none())
}

pub(super) async fn show(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Response> {
    page(&permit, &store, &visit, Vec::new(), None).await
}

/// The answer shows the secret.
pub(super) async fn begin(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Nothing>,
) -> Result<Response> {
    if is_free(&permit, &store).await? {
        return Ok(elsewhere());
    }
    form.values.map_err(Error::Invalid)?;
    let (_, secret) = factors::enrol_begin(&store, &permit).await?;
    let caller = permit.caller().ok_or(Error::SignIn)?;
    let enrolment = Enrolment::shown(CODE.to_owned(), &secret, caller)?;
    page(&permit, &store, &visit, Vec::new(), Some(enrolment)).await
}

/// The right code opens a session with another id, in which everything is open.
pub(super) async fn verify(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Code>,
) -> Result<Response> {
    if is_free(&permit, &store).await? {
        return Ok(elsewhere());
    }
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match factors::enrol_verify(&store, &permit, &values.code).await {
            Ok(token) => {
                let on = signed_in(&store, &permit, "/account/recovery-codes", &token);
                return Ok(on.tell(Message::FactorEnrolled).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    // After a wrong code the secret is shown again, since an app that was set up wrongly shows no right one; whatever else was refused would be refused again.
    let waiting = refused.status.as_u16() == 422;
    let secret = if waiting { factors::enrol_waiting(&store, &permit).await? } else { None };
    let enrolment = match (secret, permit.caller()) {
        (Some(secret), Some(caller)) => {
            Some(Enrolment::shown(CODE.to_owned(), &secret, caller)?.again(&refused.problems))
        }
        _ => None,
    };
    let mut answer = page(&permit, &store, &visit, refused.problems, enrolment).await?;
    *answer.status_mut() = refused.status;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bailiwick_domain::{
        clock::Clock,
        role::Role,
        rule::{ChangeMyProofs, UpdatePolicy},
        time::Span,
    };
    use bailiwick_ops::{
        factors,
        policy::{self, NewPolicy},
    };
    use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
    use bailiwick_vault::totp::TotpSecret;

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    /// An organisation whose owner has an authenticator and gives nobody any time.
    async fn strict(db: &Db) -> (Tenant, Actor) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let permit = owner.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
        let code = secret.code_at(db.clock.now().unix_seconds());
        factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
        let new = NewPolicy {
            mfa_floor: "mfa".into(),
            mfa_grace_days: 0,
            role_floors: BTreeMap::new(),
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            reauth_minutes: 10,
            invitation_days: 14,
            api_key_days: None,
        };
        policy::update(&db.store, &owner.permit::<UpdatePolicy>().await, new).await.unwrap();
        (acme, owner)
    }

    both_databases! {
        async fn person_who_is_late_sets_up_a_factor_and_gets_a_session_that_counts(db: Db) {
            let (acme, _) = strict(&db).await;
            let person = acme.user(Role::Auditor).await;
            let mut browser = Browser::new(&db);
            let signed = browser.post("/sign-in", &[("next", "/audit"), ("address", &person.user.email), ("password", PASSWORD)]).await;
            assert_eq!(signed.led(), (303, "/audit"));
            for path in ["/audit", "/users", "/account", "/account/recovery-codes"] {
                let answer = browser.get(path).await;
                assert_eq!((answer.status.as_u16(), answer.location().split('?').next().unwrap()), (303, "/enrol/factor"), "{path}");
            }
            assert_eq!(browser.post("/account/factors", &[]).await.led(), (303, "/enrol/factor"));
            let page = browser.get("/enrol/factor").await;
            assert!(page.shows("asks for a second factor") && page.shows(&person.user.email));
            assert_eq!(browser.post("/enrol/factor/code", &[("code", "000000")]).await.status, 409, "nothing was begun");
            let begun = browser.post("/enrol/factor", &[]).await;
            assert_eq!(begun.headers["cache-control"], "no-store");
            let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
            let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
            let wrong = browser.post("/enrol/factor/code", &[("code", "000000")]).await;
            assert!(wrong.status == 422 && wrong.shows("The code is not right.") && wrong.shows(&shown));
            let off = secret.code_at((db.clock.now() + Span::minutes(3)).unix_seconds());
            let off = browser.post("/enrol/factor/code", &[("code", &off)]).await;
            assert!(off.status == 422 && off.shows("about 3 minutes fast"));
            let held_back = browser.cookie(SESSION).unwrap().to_owned();
            let code = secret.code_at(db.clock.now().unix_seconds());
            let done = browser.post("/enrol/factor/code", &[("code", &code)]).await;
            assert_eq!(done.led(), (303, "/account/recovery-codes"));
            assert_ne!(browser.cookie(SESSION).unwrap(), held_back, "what was held back has another id now");
            assert!(browser.get("/account/recovery-codes").await.shows("Make ten codes"));
            assert_eq!(browser.get("/audit").await.status, 200);
            let replay = Browser::of(&Actor { token: held_back, ..person }).get("/audit").await;
            assert_eq!(replay.led(), (303, "/sign-in?next=%2Faudit"), "the old one opens nothing");
        }

        async fn person_who_was_signed_in_before_proves_again_who_they_are(db: Db) {
            let (acme, _) = strict(&db).await;
            let mut browser = Browser::of(&acme.user(Role::Auditor).await);
            db.clock.advance(Span::minutes(10));
            for answer in [browser.get("/enrol/factor").await, browser.post("/enrol/factor", &[]).await] {
                assert_eq!((answer.status.as_u16(), answer.location().split('?').next().unwrap()), (303, "/sign-in/again"));
            }
            assert!(browser.get("/sign-in/again").await.shows(r#"name="password""#));
            assert_eq!(browser.get("/account").await.location().split('?').next().unwrap(), "/enrol/factor", "nothing else opens");
            let proved = browser.post("/sign-in/again", &[("next", "/audit"), ("password", PASSWORD)]).await;
            assert_eq!(proved.led(), (303, "/audit"));
            assert!(browser.get("/enrol/factor").await.shows("asks for a second factor"));
        }

        async fn person_who_is_late_may_sign_out(db: Db) {
            let (acme, _) = strict(&db).await;
            let mut browser = Browser::of(&acme.user(Role::Auditor).await);
            assert_eq!(browser.post("/sign-out", &[]).await.led(), (303, "/sign-in"));
        }

        async fn person_who_has_what_is_asked_is_led_to_their_account(db: Db) {
            let (_, owner) = strict(&db).await;
            let mut browser = Browser::of(&owner);
            assert_eq!(browser.get("/enrol/factor").await.led(), (303, "/account"));
            for path in ["/enrol/factor", "/enrol/factor/code"] {
                assert_eq!(browser.post(path, &[]).await.led(), (303, "/account"), "{path}");
            }
        }

        async fn person_with_time_left_reads_the_day_on_every_page(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.user(Role::Auditor).await);
            for path in ["/account", "/audit", "/security"] {
                assert!(browser.get(path).await.shows("Set up a second factor by "), "{path}");
            }
        }
    }
}
