//! What a tenant asks of its product's events.

use std::{
    fmt::{Debug, Write as _},
    fs,
    sync::{Arc, Mutex},
};

use bailiwick_domain::rule::{RecordEvents, SetIntake};
use bailiwick_ops::{
    Error,
    audit::{
        ingest::{Ask, Item, Refused, record},
        intake::{self, NewRules, NewSchema},
    },
};
use bailiwick_store::{audit, intake as stored_intake};
use bailiwick_testkit::{Place, Tenant, both_databases};
use serde_json::{Value, json};

use crate::{
    ingest::{event, send, stored},
    raised::raised,
    support::{times, verified},
};

const ALL: Ask = Ask { whole: true, included: false };

async fn set(acme: &Tenant, rules: &str) {
    let new = NewRules {
        rules: rules.into(),
        detectors: ["email", "card", "token", "private_key"].map(str::to_owned).into(),
    };
    intake::set_rules(&acme.db.store, &acme.owner().permit::<SetIntake>().await, new).await.unwrap();
}

fn faults(refused: Result<impl Debug, Refused>) -> Vec<(String, String)> {
    let Err(Refused::Items { faults, .. }) = refused else { panic!("{refused:?}") };
    faults.into_iter().map(|one| (one.fault.pointer, one.fault.text.into_owned())).collect()
}

/// Everything that the program says while it works.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<String>>);

impl Lines {
    /// What it said so far.
    pub(crate) fn heard(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut Said(self));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Said(self));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Said(self));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Said<'l>(&'l Lines);

