//! A session's token is another one after each step that changes what it stands for, and the one before opens nothing: each
//! test keeps the old cookie and sends it again. OWASP ASVS 5.0, 7.2.4.
//!
//! And what somebody may do changes with the very next request, whatever it was that changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{
    entity::Effect,
    role::Role,
    rule::{
        AssignRole, ChangeMyProofs, DisableUser, GrantPermission, ReactivateTenant, ReadUsers, RevokeApiKey,
        SignIn,
    },
    time::Span,
};
use bailiwick_ops::{
    api_keys, factors,
    sign_in::Step,
    tenants,
    users::{self, NewGrant},
};
use bailiwick_store::Credential;
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};
use support::{Answer, Caller, Sent, Service, full_key};

/// The session that an answer hands to its browser.
fn given(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let mut values = cookies.filter_map(|cookie| cookie.strip_prefix("__Host-bailiwick="));
    values.next().and_then(|rest| rest.split(';').next()).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn browser(token: &str) -> Caller {
    Caller::Browser(token.to_owned())
}

/// Whether a cookie opens anything at all.
async fn opens(service: &Service, token: &str) -> bool {
    service.get(&browser(token), "/v1/me").await.status == StatusCode::OK
}

async fn sign_in(service: &Service, caller: &Caller, email: &str) -> String {
    let form = Sent::Form(vec![("address", email.to_owned()), ("password", PASSWORD.to_owned())]);
    let answer = service.send(caller, &Method::POST, "/sign-in", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    given(&answer).expect("a session")
}

async fn authenticator(actor: &Actor) -> TotpSecret {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
    let code = secret.code_at(actor.db.store.now().unix_seconds());
    factors::totp_verify(&actor.db.store, &permit, factor.id, &code).await.unwrap();
    actor.db.clock.advance(Span::minutes(2));
    secret
}

async fn override_of(acme: &Tenant, actor: &Actor, permission: &str, effect: Effect) {
    let permit = acme.owner().permit::<GrantPermission>().await;
    let new = NewGrant {
        permission: permission.into(),
        effect: effect.name().into(),
        reason: "It is needed so.".into(),
        expires_at: None,
    };
    users::grant(&acme.db.store, &permit, actor.id(), new).await.unwrap();
}

async fn intact(db: &Db) {
    db.sign().await;
    db.verify().await.unwrap();
}

both_databases! {
    async fn visitors_cookie_is_no_session_and_a_planted_one_stays_dead(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let planted = SessionToken::generate(&acme.id().bytes(), db.store.entropy()).expose().to_string();
        let fresh = sign_in(&service, &browser(&planted), "owner@acme.example").await;
        assert_ne!(fresh, planted);
        assert!(opens(&service, &fresh).await && !opens(&service, &planted).await);
        intact(&db).await;
    }

    async fn cookie_that_waited_for_the_code_is_dead_after_it(db: Db) {
        let acme = db.tenant("acme").await;
        let secret = authenticator(&acme.owner()).await;
        let service = Service::over(&db);
        let waiting = sign_in(&service, &Caller::Nobody, "owner@acme.example").await;
        assert!(!opens(&service, &waiting).await, "the password alone opens nothing");
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        let answer = service.send(&browser(&waiting), &Method::POST, "/sign-in/code", Sent::Form(vec![("code", code.clone())])).await;
        let fresh = given(&answer).expect("a session");
        assert!(opens(&service, &fresh).await && !opens(&service, &waiting).await);
        let again = service.send(&browser(&waiting), &Method::POST, "/sign-in/code", Sent::Form(vec![("code", code)])).await;
        assert!(given(&again).is_none() && again.leads_to_sign_in(), "{}", again.text());
        intact(&db).await;
    }

    async fn cookie_from_before_a_reauthentication_is_dead_after_it(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let service = Service::over(&db);
        let form = Sent::Form(vec![("next", "/account".to_owned()), ("password", PASSWORD.to_owned())]);
        let answer = service.send(&(&owner).into(), &Method::POST, "/sign-in/again", form).await;
        let fresh = given(&answer).expect("a session");
        assert!(opens(&service, &fresh).await && !opens(&service, &owner.token).await);
        intact(&db).await;
    }

    async fn cookie_of_another_organisation_is_dead_after_entering_this_one(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let service = Service::over(&db);
        let (old, beside) = (acme.owner().token, sign_in(&service, &Caller::Nobody, "owner@acme.example").await);
        assert!(opens(&service, &old).await && opens(&service, &beside).await);
        // The form leads on whoever is signed in, so the session itself is shown to the sign-in, as a browser would that has it.
        let form = Sent::Form(vec![("address", globex.owner().user.email), ("password", PASSWORD.to_owned())]);
        let led = service.send(&browser(&old), &Method::POST, "/sign-in", form).await;
        assert!(led.status == StatusCode::SEE_OTHER && given(&led).is_none() && opens(&service, &old).await);
        let credential = Credential::Session(SessionToken::parse(&old).unwrap());
        let permit = db.store.gate().admit::<SignIn>(credential, acme.owner().request()).await.unwrap();
        let step = bailiwick_ops::sign_in::password(&db.store, &db.hasher, &permit, "owner@globex.example", PASSWORD.into()).await;
        let Ok(Step::Done(entered)) = step else { panic!("{step:?}") };
        let entered = entered.expose().to_string();
        let me = service.get(&browser(&entered), "/v1/me").await.json();
        assert_eq!(me["tenant"]["slug"], "globex");
        assert_ne!(entered, old);
        assert!(!opens(&service, &old).await, "at once");
        let again = service.get(&browser(&old), "/account").await;
        assert!(again.leads_to_sign_in() && given(&again).is_none());
        assert!(opens(&service, &beside).await, "another browser of theirs is none of it");
        intact(&db).await;
    }

    async fn cookie_from_before_an_approval_by_a_mailed_code_is_replaced_and_dies(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, owner, member) = (Service::over(&db), acme.owner(), acme.add(Role::PlanManager).await.id);
        factors::totp_begin_for(&db.store, &acme.job(), member).await.unwrap();
        let (old, path) = (owner.token.clone(), format!("/users/{member}/reset-factors"));
        let post = async |fields| service.send(&browser(&old), &Method::POST, &path, Sent::Form(fields)).await;
        let asked = post(Vec::new()).await;
        let text = asked.text();
        let id = text.split_once("name=\"step_up\" value=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id).expect("a code is asked for");
        let code = owner.mailed_code(id.parse().unwrap()).await;
        let answer = |code: &str| vec![("step_up", id.to_owned()), ("step_up_code", code.to_owned())];
        let refused = post(answer("letters!")).await;
        assert!(given(&asked).is_none() && given(&refused).is_none(), "nothing is approved yet");
        assert!(given(&service.get(&browser(&old), "/account").await).is_none(), "nor renewed");
        let done = post(answer(&code)).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let fresh = given(&service.get(&browser(&old), "/account").await).expect("a new token after the approval");
        assert_ne!(fresh, old);
        db.clock.advance(Span::seconds(6));
        assert!(opens(&service, &fresh).await && !opens(&service, &old).await, "the cookie from before it is worth nothing");
        let again = post(Vec::new()).await;
        assert!(again.leads_to_sign_in() && given(&again).is_none());
        intact(&db).await;
    }

    async fn cookie_from_before_a_change_of_rights_is_replaced_and_dies(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        for change in ["role", "grant", "denial", "reset"] {
            let actor = acme.user(Role::OperationsManager).await;
            override_of(&acme, &actor, "team:update", Effect::Deny).await;
            let mut old = actor.token.clone();
            old = given(&service.get(&browser(&old), "/account").await).expect("what happened just now");
            db.clock.advance(Span::seconds(6));
            assert!(given(&service.get(&browser(&old), "/account").await).is_none(), "once for each change");
            match change {
                "role" => {
                    let permit = acme.owner().permit::<AssignRole>().await;
                    users::assign_role(&db.store, &permit, actor.id(), "auditor").await.map(drop).unwrap();
                }
                "grant" => override_of(&acme, &actor, "audit:read", Effect::Grant).await,
                "denial" => override_of(&acme, &actor, "mail:read", Effect::Deny).await,
                _ => {
                    let permit = acme.owner().permit::<GrantPermission>().await;
                    let mut view = db.store.read(&permit).await.unwrap();
                    let grant = bailiwick_store::grants::of_user(&mut view, actor.id()).await.unwrap().remove(0);
                    drop(view);
                    users::remove_grant(&db.store, &permit, actor.id(), grant.id).await.unwrap();
                }
            }
            let public = service.get(&browser(&old), "/sign-in").await;
            assert!(given(&public).is_none(), "{change}: only what asks for a session renews it");
            let answer = service.get(&browser(&old), "/account").await;
            assert_eq!(answer.status, StatusCode::OK);
            let fresh = given(&answer).unwrap_or_else(|| panic!("{change} gives a new token"));
            assert_ne!(fresh, old);
            let csrf = SessionToken::parse(&fresh).unwrap().csrf();
            assert!(answer.text().contains(csrf.as_str()), "{change}: forms of this very page go with the new token");
            // The other requests of the same page were on their way with the old one.
            let beside = service.get(&browser(&old), "/account").await;
            assert!(beside.status == StatusCode::OK && given(&beside).is_none(), "{change}");
            db.clock.advance(Span::seconds(6));
            assert!(!opens(&service, &old).await, "{change}: the old cookie is worth nothing");
            assert!(opens(&service, &fresh).await, "{change}");
        }
        intact(&db).await;
    }

    async fn requests_sent_at_once_get_one_new_token_between_them(db: Db) {
        let acme = db.tenant("acme").await;
        let actor = acme.user(Role::PlanManager).await;
        override_of(&acme, &actor, "team:update", Effect::Grant).await;
        let service = Service::over(&db);
        let sent: Vec<_> = (0..8)
            .map(|_| {
                let (service, token) = (service.clone(), actor.token.clone());
                tokio::spawn(async move { service.get(&browser(&token), "/account").await })
            })
            .collect();
        let mut tokens = Vec::new();
        for answer in sent {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, StatusCode::OK);
            tokens.extend(given(&answer));
        }
        assert_eq!(tokens.len(), 1);
        db.clock.advance(Span::seconds(6));
        assert!(opens(&service, &tokens[0]).await && !opens(&service, &actor.token).await);
        intact(&db).await;
    }

    async fn form_sent_with_the_old_token_is_done_and_answered_with_the_new_one(db: Db) {
        let acme = db.tenant("acme").await;
        let actor = acme.user(Role::OperationsManager).await;
        override_of(&acme, &actor, "audit:read", Effect::Grant).await;
        let service = Service::over(&db);
        let answer = service.send(&(&actor).into(), &Method::POST, "/account/theme", Sent::Form(vec![("theme", "dark".to_owned())])).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let fresh = given(&answer).expect("a new token");
        // Signing out ends the session whichever token came, and leaves none behind.
        let out = service.send(&browser(&fresh), &Method::POST, "/sign-out", Sent::Form(Vec::new())).await;
        assert!(given(&out).is_none());
        assert!(!opens(&service, &fresh).await && !opens(&service, &actor.token).await);
    }

    async fn whoever_is_refused_gets_no_new_token(db: Db) {
        let acme = db.tenant("acme").await;
        let actor = acme.user(Role::OperationsManager).await;
        override_of(&acme, &actor, "user:read", Effect::Deny).await;
        let service = Service::over(&db);
        let refused = service.get(&(&actor).into(), "/users").await;
        assert!(refused.status == StatusCode::FORBIDDEN && given(&refused).is_none());
        db.clock.advance(Span::minutes(11));
        let stale = service.send(&(&actor).into(), &Method::POST, "/account/factors", Sent::Form(Vec::new())).await;
        assert!(stale.leads_to_sign_in() && given(&stale).is_none());
    }

    async fn change_of_rights_counts_on_the_very_next_request(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let actor = acme.user(Role::OperationsManager).await;
        let caller = Caller::from(&actor);
        let status = async |path: &str| service.get(&caller, path).await.status.as_u16();
        assert_eq!((status("/v1/users").await, status("/v1/audit/events").await), (200, 403));
        override_of(&acme, &actor, "audit:read", Effect::Grant).await;
        assert_eq!(status("/v1/audit/events").await, 200, "a grant");
        override_of(&acme, &actor, "user:read", Effect::Deny).await;
        assert_eq!(status("/v1/users").await, 403, "a denial");
        let permit = acme.owner().permit::<AssignRole>().await;
        users::assign_role(&db.store, &permit, actor.id(), "developer").await.unwrap();
        assert_eq!((status("/v1/access").await, status("/v1/posture").await), (200, 403), "a role");
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, actor.id()).await.unwrap();
        assert_eq!(status("/v1/me").await, 401, "disabling");
        users::enable(&db.store, &acme.owner().permit::<DisableUser>().await, actor.id()).await.unwrap();
        assert_eq!(status("/v1/me").await, 401, "enabling brings no session back");
    }

    async fn suspension_and_revocation_count_on_the_very_next_request(db: Db) {
        let (acme, platform) = (db.tenant("acme").await, db.platform().await);
        let service = Service::over(&db);
        let (key, owner) = (Caller::Program(full_key(&acme).await), Caller::from(&acme.owner()));
        let status = async |caller: &Caller| service.get(caller, "/v1/users").await.status.as_u16();
        assert_eq!((status(&key).await, status(&owner).await), (200, 200));
        platform.suspend(acme.id()).await;
        assert_eq!((status(&key).await, status(&owner).await), (403, 403), "suspending");
        let permit = platform.owner().permit::<ReactivateTenant>().await;
        tenants::reactivate(&db.store, &permit, acme.id(), "They paid.").await.unwrap();
        assert_eq!((status(&key).await, status(&owner).await), (200, 200), "reactivating");
        let mut view = db.store.read(&acme.owner().permit::<ReadUsers>().await).await.unwrap();
        let id = bailiwick_store::api_keys::list(&mut view, None).await.unwrap().items[0].id;
        drop(view);
        api_keys::revoke(&db.store, &acme.owner().permit::<RevokeApiKey>().await, id).await.unwrap();
        assert_eq!(status(&key).await, 401, "revoking");
    }

    async fn more_than_a_hundred_sessions_end_with_the_account(db: Db) {
        let acme = db.tenant("acme").await;
        let actor = acme.user(Role::PlanManager).await;
        let service = Service::over(&db);
        for _ in 0..101 {
            sign_in(&service, &Caller::Nobody, &actor.user.email).await;
        }
        let permit = acme.owner().permit::<DisableUser>().await;
        users::disable(&db.store, &permit, actor.id()).await.unwrap();
        users::enable(&db.store, &permit, actor.id()).await.unwrap();
        assert!(!opens(&service, &actor.token).await, "the oldest of them");
    }
}
