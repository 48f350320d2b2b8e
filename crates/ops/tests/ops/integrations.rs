//! Integrations: what a configuration may hold, what is refused, where it leads, and how it is tested.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bailiwick_domain::{
    entity::{Integration, IntegrationFault},
    ids::IntegrationId,
    role::Role,
    rule::{GrantPermission, UpdateIntegrations, WriteSecrets},
    time::Span,
};
use bailiwick_ops::{
    Error,
    audit::stream::Reach,
    integrations::{self, Checks, NewIntegration, Outside, Update},
    secrets::{self, NewSecret, Value as Secret},
    users::{self, NewGrant},
};
use bailiwick_store::{Permit, integrations as stored, keys, secrets as kept};
use bailiwick_testkit::{Actor, Tenant, both_databases};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{
    keys::rotate,
    raised::raised,
    support::{times, verified},
};

const RAW: &str = "marked-6161-opensesame";

fn http(base: &str) -> Value {
    json!({"base_url": base, "method": "get", "authentication": "none"})
}

/// Loopback, and one variable.
fn outside() -> Outside {
    let reach = Reach::new(vec!["127.0.0.0/8".parse().unwrap()]);
    Outside::new(reach, BTreeMap::from([("OPENED_KEY".to_owned(), RAW.to_owned())]))
}

async fn permit(acme: &Tenant) -> Permit<UpdateIntegrations> {
    acme.db.clock.advance(Span::seconds(1));
    acme.owner().permit().await
}

async fn create(acme: &Tenant, provider: &str, name: &str, config: Value) -> Result<Integration, Error> {
    create_storing(acme, provider, name, config, None).await
}

async fn create_storing(
    acme: &Tenant,
    provider: &str,
    name: &str,
    config: Value,
    store: Option<&str>,
) -> Result<Integration, Error> {
    let new = NewIntegration {
        name: name.into(),
        provider: provider.into(),
        config,
        store: store.map(str::to_owned),
    };
    integrations::create(&acme.db.store, &permit(acme).await, &outside(), new).await
}

async fn update(acme: &Tenant, made: &Integration, name: &str, config: Value) -> Result<Integration, Error> {
    let new = Update { name: name.into(), config, revision: made.revision, store: None };
    integrations::update(&acme.db.store, &permit(acme).await, &outside(), made.id, new).await
}

async fn secret(acme: &Tenant, name: &str, value: &str) {
    let permit = acme.owner().permit::<WriteSecrets>().await;
    let new = NewSecret { name: name.into(), value: Secret::new(value.into()) };
    secrets::create(&acme.db.store, &permit, new).await.unwrap();
}

async fn fault(acme: &Tenant, id: IntegrationId) -> Option<IntegrationFault> {
    let tested = integrations::test(&acme.db.store, &permit(acme).await, &outside(), id).await.unwrap();
    assert!(tested.tested_at.is_some());
    tested.fault
}

async fn configured(acme: &Tenant, id: IntegrationId) -> Value {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    Value::Object(integrations::configuration(&mut view, id).await.unwrap())
}

/// What is wrong, by field.
fn wrong<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(&'static str, String)> {
    let Err(Error::Invalid(fields)) = result else { panic!("{result:?}") };
    fields.into_iter().map(|field| (field.field, field.text)).collect()
}

/// A service on this machine that answers every request with this status, or as a mail server would.
struct OtherSide {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl OtherSide {
    async fn http(status: u16) -> Self {
        Self::start(move |mut stream, heard| async move {
            let (mut head, mut octets) = (String::new(), [0; 4096]);
            while !head.contains("\r\n\r\n") {
                let count = stream.read(&mut octets).await.unwrap_or(0);
                if count == 0 {
                    return;
                }
                head.push_str(&String::from_utf8_lossy(&octets[..count]));
            }
            heard.lock().unwrap().push(head);
            let more = "x".repeat(100_000);
            let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 100000\r\n\r\n{more}");
            stream.write_all(answer.as_bytes()).await.ok();
        })
        .await
    }

