//! Issuing a key. Its text is in the answer to this one request and nowhere else.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    permission::Permission,
    rule::CreateApiKey,
    time::{Span, Timestamp},
};
use bailiwick_ops::api_keys::{self, NewApiKey};
use bailiwick_store::Store;
use serde::Deserialize;

use super::new::{NEVER, page};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Problem},
    pages::{audit::history, refused::Refused},
    shell::{Shell, Visit},
    when::When,
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("expires_at", "lifetime"), ("scope", "scopes")];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewForm {
    name: String,
    #[serde(default)]
    tag: String,
    /// Days, or `never`.
    lifetime: String,
    #[serde(default)]
    scope: Vec<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "api_keys/created.html")]
struct ApiKeyCreatedPage<'a> {
    shell: Shell,
    name: String,
    prefix: String,
    secret: &'a str,
    scopes: Vec<String>,
    expires: Option<When>,
    /// The key's history; empty for whoever may not read the log.
    event_href: String,
}

pub(super) async fn create(
    Access(permit): Access<CreateApiKey>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<NewForm>,
) -> Result<Response> {
    let read = form.values.and_then(|values| new_key(values, store.now()));
    let refused = match read {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(new) => match api_keys::create(&store, &permit, new).await {
            Ok((key, secret)) => {
                let page = ApiKeyCreatedPage {
                    shell: Shell::new(&permit, &visit, "Copy the key now").under("API keys", "/api-keys"),
                    event_href: if permit.may(Permission::AUDIT_READ) {
                        history("api_key", key.id)
                    } else {
                        String::new()
                    },
                    name: key.name,
                    prefix: key.prefix,
                    secret: secret.expose(),
                    scopes: key.scopes,
                    expires: key.expires_at.map(When::day),
                };
                return Ok(([(header::CACHE_CONTROL, "no-store")], page).into_response());
            }
            Err(error) => Refused::by(error, NAMES)?,
        },
    };
    let page = page(&permit, &visit, &store).again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

fn new_key(form: NewForm, now: Timestamp) -> Result<NewApiKey, Vec<Problem>> {
    let expires_at = match form.lifetime.parse::<u16>() {
        Ok(days) => Some(now + Span::days(i64::from(days))),
        Err(_) if form.lifetime == NEVER => None,
        Err(_) => return Err(vec![Problem::new("lifetime", "Choose one of the lifetimes.")]),
    };
    Ok(NewApiKey { name: form.name, scopes: form.scope, expires_at, tag: Some(form.tag) })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode, header};
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::{
        access::cookies::FLASH,
        pages::browser::{Browser, href},
    };

    const FORM: &[(&str, &str)] = &[
        ("name", "Reports"),
        ("tag", "rpt"),
        ("lifetime", "30"),
        ("scope", "user:read"),
        ("scope", "audit:read"),
    ];

    both_databases! {
        async fn owner_sees_a_key_once(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/api-keys", FORM).await;
            assert_eq!((answer.status, &answer.headers[header::CACHE_CONTROL]), (StatusCode::OK, &HeaderValue::from_static("no-store")));
            let secret = answer.body.split("id=\"new-key\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
            assert!(secret.starts_with("bw_live_rpt") && secret.len() > 40, "{secret}");
            let list = owner.get("/api-keys").await.page();
            assert!(list.contains("bw_live_rpt…") && list.contains("Expiring") && !list.contains(secret));
            let revoke = href(&list, "/api-keys/", "/revoke");
            assert!(owner.get(revoke).await.page().contains("Revoke “Reports”?"));
            let answer = owner.post(revoke, &[]).await;
            assert_eq!((answer.led(), owner.cookie(FLASH)), ((303, "/api-keys"), Some("api-key-revoked")));
            assert!(!owner.get("/api-keys").await.page().contains("bw_live_rpt"));
            assert!(owner.get("/api-keys?status=revoked").await.page().contains("Revoked"));
        }

        async fn owner_gets_back_what_they_ticked(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            let answer = owner.post("/api-keys", &[("name", ""), ("tag", "toolong"), ("lifetime", "90"), ("scope", "user:read")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains("value=\"user:read\" checked") && answer.body.contains("value=\"toolong\""));
            assert!(answer.body.contains("id=\"name-error\"") && answer.body.contains("id=\"tag-error\""));
            assert!(answer.shows("<a href=\"#name\">Name: ") && answer.shows("<a href=\"#tag\">Tag: "), "{}", answer.body);
            let answer = owner.post("/api-keys", &[("name", "Reports"), ("lifetime", "soon"), ("scope", "user:read")]).await;
            assert!(answer.body.contains("id=\"lifetime-error\""));
            let answer = owner.post("/api-keys", &[("name", "Reports"), ("lifetime", "90")]).await;
            assert!(answer.body.contains("id=\"scopes-error\""));
        }

        async fn developer_hands_on_no_more_than_they_hold(db: Db) {
            let mut developer = Browser::of(&db.tenant("acme").await.user(Role::Developer).await);
            assert!(developer.get("/api-keys/new").await.page().contains("value=\"audit:read\" disabled"));
            assert_eq!(developer.post("/api-keys", FORM).await.status, StatusCode::FORBIDDEN);
            assert!(developer.get("/api-keys").await.page().contains("No keys here"));
        }
    }
}
