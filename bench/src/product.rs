//! Events as a product sends them: plans, claims and shifts of a provider of care, with what they were before and after.

use bailiwick_domain::clock::Clock;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::{
    Result,
    clock::SystemClock,
    events::{ACTORS, DENIED, ENTITIES, Numbers, OF_REQUEST, SOURCES, WORDS, id},
};

const KINDS: [(&str, &[&str]); 6] = [
    ("app.plan", &["app.plan.drafted", "app.plan.approved", "app.plan.amended", "app.plan.closed"]),
    ("app.claim", &["app.claim.lodged", "app.claim.paid", "app.claim.rejected"]),
    ("app.shift", &["app.shift.rostered", "app.shift.swapped", "app.shift.completed"]),
    ("app.invoice", &["app.invoice.raised", "app.invoice.settled"]),
    ("app.participant", &["app.participant.changed"]),
    ("app.document", &["app.document.shared", "app.document.withdrawn"]),
];
const STATES: [&str; 6] = ["draft", "submitted", "approved", "active", "suspended", "closed"];

/// A product and what it has sent.
pub(crate) struct Product {
    /// What the keys of its events begin with: no two over one log may be the same.
    name: String,
    numbers: Numbers,
    sent: u64,
}

impl Product {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), numbers: Numbers(11), sent: 0 }
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Result<Value> {
        let (kind, actions) = self.numbers.one_of(&KINDS)?;
        let action = self.numbers.one_of(actions)?;
        let thing = format!("{:06}", self.numbers.skewed(ENTITIES));
        let before = self.image(self.sent)?;
        let after = self.image(self.sent + 1)?;
        let outcome = if self.numbers.below(DENIED) == 0 { "denied" } else { "ok" };
        Ok(self.said((kind, &thing), action, outcome, [before, after]))
    }

    /// The next event, about this thing, of which it is the `revision`-th: it begins where the one before has ended.
    pub(crate) fn of(&mut self, (kind, thing): (&str, &str), revision: u64) -> Result<Value> {
        let image = |revision: u64| -> Result<Value> {
            let mut numbers = Numbers(revision);
            let (state, note) = (numbers.one_of(&STATES)?, numbers.one_of(&WORDS)?);
            Ok(json!({
                "state": state, "note": note, "review_in_days": 90, "budget_cents": 100_000 + revision * 25,
                "manager": format!("u-{}", revision / 100)
            }))
        };
        let before = if revision == 0 { Value::Null } else { image(revision - 1)? };
        let after = image(revision)?;
        Ok(self.said((kind, thing), "app.plan.amended", "ok", [before, after]))
    }

    /// The next event in a body of its own.
    pub(crate) fn single(&mut self) -> Result<Bytes> {
        Ok(self.event()?.to_string().into())
    }

    /// So many events in one body.
    pub(crate) fn batch(&mut self, events: usize) -> Result<Bytes> {
        let events = (0..events).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
        Ok(Value::Array(events).to_string().into())
    }

    fn image(&mut self, number: u64) -> Result<Value> {
        let (state, note) = (self.numbers.one_of(&STATES)?, self.numbers.one_of(&WORDS)?);
        Ok(json!({
            "state": state, "note": note, "review_in_days": 90, "budget_cents": 100_000 + number % 7,
            "manager": format!("u-{}", number / 2)
        }))
    }

    fn said(
        &mut self,
        (kind, thing): (&str, &str),
        action: &str,
        outcome: &str,
        [before, after]: [Value; 2],
    ) -> Value {
        let number = self.sent;
        self.sent += 1;
        // What one request does lies together.
        let mut shared = Numbers(number / OF_REQUEST);
        let (actor, source) = (shared.skewed(ACTORS), shared.skewed(SOURCES));
        json!({
            "key": format!("{}-{number:08}", self.name), "action": action, "outcome": outcome,
            "entity": {"type": kind, "id": thing}, "actor": {"id": format!("u-{actor}")},
            "occurred_at": SystemClock.now().to_string(), "request": id(4, number / OF_REQUEST),
            "source": {"ip": format!("198.18.{}.{}", source / 256, source % 256), "agent": "browser"},
            "before": before, "after": after
        })
    }
}