    async fn smtp(password: &'static str) -> Self {
        Self::start(move |stream, heard| async move {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 ready\r\n").await.ok();
            let mut line = String::new();
            while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                let said = std::mem::take(&mut line);
                heard.lock().unwrap().push(said.trim_end().to_owned());
                let right = STANDARD.encode(format!("\0mailer\0{password}"));
                let answer = match said.trim_end().split_once(' ').unwrap_or((said.trim_end(), "")) {
                    ("EHLO", _) => "250-here\r\n250 AUTH PLAIN\r\n",
                    ("AUTH", given) if given == format!("PLAIN {right}") => "235 welcome\r\n",
                    ("AUTH", _) => "535 5.7.8 not you\r\n",
                    ("QUIT", _) => "221 bye\r\n",
                    _ => "250 ok\r\n",
                };
                stream.write_all(answer.as_bytes()).await.ok();
            }
        })
        .await
    }

    async fn start<F: Future<Output = ()> + Send + 'static>(
        talk: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { port, heard, task }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for OtherSide {
    fn drop(&mut self) {
        self.task.abort();
    }
}

both_databases! {
    async fn integration_is_set_up_changed_tested_toggled_and_removed(db: Db) {
        let acme = db.tenant("acme").await;
        let service = OtherSide::http(204).await;
        let base = format!("http://127.0.0.1:{}", service.port);
        let made = create(&acme, "http", " Ledger ", http(&base)).await.unwrap();
        assert_eq!((made.name.as_str(), made.revision, made.enabled), ("Ledger", 1, false));
        assert_eq!((made.origin.as_str(), made.changed_by), (base.as_str(), Some(acme.owner().id())));
        assert_eq!(fault(&acme, made.id).await, None);
        assert!(service.heard()[0].starts_with("GET / HTTP/1.1") && !service.heard()[0].contains("authorization"));
        let mut config = http(&base);
        config["test_path"] = "/health".into();
        let changed = update(&acme, &made, "Ledger", config.clone()).await.unwrap();
        assert_eq!(changed.revision, 2);
        assert_ne!(changed.configuration, made.configuration);
        assert_eq!(configured(&acme, made.id).await, config);
        let stale = update(&acme, &made, "Other", config.clone()).await;
        assert!(matches!(stale, Err(Error::Conflict(text)) if text.contains("since you opened it")), "{stale:?}");
        let same = update(&acme, &changed, "Ledger", config.clone()).await;
        assert!(matches!(same, Err(Error::Conflict(_))), "{same:?}");
        let renamed = update(&acme, &changed, "Ledger 2", config).await.unwrap();
        assert_eq!(raised(&acme, "integration.created").await, 1);
        let enabled = integrations::enable(&db.store, &permit(&acme).await, made.id).await.unwrap();
        assert_eq!((enabled.enabled, enabled.revision), (true, renamed.revision + 1));
        assert!(matches!(integrations::enable(&db.store, &permit(&acme).await, made.id).await, Err(Error::Conflict(_))));
        assert_eq!(fault(&acme, made.id).await, None);
        assert!(service.heard()[1].starts_with("GET /health HTTP/1.1"));
        integrations::disable(&db.store, &permit(&acme).await, made.id).await.unwrap();
        integrations::remove(&db.store, &permit(&acme).await, made.id).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(stored::find(&mut view, made.id).await.is_err() && stored::count(&mut view).await.unwrap() == 0);
        drop(view);
        assert_eq!(raised(&acme, "integration.deleted").await, 1);
        for (action, times_over) in [
            ("integration.updated", 2),
            ("integration.test_began", 2),
            ("integration.tested", 2),
            ("integration.enabled", 1),
            ("integration.disabled", 1),
            ("integration_health.dropped", 1),
        ] {
            assert_eq!(times(&db, &acme, action).await, times_over, "{action}");
        }
        verified(&db).await;
    }

    async fn raw_secret_is_refused_anywhere_with_its_place_and_the_reason(db: Db) {
        let acme = db.tenant("acme").await;
        let smtp = |password: &str| json!({"host": "mail.example.com", "port": 587, "tls": "starttls", "user": "mailer", "password": password});
        let token = format!("glpat-{}", "abcdefghij0123456789");
        let random = "wJalrXUtnFEMI9K7MDENGbPxRfiCYz3kQp1";
        let mut url = http("https://api.example.com");
        url["base_url"] = format!("https://api.example.com/{token}").into();
        let mut unknown = http("https://api.example.com");
        unknown["client_secret"] = "hunter2".into();
        let mut deep = http("https://api.example.com");
        deep["more"] = json!({"smtp": {"password": RAW}});
        let mut prefix = json!({"endpoint": "https://s3.example.com", "region": "a", "bucket": "abc", "access_key_id": "secret://a", "secret_access_key": "secret://a"});
        prefix["prefix"] = random.into();
        for (provider, config, field, says) in [
            ("smtp", smtp(RAW), "config/password", "/password: This field is one for secrets"),
            ("smtp", smtp(&token), "config/password", "/password: This has the shape of a secret"),
            ("smtp", smtp("secret://Not A Name"), "config/password", "/password: "),
            ("smtp", smtp("${SMTP_PASSWORD}"), "config/password", "takes a reference"),
            ("http", url, "config/base_url", "/base_url: This has the shape of a secret"),
            ("http", unknown, "config", "/client_secret: This field is one for secrets"),
            ("http", deep, "config", "/more/smtp/password: This field is one for secrets"),
            ("storage", prefix, "config/prefix", "/prefix: This looks as random as a key does"),
        ] {
            let told = wrong(create(&acme, provider, "Mail", config).await);
            let found = told.iter().find(|(at, _)| *at == field);
            assert!(found.is_some_and(|(_, text)| text.contains(says)), "{field} {says}: {told:?}");
            assert!(told.iter().all(|(_, text)| ![RAW, token.as_str(), random, "hunter2"].iter().any(|raw| text.contains(raw))), "{told:?}");
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(stored::count(&mut view).await.unwrap(), 0);
    }

    async fn reference_has_to_lead_somewhere(db: Db) {
        let acme = db.tenant("acme").await;
        let zenith = db.tenant("zenith").await;
        secret(&zenith, "smtp/password", RAW).await;
        let smtp = |password: &str| json!({"host": "mail.example.com", "port": 587, "tls": "starttls", "user": "mailer", "password": password});
        for (reference, says) in [
            ("secret://smtp/password", "no secret with this name"),
            ("env://PATH", "has not opened a variable"),
            ("env://OPENED_KEY_2", "has not opened a variable"),
            ("awssm://prod/smtp", "does not read from AWS Secrets Manager"),
        ] {
            let told = wrong(create(&acme, "smtp", "Mail", smtp(reference)).await);
            assert!(matches!(&told[..], [("config/password", text)] if text.contains(says)), "{reference}: {told:?}");
        }
        assert!(create(&acme, "smtp", "By variable", smtp("env://OPENED_KEY")).await.is_ok());
        secret(&acme, "smtp/password", RAW).await;
        let made = create(&acme, "smtp", "By name", smtp("secret://smtp/password")).await.unwrap();
        assert_eq!(configured(&acme, made.id).await, smtp("secret://smtp/password"));
        assert_eq!(made.origin, "mail.example.com:587");
    }

    async fn what_does_not_fit_the_schema_is_named_by_field(db: Db) {
        let acme = db.tenant("acme").await;
        let told = wrong(create(&acme, "smtp", "", json!({"host": "a b", "port": 0, "tls": "maybe"})).await);
        let at: Vec<_> = told.iter().map(|(field, _)| *field).collect();
        assert_eq!(at, ["name", "config/host", "config/port", "config/tls"], "{told:?}");
        let told = wrong(create(&acme, "storage", "S", json!({})).await);
        assert_eq!(told.len(), 5, "{told:?}");
        assert_eq!(wrong(create(&acme, "fax", "S", json!({})).await)[0].0, "provider");
        assert_eq!(wrong(create(&acme, "http", "S", json!([]))    .await)[0].0, "config");
        let alone = json!({"host": "mail.example.com", "port": 25, "tls": "starttls", "user": "mailer"});
        assert_eq!(wrong(create(&acme, "smtp", "S", alone).await)[0].0, "config/password");
        let mut bearer = http("https://api.example.com");
        bearer["authentication"] = "header".into();
        let at: Vec<_> = wrong(create(&acme, "http", "S", bearer).await).into_iter().map(|(field, _)| field).collect();
        assert_eq!(at, ["config/api_key", "config/header"]);
        for address in ["http://api.example.com.", "https://user@api.example.com", "https://api.example.com/?a=b", "ftp://a.example.com"] {
            let new = NewIntegration { name: "S".into(), provider: "http".into(), config: http(address), store: None };
            let refused = integrations::create(&db.store, &permit(&acme).await, &Outside::default(), new).await;
            assert_eq!(wrong(refused)[0].0, "config/base_url", "{address}");
        }
    }

    async fn raw_value_is_stored_as_a_secret_and_named_in_one_change(db: Db) {
        let acme = db.tenant("acme").await;
        let smtp = |password: &str| json!({"host": "mail.example.com", "port": 587, "tls": "starttls", "user": "mailer", "password": password});
        let both = json!({"host": "a b", "port": 587, "tls": "starttls", "user": "mailer", "password": RAW});
        assert_eq!(wrong(create_storing(&acme, "smtp", "Clinic Mail!", both, Some("password")).await)[0].0, "config/host");
        assert_eq!(times(&db, &acme, "secret.created").await, 0, "both, or neither");
        let made = create_storing(&acme, "smtp", "Clinic Mail!", smtp(RAW), Some("password")).await.unwrap();
        assert_eq!(configured(&acme, made.id).await, smtp("secret://smtp/clinic-mail/password"));
        let again = create_storing(&acme, "smtp", "Clinic-Mail", smtp(RAW), Some("password")).await.unwrap();
        assert_eq!(configured(&acme, again.id).await, smtp("secret://smtp/clinic-mail/password-2"));
        let twice = create_storing(&acme, "smtp", "Third", smtp("secret://smtp/clinic-mail/password"), Some("password")).await;
        assert_eq!(wrong(twice)[0].0, "config/password", "a reference is no value");
        let other = create_storing(&acme, "smtp", "Third", smtp("secret://smtp/clinic-mail/password"), Some("host")).await;
        assert_eq!(wrong(other)[0].0, "config");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(kept::count(&mut view).await.unwrap(), 2);
        drop(view);
        for (action, _) in crate::support::log(&db, &acme).await {
            assert!(!action.contains(RAW));
        }
    }

    async fn whoever_may_not_use_secrets_leads_none_anywhere(db: Db) {
        let acme = db.tenant("acme").await;
        secret(&acme, "service/key", RAW).await;
        let permit = narrow(&acme).await.permit::<UpdateIntegrations>().await;
        let mut config = http("https://api.example.com");
        config["authentication"] = "bearer".into();
        config["api_key"] = "secret://service/key".into();
        let new = |config: Value, store: Option<&str>| NewIntegration { name: "S".into(), provider: "http".into(), config, store: store.map(str::to_owned) };
        let refused = integrations::create(&db.store, &permit, &outside(), new(config.clone(), None)).await;
        assert!(matches!(refused, Err(Error::Forbidden(text)) if text.contains("secret:use")), "{refused:?}");
        config["api_key"] = RAW.into();
        let refused = integrations::create(&db.store, &permit, &outside(), new(config, Some("api_key"))).await;
        assert!(matches!(refused, Err(Error::Forbidden(text)) if text.contains("secret:write")), "{refused:?}");
        integrations::create(&db.store, &permit, &outside(), new(http("https://api.example.com"), None)).await.unwrap();
    }

    async fn key_is_sent_as_configured_to_the_place_that_is_named_and_to_no_other(db: Db) {
        let acme = db.tenant("acme").await;
        secret(&acme, "service/key", RAW).await;
        let service = OtherSide::http(200).await;
        for (way, header, sent) in [
            ("bearer", None, format!("authorization: Bearer {RAW}")),
            ("basic", None, format!("authorization: Basic {}", STANDARD.encode(format!("{RAW}:")))),
            ("header", Some("X-Api-Key"), format!("x-api-key: {RAW}")),
        ] {
            let mut config = http(&format!("http://127.0.0.1:{}", service.port));
            config["authentication"] = way.into();
            config["api_key"] = "secret://service/key".into();
            if let Some(header) = header {
                config["header"] = header.into();
            }
            let made = create(&acme, "http", way, config).await.unwrap();
            assert_eq!(fault(&acme, made.id).await, None, "{way}");
            let heard = service.heard().pop().unwrap();
            assert!(heard.to_lowercase().contains(&sent.to_lowercase()), "{heard}");
        }
        let made = create(&acme, "http", "inside", http("https://127.0.0.1:9")).await.unwrap();
        let health = integrations::test(&db.store, &permit(&acme).await, &Outside::default(), made.id).await.unwrap();
        assert_eq!(health.fault, Some(IntegrationFault::Forbidden), "not without the operator");
        for (status, class) in [(302, IntegrationFault::Moved), (401, IntegrationFault::SignIn), (404, IntegrationFault::Postponed), (500, IntegrationFault::Postponed), (422, IntegrationFault::Refused)] {
            let service = OtherSide::http(status).await;
            let made = create(&acme, "http", &status.to_string(), http(&format!("http://127.0.0.1:{}", service.port))).await.unwrap();
            assert_eq!(fault(&acme, made.id).await, Some(class), "{status}");
        }
    }

    async fn mail_server_is_greeted_and_signed_in_to(db: Db) {
        let acme = db.tenant("acme").await;
        secret(&acme, "smtp/password", RAW).await;
        secret(&acme, "smtp/wrong", "another one").await;
        let server = OtherSide::smtp(RAW).await;
        let smtp = |port: u16, tls: &str, password: &str| json!({"host": "127.0.0.1", "port": port, "tls": tls, "user": "mailer", "password": password});
        let right = create(&acme, "smtp", "Right", smtp(server.port, "none", "secret://smtp/password")).await.unwrap();
        assert_eq!(fault(&acme, right.id).await, None);
        assert!(server.heard().iter().any(|line| line.starts_with("EHLO")) && server.heard().iter().any(|line| line.starts_with("AUTH PLAIN")));
        assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")), "nothing is sent");
        let by_variable = create(&acme, "smtp", "Variable", smtp(server.port, "none", "env://OPENED_KEY")).await.unwrap();
        assert_eq!(fault(&acme, by_variable.id).await, None);
        let wrong = create(&acme, "smtp", "Wrong", smtp(server.port, "none", "secret://smtp/wrong")).await.unwrap();
        assert_eq!(fault(&acme, wrong.id).await, Some(IntegrationFault::SignIn));
        let protected = create(&acme, "smtp", "Protected", smtp(server.port, "starttls", "secret://smtp/password")).await.unwrap();
        assert!(fault(&acme, protected.id).await.is_some(), "a server that offers no TLS gets no password");
        let health = integrations::test(&db.store, &permit(&acme).await, &Outside::default(), right.id).await.unwrap();
        assert_eq!(health.fault, Some(IntegrationFault::Forbidden));
    }

    async fn server_tests_what_is_enabled_every_hour_and_tells_of_it_once(db: Db) {
        let acme = db.tenant("acme").await;
        let good = OtherSide::http(200).await;
        let up = create(&acme, "http", "Up", http(&format!("http://127.0.0.1:{}", good.port))).await.unwrap();
        let down = create(&acme, "http", "Down", http("http://127.0.0.1:1")).await.unwrap();
        let idle = create(&acme, "http", "Idle", http("http://127.0.0.1:1")).await.unwrap();
        let checks = Checks::new(db.store.clone(), db.jobs(), outside());
        assert_eq!(checks.round().await.unwrap(), 0, "nothing is in use");
        for made in [&up, &down] {
            integrations::enable(&db.store, &permit(&acme).await, made.id).await.unwrap();
        }
        db.clock.advance(Span::seconds(1));
        assert_eq!(checks.round().await.unwrap(), 2);
        assert_eq!(checks.round().await.unwrap(), 0, "not before an hour is over");
        db.clock.advance(Span::hours(1));
        assert_eq!(checks.round().await.unwrap(), 2);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let health = async |view: &mut bailiwick_store::View, id| stored::find(view, id).await.unwrap().health;
        let (works, fails) = (health(&mut view, up.id).await.unwrap(), health(&mut view, down.id).await.unwrap());
        assert_eq!((works.tests, works.failures, works.fault), (2, 0, None));
        assert_eq!((fails.tests, fails.failures, fails.fault), (2, 2, Some(IntegrationFault::Unreachable)));
        assert!(health(&mut view, idle.id).await.is_none());
        let told = bailiwick_store::security_events::list(&mut view, None, 50).await.unwrap().items;
        assert_eq!(told.iter().filter(|event| event.kind == "integration.tested").count(), 1, "once, and not every hour");
        drop(view);
        // The owner's session ended meanwhile.
        let later = acme.user(Role::TenantOwner).await;
        for made in [&up, &down] {
            integrations::disable(&db.store, &later.permit().await, made.id).await.unwrap();
            db.clock.advance(Span::seconds(1));
        }
        db.clock.advance(Span::hours(2));
        assert_eq!(checks.round().await.unwrap(), 0);
    }

    async fn variable_that_is_closed_again_is_missed_by_the_test(db: Db) {
        let acme = db.tenant("acme").await;
        let mut config = http("https://api.example.com");
        config["authentication"] = "bearer".into();
        config["api_key"] = "env://OPENED_KEY".into();
        let new = NewIntegration { name: "S".into(), provider: "http".into(), config, store: None };
        let made = integrations::create(&db.store, &permit(&acme).await, &outside(), new).await.unwrap();
        let health = integrations::test(&db.store, &permit(&acme).await, &Outside::default(), made.id).await.unwrap();
        assert_eq!((health.fault, health.failures), (Some(IntegrationFault::NoSecret), 1));
    }

    async fn configuration_follows_the_rotation_of_the_key_and_lies_in_no_clear(db: Db) {
        let acme = db.tenant("acme").await;
        let config = http("https://marked-host-5151.example.com/marked-path-5151");
        let made = create(&acme, "http", "Sealed", config.clone()).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(keys::protects(&mut view).await.unwrap()[&1]["integration"], 1);
        drop(view);
        rotate(&acme.owner()).await.unwrap();
        assert_eq!(configured(&acme, made.id).await, config, "under the version before");
        for _ in 0..10 {
            keys::rewrap(&db.store, &acme.job()).await.unwrap();
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let protects = keys::protects(&mut view).await.unwrap();
        assert!(!protects.contains_key(&1) && protects[&2]["integration"] == 1, "{protects:?}");
        drop(view);
        assert_eq!(configured(&acme, made.id).await, config, "wrapped anew");
        let image = serde_json::to_string(&made).unwrap();
        assert!(image.contains("marked-host-5151") && !image.contains("marked-path-5151"), "{image}");
    }

    async fn integration_of_another_tenant_is_not_there(db: Db) {
        let (acme, zenith) = (db.tenant("acme").await, db.tenant("zenith").await);
        let made = create(&zenith, "http", "Theirs", http("https://api.example.com")).await.unwrap();
        let permit = permit(&acme).await;
        assert!(matches!(integrations::enable(&db.store, &permit, made.id).await, Err(Error::NotFound)));
        assert!(matches!(integrations::remove(&db.store, &permit, made.id).await, Err(Error::NotFound)));
        assert!(matches!(integrations::test(&db.store, &permit, &outside(), made.id).await, Err(Error::NotFound)));
        assert!(matches!(update(&acme, &made, "Mine", http("https://b.example.com")).await, Err(Error::NotFound)));
        assert!(create(&acme, "http", "Theirs", http("https://api.example.com")).await.is_ok(), "names are the tenant's own");
        assert_eq!(wrong(create(&acme, "http", "Theirs", http("https://api.example.com")).await)[0].0, "name");
    }
}

/// Somebody who may change integrations, and has nothing to do with secrets.
async fn narrow(acme: &Tenant) -> Actor {
    let actor = acme.user(Role::Auditor).await;
    let new = NewGrant {
        permission: "integration:update".into(),
        effect: "grant".into(),
        reason: "Sets up the website".into(),
        expires_at: None,
    };
    let permit = acme.owner().permit::<GrantPermission>().await;
    users::grant(&acme.db.store, &permit, actor.id(), new).await.unwrap();
    actor
}
