//! Whole ways in as a program goes them for the person in front of it: without pages and without a cookie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::{
    role::Role,
    rule::{ChangeMyProofs, DisableUser, SignIn},
    time::Span,
};
use bailiwick_mail::{LinkBase, Mailbox};
use bailiwick_ops::{enrolment, factors, mail::Mailroom, policy, sign_in, users};
use bailiwick_testkit::{Actor, Authenticator, Db, PASSWORD, both_databases};
use bailiwick_vault::totp::TotpSecret;
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, stock::Stock};

const NEW: &str = "seven quiet lanterns";

/// A program that keeps what answers give it, and no cookies.
struct Program<'s> {
    service: &'s Service,
    token: Option<String>,
    device: Option<String>,
}

impl<'s> Program<'s> {
    fn new(service: &'s Service) -> Self {
        Self { service, token: None, device: None }
    }

    /// A program that shows this token.
    fn showing(service: &'s Service, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..Self::new(service) }
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(device) = &self.device {
            request = request.header("known-device", device);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.service.raw(request.body(body).unwrap()).await;
        assert_eq!(answer.header("set-cookie"), "", "{path} sets a cookie");
        if answer.status == StatusCode::OK {
            let given: Value = serde_json::from_slice(&answer.body).unwrap();
            for (kept, field) in [(&mut self.token, "token"), (&mut self.device, "device")] {
                if let Some(value) = given[field].as_str() {
                    *kept = Some(value.to_owned());
                }
            }
        }
        if !answer.header("session-token").is_empty() {
            self.token = Some(answer.header("session-token").to_owned());
        }
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn ask(&mut self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    async fn sign_in(&mut self, address: &str, password: &str) -> Answer {
        self.token = None;
        self.post("/v1/sign-in", json!({"address": address, "password": password})).await
    }

    /// What the token stands for without the word in front of it.
    fn bare(&self) -> &str {
        self.token.as_deref().unwrap().split_once('.').unwrap().1
    }
}

/// Whether a token opens anything, and if not, why.
async fn opens(service: &Service, token: impl Into<String>) -> Result<(), Value> {
    let answer = Program::showing(service, token).get("/v1/me").await;
    if answer.status == StatusCode::OK { Ok(()) } else { Err(answer.json()["type"].clone()) }
}

fn kind(answer: &Answer) -> String {
    answer.json()["type"].as_str().unwrap().trim_start_matches("urn:bailiwick:problem:").to_owned()
}

/// The status and the field that was refused.
fn refused(answer: &Answer) -> (u16, String) {
    let pointer = answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), pointer)
}

/// A problem without what differs from request to request.
fn said(answer: &Answer) -> Value {
    let mut problem = answer.json();
    problem["instance"] = Value::Null;
    problem
}

/// Gives the person an authenticator, some time ago.
async fn authenticator(actor: &Actor) -> TotpSecret {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
    factors::totp_verify(&actor.db.store, &permit, factor.id, &now(&actor.db, &secret)).await.unwrap();
    actor.db.clock.advance(Span::minutes(2));
    secret
}

fn now(db: &Db, secret: &TotpSecret) -> String {
    secret.code_at(db.store.now().unix_seconds()).to_string()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The answer of an authenticator to a question of a passkey.
fn answered(question: &Value, credential: &str) -> Value {
    json!({"visitor": question["visitor"], "ceremony": question["ceremony"], "credential": parsed(credential)})
}

/// The token of the link with which this person replaces their password; the letter is written after the answer.
async fn mailed(db: &Db, address: &str) -> String {
    let mailbox = Mailbox::default();
    let base = LinkBase::parse("https://bailiwick.test").unwrap();
    let from = "no-reply@bailiwick.test".parse().unwrap();
    let room = Mailroom::new(db.store.clone(), db.jobs(), Arc::new(mailbox.clone()), from, base);
    loop {
        room.round().await.unwrap();
        let letters = mailbox.messages();
        let theirs = letters.iter().filter(|kept| kept.message.to.as_str() == address);
        let mut links = theirs.filter_map(|kept| kept.message.content.link.split_once("/reset/"));
        if let Some((_, token)) = links.next() {
            return token.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

both_databases! {
    async fn person_signs_in_changes_something_and_signs_out(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        let given = program.sign_in(" Owner@ACME.example ", PASSWORD).await;
        assert_eq!((given.status, given.header("cache-control")), (StatusCode::OK, "no-store"), "{}", given.text());
        assert_eq!(given.header("session-token"), "", "it stands in the body alone");
        let given = given.json();
        assert!(given["next"].is_null() && given["token"].as_str().unwrap().starts_with("session."), "{given}");
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "password");
        let renamed = program.send(Method::PUT, "/v1/me/profile", Some(json!({"name": "Mia Renamed", "time_zone": null}))).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT, "a bearer needs no CSRF token: {}", renamed.text());
        let again = json!({"address": "owner@acme.example", "password": PASSWORD});
        let again = program.post("/v1/sign-in", again).await;
        assert_eq!((again.status, kind(&again).as_str()), (StatusCode::CONFLICT, "signed-in"));
        assert_eq!(program.ask("/v1/sign-out").await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(program.ask("/v1/sign-out").await.status, StatusCode::NO_CONTENT, "out is out");
        db.settle().await;
        let log = service.get(&Caller::from(&acme.owner()), "/v1/audit/events").await.text();
        for action in ["sign_in.accepted", "session.created", "session.ended"] {
            assert!(log.contains(action), "{action}: {log}");
        }
    }

    async fn session_ends_under_the_word_of_the_other_kind_too(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.sign_in("owner@acme.example", PASSWORD).await;
        let whole = program.token.clone().unwrap();
        let mut other = Program::showing(&service, format!("pending.{}", program.bare()));
        assert_eq!(opens(&service, &whole).await, Ok(()));
        assert_eq!(other.ask("/v1/sign-out").await.status, StatusCode::NO_CONTENT);
        assert_eq!(opens(&service, &whole).await, Err(json!("urn:bailiwick:problem:sign-in")), "out is out");
        let secret = authenticator(&owner).await;
        let mut half = Program::new(&service);
        half.sign_in("owner@acme.example", PASSWORD).await;
        let mut other = Program::showing(&service, format!("session.{}", half.bare()));
        assert_eq!(other.ask("/v1/sign-out").await.status, StatusCode::NO_CONTENT);
        let late = half.post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "what waited is over");
    }

    async fn program_asks_for_one_of_two_organisations(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let new = users::NewUser { email: "owner@acme.example".into(), name: "Olive Elsewhere".into(), role: Role::Auditor };
        let other = users::create(&db.store, &globex.job(), new).await.unwrap();
        enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, PASSWORD.into()).await.unwrap();
        let service = Service::over(&db);
        let body = |organisation: Value| json!({"address": "owner@acme.example", "password": PASSWORD, "organisation": organisation});
        for tenant in [acme.id(), globex.id()] {
            let mut program = Program::new(&service);
            let done = program.post("/v1/sign-in", body(json!(tenant.to_string()))).await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.text());
            let named = program.get("/v1/me").await.json()["name"] == "Olive Elsewhere";
            assert_eq!(named, tenant == globex.id());
        }
        let wrong = Program::new(&service).sign_in("owner@acme.example", "not the password").await;
        for organisation in ["no id", "00000000-0000-0000-0000-000000000000"] {
            let answer = Program::new(&service).post("/v1/sign-in", body(json!(organisation))).await;
            assert_eq!(said(&answer), said(&wrong), "{organisation}");
        }
        assert_eq!(Program::new(&service).post("/v1/sign-in", body(Value::Null)).await.status, StatusCode::OK, "any");
        let unknown = json!({"address": "owner@acme.example", "password": PASSWORD, "tenant": "x"});
        assert_eq!(Program::new(&service).post("/v1/sign-in", unknown).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn nobody_learns_what_became_of_an_account(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (locked, disabled) = (acme.user(Role::PlanManager).await, acme.user(Role::Auditor).await);
        let without_password = acme.add(Role::Auditor).await;
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, disabled.id()).await.unwrap();
        for _ in 0..6 {
            Program::new(&service).sign_in(&locked.user.email, "not the password").await;
        }
        let mut told = vec![];
        for (address, password) in [
            ("nobody@acme.example", PASSWORD),
            ("owner@acme.example", "not the password"),
            (locked.user.email.as_str(), PASSWORD),
            (disabled.user.email.as_str(), PASSWORD),
            (without_password.email.as_str(), PASSWORD),
            ("no address", PASSWORD),
            ("", ""),
        ] {
            let answer = Program::new(&service).sign_in(address, password).await;
            let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
            told.push((refused(&answer), names, said(&answer)));
        }
        assert_eq!(told[0].0, (422, "#/password".to_owned()));
        assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
    }

    async fn program_that_is_known_signs_in_while_strangers_have_to_wait(db: Db) {
        db.tenant("acme").await;
        let service = Service::over(&db);
        let mut mine = Program::new(&service);
        assert_eq!(mine.sign_in("owner@acme.example", PASSWORD).await.status, StatusCode::OK);
        let (device, session) = (mine.device.clone().unwrap(), mine.bare().to_owned());
        assert!(!device.contains(&session), "it is no session");
        assert_eq!(kind(&Program::showing(&service, device).get("/v1/me").await), "wrong-key", "it lets nobody in");
        mine.ask("/v1/sign-out").await;
        db.clock.advance(Span::seconds(1));
        for _ in 0..5 {
            let wrong = Program::new(&service).sign_in("owner@acme.example", "not the password").await;
            assert_eq!(refused(&wrong), (422, "#/password".to_owned()));
        }
        let right = Program::new(&service).sign_in("owner@acme.example", PASSWORD).await;
        assert_eq!(refused(&right), (422, "#/password".to_owned()), "the same answer as to any wrong guess");
        let right = mine.sign_in("owner@acme.example", PASSWORD).await;
        assert_eq!(right.status, StatusCode::OK, "{}", right.text());
    }

    async fn session_that_waits_is_taken_for_the_next_step_alone(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let secret = authenticator(&owner).await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        let waiting = program.sign_in("owner@acme.example", PASSWORD).await.json();
        assert_eq!((&waiting["next"], &waiting["device"]), (&json!("second_factor"), &Value::Null));
        let (pending, bare) = (program.token.clone().unwrap(), program.bare().to_owned());
        assert!(pending.starts_with("pending."), "{waiting}");
        assert_eq!(opens(&service, &pending).await, Err(json!("urn:bailiwick:problem:second-factor")));
        assert_eq!(opens(&service, format!("session.{bare}")).await, Err(json!("urn:bailiwick:problem:sign-in")), "it is no session by another word");
        assert_eq!(opens(&service, &bare).await, Err(json!("urn:bailiwick:problem:wrong-key")));
        let as_session = Program::showing(&service, format!("session.{bare}")).post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!(as_session.status, StatusCode::CONFLICT, "nor does it take a code then");
        assert_eq!(refused(&program.post("/v1/sign-in/code", json!({"code": "000000"})).await), (422, "#/code".to_owned()));
        let done = program.post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!((done.status, &done.json()["next"]), (StatusCode::OK, &Value::Null), "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "password_totp");
        let whole = program.bare().to_owned();
        assert_eq!(opens(&service, format!("pending.{whole}")).await, Err(json!("urn:bailiwick:problem:sign-in")));
        let late = Program::showing(&service, &pending).post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "what waited is over");
        let nobody = Program::new(&service).post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!(said(&nobody), said(&late), "and says no more than to whoever gave no password");
    }

    async fn guesser_of_codes_loses_the_session_and_has_to_wait(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let secret = authenticator(&owner).await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.sign_in("owner@acme.example", PASSWORD).await;
        for _ in 0..4 {
            assert_eq!(program.post("/v1/sign-in/code", json!({"code": "000000"})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(program.post("/v1/sign-in/code", json!({"code": "000000"})).await.status, StatusCode::CONFLICT);
        assert_eq!(program.post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await.status, StatusCode::CONFLICT);
        let mut again = Program::new(&service);
        again.sign_in("owner@acme.example", PASSWORD).await;
        let limited = again.post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await;
        assert_eq!((limited.status, limited.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "900"), "{}", limited.text());
    }

    async fn recovery_code_signs_in_once(db: Db) {
        let owner = db.tenant("acme").await.owner();
        authenticator(&owner).await;
        let codes = factors::make_recovery_codes(&db.store, &owner.permit::<ChangeMyProofs>().await).await.unwrap();
        let code = codes[0].expose().to_string();
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.sign_in("owner@acme.example", PASSWORD).await;
        let done = program.post("/v1/sign-in/recovery", json!({"code": code})).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "password_recovery");
        program.sign_in("owner@acme.example", PASSWORD).await;
        assert_eq!(refused(&program.post("/v1/sign-in/recovery", json!({"code": code})).await), (422, "#/code".to_owned()));
    }

    async fn passkey_signs_in_whoever_asked_and_nobody_else(db: Db) {
        let mut device = Authenticator::new();
        db.tenant("acme").await.owner().add_passkey(&mut device, "Laptop").await;
        let service = Service::over(&db);
        let (mut program, mut thief) = (Program::new(&service), Program::new(&service));
        let question = program.ask("/v1/sign-in/passkey/begin").await.json();
        let theirs = thief.ask("/v1/sign-in/passkey/begin").await.json();
        let answer = answered(&question, &device.get(&question["options"]));
        let mut stolen = answer.clone();
        for visitor in [theirs["visitor"].clone(), json!("")] {
            stolen["visitor"] = visitor;
            assert_eq!(thief.post("/v1/sign-in/passkey", stolen.clone()).await.status, StatusCode::CONFLICT);
        }
        let done = program.post("/v1/sign-in/passkey", answer.clone()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "passkey");
        let twice = Program::new(&service).post("/v1/sign-in/passkey", answer).await;
        assert_eq!(twice.status, StatusCode::CONFLICT, "each question is answered once");
        // Beside a password it is what has to follow.
        let mut both = Program::new(&service);
        assert_eq!(both.sign_in("owner@acme.example", PASSWORD).await.json()["next"], "second_factor");
        let pending = both.token.clone().unwrap();
        let question = both.ask("/v1/sign-in/passkey/begin").await.json();
        let answer = answered(&question, &device.get(&question["options"]));
        assert_eq!(both.post("/v1/sign-in/passkey", answer).await.status, StatusCode::OK);
        assert_eq!(both.get("/v1/me").await.json()["signed_in_by"], "passkey");
        assert_eq!(opens(&service, pending).await, Err(json!("urn:bailiwick:problem:sign-in")));
    }
}

both_databases! {
    async fn forgotten_password_is_replaced_from_the_letter_to_the_session(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        let mut told = vec![];
        for address in ["nobody@acme.example", "owner@acme.example"] {
            let asked = program.post("/v1/password-resets", json!({"address": address})).await;
            let names: Vec<_> = asked.headers.keys().map(|name| name.as_str().to_owned()).collect();
            told.push((asked.status, names, asked.text()));
        }
        assert_eq!((told[0].0, told[0].2.as_str()), (StatusCode::ACCEPTED, ""));
        assert_eq!(told[0], told[1], "whether there is an account does not show");
        assert_eq!(refused(&program.post("/v1/password-resets", json!({"address": "owner"})).await), (422, "#/address".to_owned()));
        let token = mailed(&db, "owner@acme.example").await;
        let look = program.post("/v1/password-resets/look", json!({"token": token})).await.json();
        assert_eq!(look, json!({"organisation": acme.entity.name, "email": "owner@acme.example"}));
        let chosen = |token: &str, password: &str| json!({"token": token, "password": password});
        assert_eq!(refused(&program.post("/v1/password-resets/use", chosen(&token, "password1234")).await), (422, "#/password".to_owned()));
        let owner = Caller::from(&acme.owner());
        let signed_in = service.send(&owner, &Method::POST, "/v1/password-resets/use", Sent::Json(chosen(&token, NEW))).await;
        assert_eq!(kind(&signed_in), "signed-in", "one person does not set a password while another is signed in");
        let done = program.post("/v1/password-resets/use", chosen(&token, NEW)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["email"], "owner@acme.example");
        assert_eq!(service.get(&owner, "/v1/me").await.status, StatusCode::UNAUTHORIZED, "other sessions are over");
        let mut dead = vec![];
        for token in [token.as_str(), "none", ""] {
            let mut nobody = Program::new(&service);
            dead.push(said(&nobody.post("/v1/password-resets/use", chosen(token, NEW)).await));
            dead.push(said(&nobody.post("/v1/password-resets/look", json!({"token": token})).await));
        }
        assert_eq!((&dead[0]["status"], &dead[0]["type"]), (&json!(409), &json!("urn:bailiwick:problem:dead-link")));
        assert!(dead.iter().all(|answer| *answer == dead[0]), "one answer to every link that does not work: {dead:?}");
        assert_eq!(Program::new(&service).sign_in("owner@acme.example", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(Program::new(&service).sign_in("owner@acme.example", NEW).await.status, StatusCode::OK);
    }

    async fn link_of_a_forgotten_password_leads_no_further_than_the_password(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let secret = authenticator(&owner).await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.post("/v1/password-resets", json!({"address": "owner@acme.example"})).await;
        let token = mailed(&db, "owner@acme.example").await;
        let done = program.post("/v1/password-resets/use", json!({"token": token, "password": NEW})).await;
        assert_eq!((done.status, &done.json()["next"]), (StatusCode::OK, &json!("second_factor")), "{}", done.text());
        assert!(opens(&service, program.token.clone().unwrap()).await.is_err());
        assert_eq!(program.post("/v1/sign-in/code", json!({"code": now(&db, &secret)})).await.status, StatusCode::OK);
        assert_eq!(program.get("/v1/me").await.status, StatusCode::OK);
    }

    async fn first_user_sets_a_password_by_their_link(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let user = acme.add(Role::TenantOwner).await;
        let token = enrolment::begin(&db.store, &acme.job(), user.id).await.unwrap().expose().to_string();
        let mut program = Program::new(&service);
        let look = program.post("/v1/enrolments/look", json!({"token": token})).await.json();
        assert_eq!(look, json!({"organisation": acme.entity.name, "email": user.email, "name": user.name}));
        let chosen = |token: &str, password: &str| json!({"token": token, "password": password});
        assert_eq!(refused(&program.post("/v1/enrolments/use", chosen(&token, "short")).await), (422, "#/password".to_owned()));
        let done = program.post("/v1/enrolments/use", chosen(&token, NEW)).await;
        assert_eq!((done.status, &done.json()["next"]), (StatusCode::OK, &Value::Null), "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "enrolment");
        let mut dead = vec![];
        for token in [token.as_str(), "none"] {
            let mut nobody = Program::new(&service);
            dead.push(said(&nobody.post("/v1/enrolments/use", chosen(token, NEW)).await));
            dead.push(said(&nobody.post("/v1/enrolments/look", json!({"token": token})).await));
        }
        assert_eq!((&dead[0]["status"], &dead[0]["type"]), (&json!(409), &json!("urn:bailiwick:problem:dead-link")));
        assert!(dead.iter().all(|answer| *answer == dead[0]), "{dead:?}");
        assert_eq!(kind(&program.post("/v1/enrolments/look", json!({"token": token})).await), "signed-in");
    }

    async fn invited_person_reads_the_invitation_and_joins_with_a_passkey(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let token = Stock::of(&acme, "acmemark").await.letters[2].clone();
        let (mut program, mut thief) = (Program::new(&service), Program::new(&service));
        let look = program.post("/v1/invitations/look", json!({"token": token})).await.json();
        assert_eq!((&look["email"], &look["role"]), (&json!("acmemark-reader3@acmemark.example"), &json!("support_coordinator")));
        assert_eq!(look["organisation"], json!(acme.entity.name));
        let begin = "/v1/invitations/accept/passkey/begin";
        let question = program.post(begin, json!({"token": token})).await.json();
        let mut joining = answered(&question, &Authenticator::new().create(&question["options"]));
        joining["token"] = json!(token);
        joining["name"] = json!("Nina New");
        let mut stolen = joining.clone();
        stolen["visitor"] = thief.post(begin, json!({"token": token})).await.json()["visitor"].clone();
        assert_eq!(thief.post("/v1/invitations/accept/passkey", stolen).await.status, StatusCode::CONFLICT);
        let mut nameless = joining.clone();
        nameless["name"] = json!("");
        assert_eq!(refused(&program.post("/v1/invitations/accept/passkey", nameless).await), (422, "#/name".to_owned()));
        let joined = program.post("/v1/invitations/accept/passkey", joining.clone()).await;
        assert_eq!(joined.status, StatusCode::OK, "{}", joined.text());
        let me = program.get("/v1/me").await.json();
        assert_eq!((&me["name"], &me["signed_in_by"]), (&json!("Nina New"), &json!("passkey")));
        for (path, body) in [
            ("/v1/invitations/accept/passkey", joining),
            (begin, json!({"token": token})),
            ("/v1/invitations/look", json!({"token": token})),
            ("/v1/invitations/look", json!({"token": "none"})),
        ] {
            let answer = Program::new(&service).post(path, body).await;
            assert_eq!((answer.status, kind(&answer).as_str()), (StatusCode::CONFLICT, "dead-link"), "{path}");
        }
    }
}

both_databases! {
    async fn person_proves_again_who_they_are_and_gets_another_session(db: Db) {
        db.tenant("acme").await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.sign_in("owner@acme.example", PASSWORD).await;
        db.clock.advance(Span::minutes(11));
        assert_eq!(kind(&program.post("/v1/me/factors", json!({})).await), "reauthenticate");
        assert_eq!(program.get("/v1/me/proof").await.json(), json!({"password": true, "code": false, "passkey": false}));
        let wrong = program.post("/v1/me/proof", json!({"password": "not the password"})).await;
        assert_eq!(refused(&wrong), (422, "#/password".to_owned()));
        let old = program.token.clone().unwrap();
        let proven = program.post("/v1/me/proof", json!({"password": PASSWORD})).await;
        assert_eq!(proven.status, StatusCode::OK, "{}", proven.text());
        assert_eq!(opens(&service, old).await, Err(json!("urn:bailiwick:problem:sign-in")));
        let begun = program.post("/v1/me/factors", json!({})).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
        let begun = begun.json();
        let secret = TotpSecret::from_base32(begun["secret"].as_str().unwrap()).unwrap();
        let path = format!("/v1/me/factors/{}/verify", begun["id"].as_str().unwrap());
        assert_eq!(program.post(&path, json!({"code": now(&db, &secret)})).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get("/v1/me").await.status, StatusCode::OK);
        db.clock.advance(Span::minutes(11));
        assert_eq!(program.get("/v1/me/proof").await.json(), json!({"password": true, "code": true, "passkey": false}));
        let half = program.post("/v1/me/proof", json!({"password": PASSWORD})).await;
        assert_eq!(said(&half), said(&wrong), "what is missing is not told");
        let proven = program.post("/v1/me/proof", json!({"password": PASSWORD, "code": now(&db, &secret)})).await;
        assert_eq!(proven.status, StatusCode::OK, "{}", proven.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "password_totp");
    }

    async fn person_changes_their_password_and_goes_on_as_a_bearer(db: Db) {
        db.tenant("acme").await;
        let service = Service::over(&db);
        let mut program = Program::new(&service);
        program.sign_in("owner@acme.example", PASSWORD).await;
        let old = program.token.clone().unwrap();
        let changed = program.send(Method::PUT, "/v1/me/password", Some(json!({"current": PASSWORD, "new": NEW}))).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
        assert_eq!(changed.header("session-token"), changed.json()["token"]);
        assert!(opens(&service, old).await.is_err() && opens(&service, program.token.clone().unwrap()).await.is_ok());
    }

    async fn program_gets_the_new_token_of_its_session_with_an_answer(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let helper = acme.user(Role::SupportCoordinator).await;
        let mut program = Program::new(&service);
        program.sign_in(&helper.user.email, PASSWORD).await;
        let old = program.token.clone().unwrap();
        assert_eq!(program.get("/v1/audit/events").await.status, StatusCode::FORBIDDEN);
        let grant = json!({"permission": "audit:read", "effect": "grant", "reason": "She helps out."});
        let path = format!("/v1/users/{}/grants", helper.id());
        let granted = service.send(&Caller::from(&acme.owner()), &Method::POST, &path, Sent::Json(grant)).await;
        assert_eq!(granted.status, StatusCode::CREATED, "{}", granted.text());
        let allowed = program.get("/v1/audit/events").await;
        assert_eq!(allowed.status, StatusCode::OK, "{}", allowed.text());
        assert!(allowed.header("session-token").starts_with("session.") && program.token.as_ref() != Some(&old));
        db.clock.advance(Span::seconds(6));
        assert_eq!(opens(&service, old).await, Err(json!("urn:bailiwick:problem:sign-in")));
        assert_eq!(program.get("/v1/me").await.header("session-token"), "", "once");
        assert_eq!(opens(&service, program.token.clone().unwrap()).await, Ok(()));
    }

    async fn late_person_sets_up_what_is_asked_of_them(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (one, other) = (acme.user(Role::Auditor).await, acme.user(Role::PlanManager).await);
        policy::set_grace(&db.store, &acme.job(), 0).await.unwrap();
        let mut program = Program::new(&service);
        program.sign_in(&one.user.email, PASSWORD).await;
        assert_eq!(kind(&program.get("/v1/me").await), "enrol-factor");
        assert_eq!(program.get("/v1/me/enrolment").await.json(), json!({"wanted": "mfa"}));
        let nothing = program.post("/v1/me/enrolment/totp/verify", json!({"code": "000000"})).await;
        assert_eq!(nothing.status, StatusCode::CONFLICT, "nothing was begun");
        let begun = program.ask("/v1/me/enrolment/totp").await;
        assert_eq!((begun.status, begun.header("cache-control")), (StatusCode::CREATED, "no-store"), "{}", begun.text());
        let secret = TotpSecret::from_base32(begun.json()["secret"].as_str().unwrap()).unwrap();
        let wrong = program.post("/v1/me/enrolment/totp/verify", json!({"code": "000000"})).await;
        assert_eq!(refused(&wrong), (422, "#/code".to_owned()));
        let done = program.post("/v1/me/enrolment/totp/verify", json!({"code": now(&db, &secret)})).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "password_totp");
        assert_eq!(program.get("/v1/me/enrolment").await.json(), json!({"wanted": null}));
        assert_eq!(program.ask("/v1/me/enrolment/totp").await.status, StatusCode::CONFLICT);
        let mut program = Program::new(&service);
        program.sign_in(&other.user.email, PASSWORD).await;
        let question = program.ask("/v1/me/enrolment/passkey/begin").await.json();
        let mut new = answered(&question, &Authenticator::new().create(&question["options"]));
        new.as_object_mut().unwrap().remove("visitor");
        new["name"] = json!("Laptop");
        let done = program.post("/v1/me/enrolment/passkey", new).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(program.get("/v1/me").await.json()["signed_in_by"], "passkey");
    }

    async fn administrator_reads_who_has_to_wait_and_until_when(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (member, owner) = (acme.user(Role::PlanManager).await, Caller::from(&acme.owner()));
        let path = format!("/v1/users/{}", member.id());
        assert_eq!(service.get(&owner, &path).await.json()["waits"], json!([]));
        let guesser = db.nobody::<SignIn>("198.51.100.9").await;
        for _ in 0..5 {
            let wrong = sign_in::password(&db.store, &db.hasher, &guesser, &member.user.email, "not the password".into());
            assert!(wrong.await.is_err());
        }
        let until = (db.store.now() + Span::minutes(15)).to_string();
        let shown = service.get(&owner, &path).await.json();
        assert_eq!(shown["waits"], json!([{"factor": "password", "sources": 1, "until": until}]), "{shown}");
        assert_eq!(shown["turned_away"]["attempts"], 0);
        assert_eq!(service.send(&owner, &Method::POST, &format!("{path}/unlock"), Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&owner, &path).await.json()["waits"], json!([]));
    }
}
