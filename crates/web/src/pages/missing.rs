//! What is not there and what is not allowed, for somebody who is signed in: with the navigation beside it, so that they
//! can go on.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use bailiwick_domain::rule::Public;

use crate::{
    access::Access,
    error::{Error, page_within},
    pages::sign_in::Standing,
    shell::{Visit, Wants},
    state::AppState,
};

/// Renders the answer that nothing is there, or that it is not allowed, as a page of the site, where a signed-in person reads
/// it. Everybody else gets the page that the bootstrap makes.
pub(crate) async fn dress(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let visit = request.extensions().get::<Visit>().cloned();
    let Some(visit) = visit.filter(|visit| visit.wants() == Wants::Page) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let found = response.extensions().get::<Arc<Error>>().cloned();
    let error = match found.filter(|error| matches!(**error, Error::Forbidden(_))) {
        Some(forbidden) => forbidden,
        None if asked.method.is_safe() && is_missing(&response) => Arc::new(Error::NotFound),
        None => return response,
    };
    // Whose request was refused before it was known who they are, for one without its token, is not known here either.
    match Access::<Public>::from_request_parts(&mut asked, &state).await {
        Ok(Access(permit)) if Standing::of(&permit) == Standing::SignedIn => {
            page_within(&error, &permit, &visit)
        }
        _ => response,
    }
}

/// Whether a handler found nothing, or the router no handler.
fn is_missing(response: &Response) -> bool {
    response.status() == StatusCode::NOT_FOUND
        && match response.extensions().get::<Arc<Error>>() {
            Some(error) => matches!(**error, Error::NotFound),
            None => !response.headers().contains_key(header::CONTENT_TYPE),
        }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn owner_who_mistypes_an_address_keeps_the_navigation(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            for path in ["/no-such-page", "/users/0193a7c2-7b1e-7000-8000-000000000001"] {
                let missing = owner.get(path).await;
                assert!(missing.status == 404 && missing.shows("Nothing here"), "{path}: {}", missing.body);
                assert!(missing.shows("href=\"/users\"") && missing.shows("acme Pty Ltd"), "{path}");
                let id = missing.headers["x-request-id"].to_str().unwrap();
                assert_eq!(missing.body.matches(id).count(), 1, "{path}");
                assert!(!missing.shows("Every sign-in is recorded"), "{path}");
            }
        }

        async fn person_who_may_not_keeps_the_navigation_and_is_sent_to_an_owner(db: Db) {
            let acme = db.tenant("acme").await;
            let mut manager = Browser::of(&acme.user(Role::OperationsManager).await);
            for refused in [manager.get("/audit").await, manager.post("/policy", &[]).await] {
                assert!(refused.status == 403 && refused.shows("This is not allowed") && refused.shows("ask an owner"), "{}", refused.body);
                assert!(refused.shows("href=\"/users\"") && refused.shows("acme Pty Ltd"), "{}", refused.body);
            }
            let refused = Browser::of(&acme.owner()).get("/platform/tenants").await;
            assert!(refused.status == 403 && refused.shows("href=\"/users\"") && !refused.shows("ask an owner"), "{}", refused.body);
        }

        async fn program_finds_the_files_that_it_asks_everybody_for(db: Db) {
            let mut visitor = Browser::new(&db);
            let robots = visitor.get("/robots.txt").await;
            assert!(robots.status == 200 && robots.body == "User-agent: *\nDisallow: /\n");
            let icon = visitor.get("/favicon.ico").await;
            assert!(icon.status == 200 && icon.headers["content-type"] == "image/svg+xml", "{}", icon.body);
        }

        async fn visitor_is_shown_no_navigation(db: Db) {
            let missing = Browser::new(&db).get("/no-such-page").await;
            assert!(missing.status == 404 && missing.shows("Nothing here") && !missing.shows("href=\"/users\""));
            let id = missing.headers["x-request-id"].to_str().unwrap();
            assert_eq!(missing.body.matches(id).count(), 1);
        }
    }
}
