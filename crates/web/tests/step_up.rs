//! Sensitive operations through the API: asked for, refused, confirmed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::role::Role;
use bailiwick_ops::factors;
use bailiwick_testkit::{Actor, both_databases};
use bailiwick_vault::token::SessionToken;
use support::{Answer, Caller, Sent, Service, full_key};

/// Sends the request again with the code.
async fn confirm(service: &Service, actor: &Actor, path: &str, value: &str) -> Answer {
    let csrf = SessionToken::parse(&actor.token).unwrap().csrf();
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::COOKIE, format!("__Host-bailiwick={}", actor.token))
        .header("x-csrf-token", csrf.as_str())
        .header("step-up", value);
    service.raw(request.body(Body::empty()).unwrap()).await
}

both_databases! {
    async fn program_of_an_owner_confirms_with_the_code_of_the_letter(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.add(Role::PlanManager).await.id;
        factors::totp_begin_for(&db.store, &acme.job(), member).await.unwrap();
        let (service, owner) = (Service::over(&db), acme.owner());
        let path = format!("/v1/users/{member}/reset-factors");
        let asked = service.send(&Caller::from(&owner), &Method::POST, &path, Sent::Nothing).await;
        assert_eq!((asked.status, asked.json()["type"].as_str()), (StatusCode::FORBIDDEN, Some("urn:bailiwick:problem:step-up-required")));
        let step_up = asked.json()["step_up"].clone();
        assert_eq!(step_up["action"], "factor_reset");
        let lines = step_up["difference"].as_array().unwrap();
        assert_eq!(lines[0], "The authenticator app “Authenticator app” is removed.", "the factor by its name comes first");
        assert!(lines.iter().any(|line| *line == "Second factor: state from “pending” to “removed”"), "{lines:?}");
        let id = step_up["id"].as_str().unwrap();
        let code = owner.mailed_code(id.parse().unwrap()).await;
        assert!(!asked.text().contains(&code), "the code is in the letter alone");
        for wrong in ["", id, "x 12345678"] {
            assert_eq!(confirm(&service, &owner, &path, wrong).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let refused = confirm(&service, &owner, &path, &format!("{id} letters!")).await;
        assert_eq!((refused.status, refused.json()["type"].as_str()), (StatusCode::FORBIDDEN, Some("urn:bailiwick:problem:step-up-refused")));
        assert_eq!(confirm(&service, &owner, &path, &format!("{id} {code}")).await.status, StatusCode::NO_CONTENT);
        let again = confirm(&service, &owner, &path, &format!("{id} {code}")).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "there is nothing left to reset");
    }

    async fn key_with_every_scope_is_told_that_a_person_has_to_confirm(db: Db) {
        let acme = db.tenant("acme").await;
        let member = acme.add(Role::PlanManager).await.id;
        factors::totp_begin_for(&db.store, &acme.job(), member).await.unwrap();
        let (service, key) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let path = format!("/v1/users/{member}/reset-factors");
        let answer = service.send(&key, &Method::POST, &path, Sent::Nothing).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text().contains("A person has to confirm this"), "{}", answer.text());
    }
}
