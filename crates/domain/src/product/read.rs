//! From JSON to an event, or to everything that is wrong with it.

use std::net::IpAddr;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    AHEAD, BEHIND, Context, Named, Outcome, ProductEvent, images::Images, is_action, is_id, is_kind,
};
use crate::{
    json::{Fault, escaped},
    time::Timestamp,
    visible::is_line,
};

const ACTION: &str = "This is an action such as app.plan.approved: app and at least two words of a-z, 0-9 and _, at most 64 characters.";
const KIND: &str =
    "This is a kind of thing such as app.plan: app and words of a-z, 0-9 and _, at most 64 characters.";
const ID: &str = "This has 1 to 128 printable ASCII characters without spaces, quotes and backslashes.";
const AGENTS: [&str; 5] = ["browser", "api", "cli", "job", "unknown"];

/// Reads an event.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read(value: &Value, context: &Context) -> Result<ProductEvent, Vec<Fault>> {
    let Value::Object(members) = value else { return Err(vec![Fault::new("", "An event is an object.")]) };
    let mut event = Members { at: "", members, faults: Vec::new() };
    event.only(&[
        "key",
        "action",
        "entity",
        "actor",
        "occurred_at",
        "outcome",
        "reason",
        "request",
        "source",
        "subject",
        "tenant",
        "before",
        "after",
        "patch",
        "old",
    ]);
    let key = event.required("key", ID, |text| is_id(text).then(|| text.to_owned()));
    let action = event.required("action", ACTION, |text| is_action(text).then(|| text.to_owned()));
    if matches!(members.get("entity"), None | Some(Value::Null)) {
        event.fault("entity", "This field is required.");
    }
    let entity = event.named("entity");
    let actor = event.object("actor", |actor| {
        actor.only(&["id"]);
        actor.required("id", ID, |text| is_id(text).then(|| text.to_owned()))
    });
    let occurred_at = event.optional(
        "occurred_at",
        "This is an instant in UTC such as 2026-11-02T03:04:05.000006Z.",
        |text| Timestamp::parse(text).ok().filter(|_| text.contains('T')),
    );
    if let Some(at) = occurred_at {
        if at > context.now + AHEAD {
            event.fault("occurred_at", "This lies more than five minutes in the future.");
        } else if at < context.now - BEHIND {
            event.fault("occurred_at", "This lies more than 366 days in the past.");
        }
    }
    let outcome =
        event.optional("outcome", "This is one of ok, denied and failed.", |text| text.parse().ok());
    let reason = event.optional("reason", "This has 1 to 500 visible characters on one line.", |text| {
        ((1..=500).contains(&text.chars().count()) && is_line(text)).then(|| text.to_owned())
    });
    let request = event.optional("request", "This is a UUID.", uuid);
    let source = event.object("source", |source| {
        source.only(&["ip", "agent"]);
        let ip = source.optional("ip", "This is an IP address.", |text| text.parse::<IpAddr>().ok());
        let agent = source.optional("agent", "This is one of browser, api, cli, job and unknown.", |text| {
            AGENTS.into_iter().find(|agent| *agent == text)
        });
        Some((ip, agent))
    });
    let subject = event.named("subject");
    // Said by whoever sends to several organisations, so that an event of one never lies in another's log.
    let tenant = event.optional("tenant", "This is the id of an organisation.", uuid);
    if tenant.is_some_and(|tenant| tenant != context.tenant.uuid()) {
        event.fault("tenant", "The credential is not of this organisation.");
    }
    let images = Images {
        before: members.get("before"),
        after: members.get("after"),
        patch: members.get("patch"),
        old: members.get("old"),
    };
    let mut faults = event.faults;
    let changes = images.changes(&mut faults);
    match (key, action, entity) {
        (Some(key), Some(action), Some(entity)) if faults.is_empty() => Ok(ProductEvent {
            key,
            action,
            entity,
            actor,
            occurred_at: occurred_at.unwrap_or(context.now),
            outcome: outcome.unwrap_or(Outcome::Ok),
            reason,
            request,
            ip: source.and_then(|(ip, _)| ip),
            agent: source.and_then(|(_, agent)| agent),
            subject,
            changes,
        }),
        _ => Err(faults),
    }
}

/// A UUID in its hyphenated form.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|_| text.len() == 36)
}

/// The members of an object, and what is wrong with them.
struct Members<'v> {
    /// The pointer to the object.
    at: &'v str,
    members: &'v Map<String, Value>,
    faults: Vec<Fault>,
}

impl<'v> Members<'v> {
    fn fault(&mut self, name: &str, text: &'static str) {
        self.faults.push(Fault::new(format!("{}/{}", self.at, escaped(name)), text));
    }

