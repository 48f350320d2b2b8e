//! Issuing a key. Its text is in the answer to this one request and nowhere else.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    entity::{ApiKey, KeyEnvironment},
    permission::Permission,
    rule::{CreateApiKey, Rule},
    time::Span,
};
use bailiwick_ops::api_keys::{self, NewApiKey};
use bailiwick_store::{Permit, Store, users};
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
    /// `live` or `test`; the first, if missing.
    #[serde(default)]
    environment: String,
    /// Days, or `never`.
    lifetime: String,
    /// A sign-in address.
    #[serde(default)]
    owner: String,
    /// One on each line.
    #[serde(default)]
    networks: String,
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
    networks: Vec<String>,
    expires: Option<When>,
    /// The key's own page.
    href: String,
    /// The key's history; empty for whoever may not read the log.
    event_href: String,
}

pub(super) async fn create(
    Access(permit): Access<CreateApiKey>,
    visit: Visit,
    State(store): State<Store>,
    form: Form<NewForm>,
) -> Result<Response> {
    let read = match form.values {
        Ok(values) => new_key(values, &store, &permit).await?,
        Err(problems) => Err(problems),
    };
    let refused = match read {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(new) => match api_keys::create(&store, &permit, new).await {
            Ok((key, secret)) => {
                let shell = Shell::new(&permit, &visit, "Copy the key now").under("API keys", "/api-keys");
                return Ok(shown_once(shell, &permit, key, secret.expose()));
            }
            Err(error) => Refused::by(error, NAMES)?,
        },
    };
    let page = page(&permit, &visit, &store).await?.again(&form.typed, refused.problems);
    Ok((refused.status, page).into_response())
}

/// The page on which a key stands, once, which no browser keeps.
pub(super) fn shown_once<R: Rule>(shell: Shell, permit: &Permit<R>, key: ApiKey, secret: &str) -> Response {
    let page = ApiKeyCreatedPage {
        shell,
        event_href: if permit.may(Permission::AUDIT_READ) {
            history("api_key", key.id)
        } else {
            String::new()
        },
        href: format!("/api-keys/{}", key.id),
        name: key.name,
        prefix: key.prefix,
        secret,
        scopes: key.scopes,
        networks: key.networks.texts(),
        expires: key.expires_at.map(When::day),
    };
    ([(header::CACHE_CONTROL, "no-store")], page).into_response()
}

async fn new_key(
    form: NewForm,
    store: &Store,
    permit: &Permit<CreateApiKey>,
) -> Result<Result<NewApiKey, Vec<Problem>>> {
    let mut problems = Vec::new();
    let expires_at = match form.lifetime.parse::<u16>() {
        Ok(days) => Some(store.now() + Span::days(i64::from(days))),
        Err(_) => {
            if form.lifetime != NEVER {
                problems.push(Problem::new("lifetime", "Choose one of the lifetimes."));
            }
            None
        }
    };
    let environment = match form.environment.as_str() {
        "" => KeyEnvironment::Live,
        word => word.parse().unwrap_or_else(|_| {
            problems.push(Problem::new("environment", "Choose one of the two."));
            KeyEnvironment::Live
        }),
    };
    let owner = match form.owner.trim() {
        "" => None,
        address => {
            let address = address.to_ascii_lowercase();
            let found = users::by_email(&mut store.read(permit).await?, &address).await?;
            if found.is_none() {
                problems.push(Problem::new("owner", "Nobody here signs in with this address."));
            }
            found.map(|user| user.id)
        }
    };
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let networks = form.networks.split([',', '\n']).map(str::trim).filter(|line| !line.is_empty());
    Ok(Ok(NewApiKey {
        name: form.name,
        scopes: form.scope,
        expires_at,
        tag: Some(form.tag),
        environment,
        networks: networks.map(str::to_owned).collect(),
        owner,
    }))
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

        async fn owner_says_for_what_from_where_and_who_answers_for_it(db: Db) {
            let acme = db.tenant("acme").await;
            let auditor = acme.user(Role::Auditor).await;
            let mut owner = Browser::of(&acme.owner());
            let with = |networks: &'static str, owner: &'static str| {
                [("name", "Sync"), ("environment", "test"), ("lifetime", "90"), ("scope", "user:read"), ("networks", networks), ("owner", owner)]
            };
            let refused = owner.post("/api-keys", &with("192.0.2.7\nten", "")).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.shows("Entry 2 is neither"), "{}", refused.body);
            assert!(refused.shows("value=\"test\" selected") && refused.shows("192.0.2.7\nten</textarea>"));
            let refused = owner.post("/api-keys", &with("", "nobody@acme.example")).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.shows("Nobody here signs in with this address"));
            let mut form = with("192.0.2.7\r\n198.51.100.9/24", "").to_vec();
            form.retain(|(name, _)| *name != "owner");
            form.push(("owner", auditor.user.email.as_str()));
            let answer = owner.post("/api-keys", &form).await;
            assert!(answer.status == StatusCode::OK && answer.shows("bw_test_") && answer.shows("198.51.100.0/24"), "{}", answer.body);
            let page = owner.get(&answer.between("class=\"btn primary\" href=\"", "\"").unwrap()).await.page();
            assert!(page.contains("192.0.2.7/32") && page.contains("Test") && page.contains("Never used"), "{page}");
        }

        async fn developer_hands_on_no_more_than_they_hold(db: Db) {
            let mut developer = Browser::of(&db.tenant("acme").await.user(Role::Developer).await);
            assert!(developer.get("/api-keys/new").await.page().contains("value=\"audit:read\" disabled"));
            assert_eq!(developer.post("/api-keys", FORM).await.status, StatusCode::FORBIDDEN);
            assert!(developer.get("/api-keys").await.page().contains("No keys here"));
        }
    }
}