impl tracing::field::Visit for Said<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        writeln!(self.0.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

const SECRETS: [&str; 7] = [
    // One word in lower case, as search would keep it; and more than one.
    "hunterofproducts",
    "hunter2-of-the-product",
    "4111 1111 1111 1111",
    "4111111111111111",
    "bw_live_k3f_0123456789abcdefABCDEFGHIJKL01234567",
    "prudence.private@mail.example",
    "only-for-debugging",
];

fn secretive(key: &str) -> Value {
    event(
        key,
        json!({
            "subject": {"type": "app.participant", "id": "PT-1"},
            "before": {"pin": "hunterofproducts"},
            "after": {
                "pin": "hunter2-of-the-product", "list": [{"pin": "hunter2-of-the-product"}], "card": "4111 1111 1111 1111", "number": 4_111_111_111_111_111_i64,
                "contact": {"email": "prudence.private@mail.example"}, "token": "bw_live_k3f_0123456789abcdefABCDEFGHIJKL01234567",
                "debug": {"trace": "only-for-debugging"}, "kept": "findable-value"
            },
            "reason": "prudence.private@mail.example asked with 4111 1111 1111 1111"
        }),
    )
}

both_databases! {
    async fn nothing_that_is_redacted_reaches_disk_or_log(db: Db) {
        let lines = Lines::default();
        drop(tracing::subscriber::set_global_default(lines.clone()));
        tracing::info!("the capture works");
        let acme = db.tenant("acme").await;
        set(&acme, "secret /**/pin\ndrop /debug\npersonal /contact").await;
        let id = stored(&acme, &secretive("a")).await;
        stored(&acme, &secretive("a")).await;
        // Refused ones are written nowhere either.
        faults(send(&acme, &event("b", json!({"after": {"x": 0.5, "pin": "hunter2-of-the-product"}})), ALL).await);
        faults(send(&acme, &event("c", json!({"actor": {"id": "prudence.private@mail.example"}})), ALL).await);
        db.sign().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let page = audit::event_page(&mut view, id).await.unwrap();
        // Octets of events lie packed in the files, where nothing would be found.
        let mut disk = Vec::new();
        for listed in audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap().items {
            disk.extend(audit::event_page(&mut view, listed.event).await.unwrap().bytes.into_bytes());
        }
        drop(view);
        assert!(page.bytes.contains("findable-value") && page.bytes.contains(r#"{"redacted":true}"#), "{}", page.bytes);
        assert!(page.personal.values().any(|value| value == &json!({"email": "prudence.private@mail.example"})), "what is sealed can be read");
        for secret in SECRETS {
            assert!(!page.bytes.contains(secret), "{secret} stands in the record");
        }
        verified(&db).await;
        let said = lines.0.lock().unwrap().clone();
        assert!(said.contains("the capture works"));
        for secret in SECRETS {
            assert!(!said.contains(secret), "{secret} stands in the log of the program");
        }
        let Place::Sqlite(path) = db.place() else { return };
        for file in ["bailiwick.db", "bailiwick.db-wal", "bailiwick.db-shm"] {
            disk.extend(fs::read(path.with_file_name(file)).unwrap_or_default());
        }
        let holds = |needle: &str| disk.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(holds("findable-value"), "the search itself works");
        for secret in SECRETS {
            assert!(!holds(secret), "{secret} stands in the files of the database");
        }
    }

    async fn rules_count_from_the_next_event_in_every_process(db: Db) {
        let acme = db.tenant("acme").await;
        let other = db.another_if_several().await;
        let body = |key: &str| Arc::from(event(key, json!({"after": {"pin": "1234-5"}})).to_string().into_bytes());
        let admitted = async || acme.owner().try_permit_from::<RecordEvents>(&other).await.unwrap();
        // The other process has read the rules of before.
        record(&other, admitted().await, body("a"), ALL).await.unwrap();
        set(&acme, "secret /pin").await;
        let answer = record(&other, admitted().await, body("b"), ALL).await.unwrap();
        let [Item::Stored { event, .. }] = answer.items.as_slice() else { panic!("{answer:?}") };
        let page = audit::event_page(&mut db.store.read(&acme.job()).await.unwrap(), *event).await.unwrap();
        assert!(!page.bytes.contains("1234-5"), "{}", page.bytes);
    }

    async fn changed_rules_are_recorded_and_raise_an_event(db: Db) {
        let acme = db.tenant("acme").await;
        set(&acme, "secret /pin").await;
        assert_eq!(times(&db, &acme, "event_rules.changed").await, 1);
        assert_eq!(raised(&acme, "event_rules.changed").await, 1);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(stored_intake::find(&mut view).await.unwrap().redaction.text(), "secret /pin\n");
        drop(view);
        let again = NewRules { rules: "secret /pin".into(), detectors: vec!["card".into()] };
        let permit = acme.owner().permit::<SetIntake>().await;
        intake::set_rules(&db.store, &permit, again.clone()).await.unwrap();
        assert!(matches!(intake::set_rules(&db.store, &permit, again).await, Err(Error::Conflict(_))));
        let wrong = NewRules { rules: "hide /x".into(), detectors: vec!["horoscope".into()] };
        let Err(Error::Invalid(fields)) = intake::set_rules(&db.store, &permit, wrong).await else { panic!() };
        assert_eq!(fields.iter().map(|field| field.field).collect::<Vec<_>>(), ["rules", "detectors"]);
        verified(&db).await;
    }

    async fn event_that_does_not_fit_its_schema_is_refused_by_place(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<SetIntake>().await;
        let schema = r#"{"required":["actor"],"properties":{"after":{"properties":{"state":{"enum":["draft","approved"]}},"additionalProperties":false}}}"#;
        let new = |action: &str, schema: &str| NewSchema { action: action.into(), schema: schema.into() };
        let made = intake::register_schema(&db.store, &permit, new("app.plan.changed", schema)).await.unwrap();
        assert!(matches!(intake::register_schema(&db.store, &permit, new("app.plan.changed", "{}")).await, Err(Error::Conflict(_))));
        assert!(matches!(intake::register_schema(&db.store, &permit, new("app.plan.x", r#"{"$ref":"https://example.com/"}"#)).await, Err(Error::Invalid(_))));
        let misfits = faults(send(&acme, &event("a", json!({"after": {"state": "hunter2"}})), ALL).await);
        assert_eq!(misfits.iter().map(|one| one.0.as_str()).collect::<Vec<_>>().len(), 2, "{misfits:?}");
        assert!(misfits.iter().any(|one| one.0 == "/after/state") && misfits.iter().all(|one| !one.1.contains("hunter2")), "{misfits:?}");
        stored(&acme, &event("b", json!({"actor": {"id": "u"}, "after": {"state": "draft"}}))).await;
        stored(&acme, &event("c", json!({"action": "app.plan.seen"}))).await;
        intake::change_schema(&db.store, &permit, made.id, "{}".into()).await.unwrap();
        stored(&acme, &event("a", json!({"after": {"state": "other"}}))).await;
        intake::remove_schema(&db.store, &permit, made.id).await.unwrap();
        for action in ["event_schema.registered", "event_schema.changed", "event_schema.removed"] {
            assert_eq!(times(&db, &acme, action).await, 1, "{action}");
        }
        let mut stranger = db.store.read(&db.tenant("other").await.job()).await.unwrap();
        assert!(stored_intake::schema(&mut stranger, made.id).await.is_err());
        drop(stranger);
        verified(&db).await;
    }

    async fn event_that_is_tried_is_stored_nowhere(db: Db) {
        let acme = db.tenant("acme").await;
        set(&acme, "secret /**/pin\ndrop /debug\npersonal /contact").await;
        let permit = acme.owner().permit::<SetIntake>().await;
        let before = times(&db, &acme, "app.plan.changed").await;
        let tried = intake::attempt(&db.store, &permit, &secretive("a").to_string()).await.unwrap();
        assert!(tried.faults.is_empty() && tried.notes.len() >= 6, "{tried:?}");
        assert_eq!(tried.reason.as_deref(), Some("[e-mail address] asked with [card number]"));
        for secret in SECRETS {
            assert!(!format!("{tried:?}").contains(secret), "{secret}");
        }
        assert_eq!(times(&db, &acme, "app.plan.changed").await, before);
        let wrong = intake::attempt(&db.store, &permit, r#"{"key":"a","key":"b"}"#).await.unwrap();
        assert_eq!(wrong.faults[0].pointer, "/key");
        assert!(matches!(intake::attempt(&db.store, &permit, "[]").await, Err(Error::Invalid(_))));
    }
}