    /// Every other member is unknown.
    fn only(&mut self, known: &[&str]) {
        let members = self.members;
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            self.fault(name, "This field is not known.");
        }
    }

    /// A text that must be there.
    fn required<T>(
        &mut self,
        name: &str,
        what: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        match self.members.get(name) {
            None => {
                self.fault(name, "This field is required.");
                None
            }
            Some(value) => self.read(name, value, what, read),
        }
    }

    /// A text that may be left out, or be null.
    fn optional<T>(
        &mut self,
        name: &str,
        what: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.read(name, value, what, read),
        }
    }

    fn read<T>(
        &mut self,
        name: &str,
        value: &Value,
        what: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let read = value.as_str().and_then(read);
        if read.is_none() {
            self.fault(name, what);
        }
        read
    }

    /// An object that may be left out, or be null.
    fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Members<'_>) -> Option<T>) -> Option<T> {
        match self.members.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::Object(members)) => {
                let at = format!("{}/{name}", self.at);
                let mut inner = Members { at: &at, members, faults: Vec::new() };
                let read = read(&mut inner);
                let faults = inner.faults;
                self.faults.extend(faults);
                read
            }
            Some(_) => {
                self.fault(name, "This is an object.");
                None
            }
        }
    }

    /// A thing or person of the product.
    fn named(&mut self, name: &str) -> Option<Named> {
        self.object(name, |inner| {
            inner.only(&["type", "id"]);
            let kind = inner.required("type", KIND, |text| is_kind(text).then(|| text.to_owned()));
            let id = inner.required("id", ID, |text| is_id(text).then(|| text.to_owned()));
            Some(Named { kind: kind?, id: id? })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::{change::Op, ids::TenantId, time::Span};

    fn context() -> Context {
        let tenant = TenantId::from_bytes([7; 16]);
        Context { tenant, now: Timestamp::parse("2026-11-02T03:04:05Z").unwrap() }
    }

    fn event(more: Value) -> Value {
        let mut event = json!({"key": "k1", "action": "app.plan.approved", "entity": {"type": "app.plan", "id": "PL-42"}});
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    }

    fn pointers(more: Value) -> Vec<String> {
        read(&event(more), &context()).unwrap_err().into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn product_sends_little_or_much() {
        let least = read(&event(json!({})), &context()).unwrap();
        assert_eq!((least.occurred_at, least.outcome, least.actor), (context().now, Outcome::Ok, None));
        assert!(least.changes.is_empty());
        let most = read(
            &event(json!({
                "actor": {"id": "u-17"}, "occurred_at": "2026-11-02T03:04:04.5Z", "outcome": "denied", "reason": "Not yet.",
                "request": "0193a7c2-7b1e-7000-8000-000000000001", "source": {"ip": "203.0.113.7", "agent": "browser"},
                "subject": {"type": "app.participant", "id": "PT-1"}, "tenant": context().tenant.to_string(),
                "before": {"state": "draft"}, "after": {"state": "approved"}
            })),
            &context(),
        )
        .unwrap();
        assert_eq!(most.actor.as_deref(), Some("u-17"));
        assert_eq!((most.changes[0].path.as_str(), most.changes[0].op), ("/state", Op::Replace));
        assert_eq!(most.subject.unwrap().id, "PT-1");
        assert!(most.ip.is_some() && most.agent == Some("browser") && most.request.is_some());
    }

    #[test]
    fn each_thing_that_is_wrong_is_named_by_its_place() {
        let later = (context().now + Span::minutes(6)).to_string();
        let earlier = (context().now - Span::days(367)).to_string();
        for (more, pointer) in [
            (json!({"key": ""}), "/key"),
            (json!({"key": 7}), "/key"),
            (json!({"action": "user.deleted"}), "/action"),
            (json!({"entity": {"type": "user", "id": "1"}}), "/entity/type"),
            (json!({"entity": {"type": "app.plan", "id": "a b"}}), "/entity/id"),
            (json!({"entity": {"type": "app.plan", "id": "1", "revision": 3}}), "/entity/revision"),
            (json!({"entity": null}), "/entity"),
            (json!({"actor": "u-17"}), "/actor"),
            (json!({"actor": {}}), "/actor/id"),
            (json!({"occurred_at": "yesterday"}), "/occurred_at"),
            (json!({"occurred_at": "2026-11-02"}), "/occurred_at"),
            (json!({"occurred_at": later}), "/occurred_at"),
            (json!({"occurred_at": earlier}), "/occurred_at"),
            (json!({"outcome": "OK"}), "/outcome"),
            (json!({"reason": ""}), "/reason"),
            (json!({"reason": "Paid \u{202e}54321."}), "/reason"),
            (json!({"reason": "Not\u{200b} yet."}), "/reason"),
            (json!({"actor": {"id": "u\u{202e}17"}}), "/actor/id"),
            (json!({"request": "r1"}), "/request"),
            (json!({"source": {"ip": "here"}}), "/source/ip"),
            (json!({"source": {"agent": "curl"}}), "/source/agent"),
            (json!({"tenant": "0193a7c2-7b1e-7000-8000-000000000001"}), "/tenant"),
            (json!({"colour": 1}), "/colour"),
            (json!({"a/b~c": 1}), "/a~1b~0c"),
            (json!({"before": []}), "/before"),
            (json!({"after": "x"}), "/after"),
            (json!({"old": {}}), "/old"),
            (json!({"patch": [], "after": {}}), "/patch"),
            (json!({"patch": {}}), "/patch"),
            (json!({"patch": [{"op": "remove", "path": "/a"}]}), "/patch/0/path"),
            (json!({"after": {"a": {"commit": "00"}}}), "/after/a"),
            (json!({"after": {"a": [{"redacted": true}]}}), "/after/a/0"),
        ] {
            assert_eq!(pointers(more.clone()), [pointer], "{more}");
        }
        assert_eq!(pointers(json!({"key": "", "action": "", "colour": 1})), ["/colour", "/key", "/action"]);
        assert_eq!(read(&json!([]), &context()).unwrap_err()[0].pointer, "");
    }
}
