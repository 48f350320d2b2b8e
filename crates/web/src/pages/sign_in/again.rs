//! Proving again who one is; the browser gets a new session for it.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ProveAgain;
use bailiwick_ops::{Error, sign_in};
use bailiwick_store::Permit;
use serde::Deserialize;

use super::{Denied, again_show::AgainPage, place, signed_in};
use crate::{
    access::{Access, cookies},
    error::Result,
    forms::{self, Form, LocalPath, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct Typed {
    password: String,
    #[serde(default)]
    code: String,
}

/// What is given for a proof.
pub(super) enum Proof {
    Password { password: String, code: String },
    Passkey { ceremony: String, credential: String },
}

pub(super) async fn again(
    Access(permit): Access<ProveAgain>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Typed>,
) -> Result<Response> {
    let proof = form.values.map(|Typed { password, code }| Proof::Password { password, code });
    prove(&state, &permit, &visit, &Back::of(&form.typed), proof).await
}

/// Where it goes on, and whether something that was sent from there came too late to be taken.
pub(super) struct Back {
    next: LocalPath,
    unsent: bool,
}

impl Back {
    pub(super) fn of(typed: &forms::Typed) -> Self {
        Self { next: place(typed.value("next")), unsent: typed.has("unsent", "yes") }
    }
}

/// Leads on with another session, or shows the form again.
pub(super) async fn prove(
    state: &AppState,
    permit: &Permit<ProveAgain>,
    visit: &Visit,
    back: &Back,
    proof: Result<Proof, Vec<Problem>>,
) -> Result<Response> {
    let store = &state.store;
    let proofs = sign_in::proofs(store, permit).await?;
    let denied: Denied = match proof {
        Err(problems) => Refused::unread(problems, &[]).into(),
        Ok(proof) => {
            let proved = match proof {
                Proof::Password { password, code } => {
                    sign_in::again(store, &state.hasher, permit, password, &code).await
                }
                Proof::Passkey { ceremony, credential } => {
                    sign_in::again_passkey(store, &state.passkeys()?, permit, &ceremony, &credential).await
                }
            };
            match proved {
                Ok(token) => {
                    let on = signed_in(store, permit, back.next.as_str(), &token);
                    let on = if back.unsent { on.tell(Message::NotSent) } else { on };
                    return Ok(on.into_response());
                }
                Err(Error::Conflict(_)) => return Ok(gone(&back.next)),
                Err(error) => Denied::by(error)?,
            }
        }
    };
    Ok(denied.answer(|problems| {
        AgainPage::new(permit, visit, proofs, &back.next, problems).remembering(back.unsent).into_response()
    }))
}

/// Leads whoever has no session left that could be renewed to the sign-in.
fn gone(next: &LocalPath) -> Response {
    let to = SeeOther::to(&next.after("/sign-in")).tell(Message::SessionEnded);
    to.cookie(cookies::end_session()).into_response()
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{clock::Clock, role::Role, rule::ChangeMyProofs, time::Span};
    use bailiwick_ops::factors;
    use bailiwick_testkit::{Actor, Db, PASSWORD, both_databases};
    use bailiwick_vault::totp::TotpSecret;
    use serde_json::{Value, json};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    const FORM: &str = "/sign-in/again";
    const BEGIN: &str = "/account/factors";

    async fn enrolled(actor: &Actor) -> TotpSecret {
        let permit = actor.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
        let code = now(&actor.db, &secret);
        factors::totp_verify(&actor.db.store, &permit, factor.id, &code).await.unwrap();
        secret
    }

    fn now(db: &Db, secret: &TotpSecret) -> String {
        secret.code_at(db.clock.now().unix_seconds()).to_string()
    }

    both_databases! {
        async fn person_proves_again_who_they_are_and_comes_back_with_a_new_session(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            db.clock.advance(Span::minutes(10));
            let old = browser.cookie(SESSION).unwrap().to_owned();
            let led = browser.post_from("/account?tab=x", BEGIN, &[]).await;
            assert_eq!(led.led(), (303, "/sign-in/again?next=%2Faccount%3Ftab%3Dx"));
            let form = browser.get(led.location()).await;
            assert!(form.status == 200 && form.shows("owner@acme.example") && form.shows(r#"value="/account?tab=x""#));
            assert!(form.shows(r#"name="password""#) && !form.shows(r#"name="code""#));
            let done = browser.post(FORM, &[("next", "/account?tab=x"), ("password", PASSWORD)]).await;
            assert_eq!(done.led(), (303, "/account?tab=x"));
            assert_ne!(browser.cookie(SESSION).unwrap(), old);
            assert!(browser.post(BEGIN, &[]).await.shows("totp-secret"));
            assert_eq!(Browser::of(&owner).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"), "the old session is dead");
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn person_with_an_authenticator_gives_its_code_as_well(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let secret = enrolled(&owner).await;
            let mut browser = Browser::of(&owner);
            db.clock.advance(Span::minutes(11));
            assert_eq!(browser.post(BEGIN, &[]).await.led(), (303, "/sign-in/again"));
            assert!(browser.get(FORM).await.shows(r#"name="code""#));
            let mut told = Vec::new();
            let code = now(&db, &secret);
            for (password, code) in [(PASSWORD, ""), (PASSWORD, "000000"), ("not the password", code.as_str())] {
                let answer = browser.post(FORM, &[("next", "/account"), ("password", password), ("code", code)]).await;
                assert_eq!(answer.status, 422);
                told.push(answer.between("role=\"alert\"", "</div>").unwrap());
            }
            assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "nobody learns what was wrong: {told:?}");
            let done = browser.post(FORM, &[("next", "/account"), ("password", PASSWORD), ("code", &code)]).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_eq!(browser.post(BEGIN, &[("name", "Second")]).await.status, 200, "the gate opened");
        }

        async fn thief_of_a_session_cannot_guess_the_password_there(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut thief = Browser::of(&owner);
            for _ in 0..4 {
                assert_eq!(thief.post(FORM, &[("password", "not the password")]).await.status, 422);
            }
            let fifth = thief.post(FORM, &[("next", "/account"), ("password", "not the password")]).await;
            assert_eq!(fifth.led(), (303, "/sign-in?next=%2Faccount"));
            assert_eq!(Browser::of(&owner).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"), "the session is over");
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn thief_of_a_session_makes_no_other_owner_with_it(db: Db) {
            let acme = db.tenant("acme").await;
            let member = acme.add(Role::Auditor).await;
            let (page, role) = (format!("/users/{}", member.id), format!("/users/{}/role", member.id));
            let mut browser = Browser::of(&acme.owner());
            db.clock.advance(Span::minutes(11));
            let owner = [("role", "tenant_owner")];
            let led = browser.post_from(&page, &role, &owner).await;
            assert_eq!(led.led(), (303, format!("/sign-in/again?next=%2Fusers%2F{}", member.id).as_str()));
            assert_eq!(browser.get("/invitations/new").await.led(), (303, "/sign-in/again?next=%2Finvitations%2Fnew"));
            let told = browser.call("/v1/invitations", Some(&json!({"email": "me@evil.example", "role": "tenant_owner"}))).await;
            assert!(told.status == 403 && told.body.contains("urn:bailiwick:problem:reauthenticate"), "{}", told.body);
            assert!(browser.get(&page).await.page().contains(&role), "the form stands there for whoever proves who they are");
            assert_eq!(browser.post(FORM, &[("next", page.as_str()), ("password", PASSWORD)]).await.led(), (303, page.as_str()));
            assert_eq!(browser.post_from(&page, &role, &owner).await.status, 303);
            let body = browser.get(&format!("/v1/users/{}", member.id)).await.page();
            assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["role"], "tenant_owner");
        }

        async fn person_whose_form_came_too_late_is_told_to_fill_it_in_again(db: Db) {
            let acme = db.tenant("acme").await;
            let member = acme.add(Role::Auditor).await;
            let user = format!("/users/{}", member.id);
            let role = format!("{user}/role");
            let mut browser = Browser::of(&acme.owner());
            let told = "Nothing was sent: a fresh proof that it is you was due first.";
            let forms = [
                ("/invitations/many", "/invitations/many"),
                ("/invitations/new", "/invitations"),
                ("/roles/new", "/roles"),
                ("/policy", "/policy"),
                ("/api-keys/new", "/api-keys"),
                (user.as_str(), role.as_str()),
                ("/account", BEGIN),
            ];
            for (page, action) in forms {
                assert!(!browser.get(page).await.shows(told), "{page}");
                db.clock.advance(Span::minutes(11));
                let led = browser.post_from(page, action, &[]).await;
                assert!(led.status == 303 && led.location().starts_with("/sign-in/again?next="), "{action}: {:?}", led.led());
                let proof = browser.get(led.location()).await;
                assert!(proof.shows(told) && proof.shows(r#"name="unsent" value="yes""#), "{action}");
                if action == BEGIN {
                    let wrong = browser.post(FORM, &[("next", page), ("unsent", "yes"), ("password", "not the password")]).await;
                    assert!(wrong.status == 422 && wrong.shows(r#"name="unsent" value="yes""#), "a wrong proof forgets nothing");
                }
                let proved = browser.post(FORM, &[("next", page), ("unsent", "yes"), ("password", PASSWORD)]).await;
                assert_eq!(proved.led(), (303, page));
                assert!(browser.get(page).await.shows(told), "{page}");
                assert!(!browser.get(page).await.shows(told), "{page}, where it is said once");
            }
        }

        async fn person_who_opens_a_form_late_proves_who_they_are_before_filling_it_in(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            db.clock.advance(Span::minutes(11));
            for page in ["/invitations/many", "/invitations/new", "/roles/new", "/api-keys/new"] {
                assert!(browser.get(page).await.location().starts_with("/sign-in/again?next="), "{page}");
            }
            let password = browser.get("/account/password").await;
            assert!(password.shows("Saving here asks for a fresh proof"), "{}", password.body);
            let policy = browser.get("/policy").await;
            assert!(policy.shows("Saving here asks for a fresh proof") && policy.shows("/sign-in/again?next=%2Fpolicy"));
            let proof = browser.get("/sign-in/again?next=%2Fpolicy").await;
            assert!(!proof.shows("name=\"unsent\""), "nothing was sent yet");
            assert_eq!(browser.post(FORM, &[("next", "/policy"), ("password", PASSWORD)]).await.led(), (303, "/policy"));
            assert!(!browser.get("/policy").await.shows("Saving here asks for a fresh proof"));
        }

        async fn nobody_is_led_away_or_let_in_by_proving(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut nobody = Browser::new(&db);
            assert_eq!(nobody.get(FORM).await.led(), (303, "/sign-in?next=%2Fsign-in%2Fagain"));
            assert_eq!(nobody.post(FORM, &[("password", PASSWORD)]).await.led(), (303, "/sign-in"));
            let mut browser = Browser::of(&owner);
            for next in ["//evil.example", "https://evil.example", "/sign-in/again", "/sign-out"] {
                assert_eq!(browser.post(FORM, &[("next", next), ("password", PASSWORD)]).await.led(), (303, "/"), "{next}");
            }
        }

        async fn owner_says_how_long_a_proof_lasts(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            let policy = [
                ("mfa_floor", "mfa"), ("mfa_grace_days", "14"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "2"), ("invitation_days", "14"),
            ];
            assert_eq!(browser.post("/policy", &policy).await.led(), (303, "/policy"));
            db.clock.advance(Span::seconds(119));
            assert_eq!(browser.post(BEGIN, &[]).await.status, 200);
            db.clock.advance(Span::seconds(1));
            assert_eq!(browser.post(BEGIN, &[]).await.led(), (303, "/sign-in/again"));
            assert_eq!(browser.post("/policy", &policy).await.led(), (303, "/sign-in/again"));
            assert_eq!(browser.post(FORM, &[("next", "/policy"), ("password", PASSWORD)]).await.led(), (303, "/policy"));
            for minutes in ["0", "61", "soon"] {
                let refused = policy.map(|(name, value)| (name, if name == "reauth_minutes" { minutes } else { value }));
                let answer = browser.post("/policy", &refused).await;
                assert!(answer.status == 422 && answer.shows("id=\"reauth_minutes-error\""), "{minutes}");
            }
        }
    }
}
