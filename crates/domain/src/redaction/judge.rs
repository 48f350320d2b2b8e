//! What becomes of an event's values before anything of them is written.

use serde_json::{Value, json};

use super::{Class, Detector, Redaction, find};
use crate::{
    change::{Change, Op},
    json::{Fault, escaped, tokens},
    product::ProductEvent,
};

/// What was done to one value, for whoever tries the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where it lay, as a JSON pointer into the thing's image; `/reason` beside it is told apart by `found`.
    pub pointer: String,
    /// What became of it.
    pub class: Class,
    /// The detector that found it; nothing where a rule says it.
    pub found: Option<Detector>,
}

/// An event's differences after the rules and the detectors.
///
/// Personal values stand in it in clear, so what it holds comes out only through [`commit`](Self::commit), which asks for
/// something else in the place of each.
#[derive(Debug)]
pub struct Judged {
    changes: Vec<Change>,
    notes: Vec<Note>,
    reason: Option<String>,
}

impl Redaction {
    /// Judges an event.
    ///
    /// # Errors
    /// Places that cannot be redacted: names of members and ids that a detector finds, and personal values of nobody.
    pub fn judge(&self, event: &ProductEvent) -> Result<Judged, Vec<Fault>> {
        let mut judge = Judge {
            redaction: self,
            has_subject: event.subject.is_some(),
            place: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
            dropped: false,
            sealing: false,
        };
        let ids = [
            ("/key", Some(event.key.as_str())),
            ("/entity/id", Some(event.entity.id.as_str())),
            ("/actor/id", event.actor.as_deref()),
            ("/subject/id", event.subject.as_ref().map(|subject| subject.id.as_str())),
        ];
        for (pointer, id) in ids {
            if id.is_some_and(|id| self.found_in(id).is_some()) {
                judge.faults.push(Fault::new(
                    pointer,
                    "This reads like something that is never stored. An id means nothing to anybody else.",
                ));
            }
        }
        let changes = event.changes.iter().filter_map(|change| judge.change(change)).collect();
        let reason = event.reason.as_deref().map(|reason| {
            if let Some(found) = self.found_in(reason) {
                let found = Some(found.detector);
                judge.notes.push(Note { pointer: "/reason".into(), class: Class::Secret, found });
            }
            self.marked(reason)
        });
        if judge.faults.is_empty() {
            Ok(Judged { changes, notes: judge.notes, reason })
        } else {
            Err(judge.faults)
        }
    }
}

impl Judged {
    /// What was done, in the order of the values.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The reason, with marks in the place of what was found in it.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The differences, with what `commit` gives in the place of each personal value.
    ///
    /// # Errors
    /// The first error of `commit`.
    pub fn commit<E>(self, mut commit: impl FnMut(&Value) -> Result<Value, E>) -> Result<Vec<Change>, E> {
        let mut changes = self.changes;
        for change in &mut changes {
            replace(&mut change.before, &mut commit)?;
            replace(&mut change.after, &mut commit)?;
        }
        Ok(changes)
    }
}

/// Replaces what is marked as personal. No product sends the mark: see [`crate::product`].
fn replace<E>(value: &mut Value, commit: &mut impl FnMut(&Value) -> Result<Value, E>) -> Result<(), E> {
    match value {
        Value::Object(members) => {
            if members.len() == 1
                && let Some(personal) = members.get("commit")
            {
                *value = commit(personal)?;
                return Ok(());
            }
            members.values_mut().try_for_each(|member| replace(member, commit))
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(item, commit)),
        _ => Ok(()),
    }
}

struct Judge<'r> {
    redaction: &'r Redaction,
    has_subject: bool,
    place: Vec<String>,
    notes: Vec<Note>,
    faults: Vec<Fault>,
    dropped: bool,
    /// What is looked at goes into one seal as a whole.
    sealing: bool,
}

impl Judge<'_> {
    /// What is left of a change; nothing where nothing is.
    fn change(&mut self, change: &Change) -> Option<Change> {
        self.dropped = false;
        // A difference has pointers for paths.
        let place = tokens(&change.path).unwrap_or_default();
        let mut above = Vec::with_capacity(place.len());
        let mut strongest: Option<Class> = None;
        for name in &place {
            self.name(name, &above);
            above.push(name.clone());
            // A rule about something means all that lies in it.
            if let Some(class) = self.redaction.class_of(&above) {
                strongest = Some(stronger(strongest, class));
            }
        }
        self.place = place;
        if strongest == Some(Class::Drop) {
            self.note(Class::Drop, None);
            return None;
        }
        let before = self.ruled(&change.before, strongest)?;
        let after = self.ruled(&change.after, strongest)?;
        // Only what was left out was different.
        if self.dropped && change.op == Op::Replace && before == after {
            return None;
        }
        Some(Change { path: change.path.clone(), op: change.op, before, after })
    }

    /// A value under what a rule about it, or about what it lies in, says; nothing where it is left out.
    fn ruled(&mut self, value: &Value, above: Option<Class>) -> Option<Value> {
        match above {
            Some(Class::Drop) => {
                self.dropped = true;
                self.note(Class::Drop, None);
                None
            }
            _ if value.is_null() => Some(Value::Null),
            Some(Class::Secret) => {
                self.note(Class::Secret, None);
                Some(secret())
            }
            // It goes along with what it lies in.
            Some(Class::Personal) if self.sealing => self.value(value),
            Some(Class::Personal) if self.has_subject => self.sealed(value),
            Some(Class::Personal) => {
                let place = pointer(&self.place);
                self.faults.push(Fault::new(
                    "/subject",
                    format!("A rule makes {place} personal. Name the person whose value it is."),
                ));
                None
            }
            None => self.value(value),
        }
    }

    /// A value that is sealed as a whole, without what lies in it and is never stored: a seal can be opened.
    fn sealed(&mut self, value: &Value) -> Option<Value> {
        let before = self.notes.len();
        self.sealing = true;
        let kept = self.value(value);
        self.sealing = false;
        let kept = kept.filter(|kept| *kept != secret());
        let Some(kept) = kept else { return Some(secret()) };
        let note = Note { pointer: pointer(&self.place), class: Class::Personal, found: None };
        self.notes.insert(before, note);
        Some(personal(&kept))
    }

    /// A value that no rule is about, with what lies in it.
    fn value(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter_map(|(name, member)| {
                    let above = self.place.clone();
                    self.name(name, &above);
                    self.below(name.clone(), member).map(|member| (name.clone(), member))
                });
                Some(Value::Object(kept.collect()))
            }
            Value::Array(items) => {
                let kept = items.iter().enumerate().filter_map(|(at, item)| self.below(at.to_string(), item));
                Some(Value::Array(kept.collect()))
            }
            Value::String(text) => Some(self.text(text).unwrap_or_else(|| value.clone())),
            // A number of a card is one without quotes, too.
            Value::Number(number) => Some(self.text(&number.to_string()).unwrap_or_else(|| value.clone())),
            Value::Null | Value::Bool(_) => Some(value.clone()),
        }
    }

    fn below(&mut self, name: String, value: &Value) -> Option<Value> {
        self.place.push(name);
        let class = self.redaction.class_of(&self.place);
        let kept = self.ruled(value, class);
        self.place.pop();
        kept
    }

    /// What stands in the place of a text in which something was found.
    fn text(&mut self, text: &str) -> Option<Value> {
        let found = self.found_in(text)?;
        if found == Detector::Email && self.has_subject {
            self.note(Class::Personal, Some(found));
            return Some(personal(&Value::from(text)));
        }
        self.note(Class::Secret, Some(found));
        Some(secret())
    }

    /// The detector that decides about a text: an address beside something else does not make that its person's, and within a
    /// seal it is where it belongs.
    fn found_in(&self, text: &str) -> Option<Detector> {
        let detectors = &self.redaction.detectors;
        let others: Vec<_> = detectors.iter().copied().filter(|one| *one != Detector::Email).collect();
        let address = !self.sealing && detectors.contains(&Detector::Email);
        let found = find(text, &others).or_else(|| find(text, &[Detector::Email]).filter(|_| address));
        found.map(|found| found.detector)
    }

    /// A name stands in the path of the difference or goes into a seal as it is: nothing can be hidden in it.
    fn name(&mut self, name: &str, above: &[String]) {
        if self.found_in(name).is_some() {
            self.faults.push(Fault::new(
                format!("/after{}", pointer(above)),
                "The name of a member in here reads like something that is never stored. Send it as a value.",
            ));
        }
    }

    fn note(&mut self, class: Class, found: Option<Detector>) {
        self.notes.push(Note { pointer: pointer(&self.place), class, found });
    }
}

fn stronger(one: Option<Class>, other: Class) -> Class {
    match (one, other) {
        (Some(Class::Drop), _) | (_, Class::Drop) => Class::Drop,
        (Some(Class::Secret), _) | (_, Class::Secret) => Class::Secret,
        _ => Class::Personal,
    }
}

fn secret() -> Value {
    json!({"redacted": true})
}

fn personal(value: &Value) -> Value {
    json!({"commit": value})
}

fn pointer(place: &[String]) -> String {
    place.iter().map(|name| format!("/{}", escaped(name))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ids::TenantId,
        product::{Context, read},
        time::Timestamp,
    };

    fn event(more: Value) -> ProductEvent {
        let mut event =
            json!({"key": "k", "action": "app.plan.changed", "entity": {"type": "app.plan", "id": "1"}});
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        let now = Timestamp::parse("2026-11-02T03:04:05Z").unwrap();
        read(&event, &Context { tenant: TenantId::from_bytes([7; 16]), now }).unwrap()
    }

    fn judged(rules: &str, more: Value) -> Value {
        let redaction = Redaction { rules: Redaction::rules(rules).unwrap(), ..Redaction::default() };
        let judged = redaction.judge(&event(more)).unwrap();
        let changes = judged.commit(|_| Ok::<_, ()>(json!("sealed"))).unwrap();
        changes.into_iter().map(|change| (change.path, json!([change.before, change.after]))).collect()
    }

    /// What is sealed, in clear.
    fn sealed(rules: &str, more: Value) -> Vec<Value> {
        let redaction = Redaction { rules: Redaction::rules(rules).unwrap(), ..Redaction::default() };
        let mut sealed = Vec::new();
        let keep = |value: &Value| {
            sealed.push(value.clone());
            Ok::<_, ()>(json!("sealed"))
        };
        redaction.judge(&event(more)).unwrap().commit(keep).unwrap();
        sealed
    }

    fn refused(rules: &str, more: Value) -> Vec<String> {
        let redaction = Redaction { rules: Redaction::rules(rules).unwrap(), ..Redaction::default() };
        redaction.judge(&event(more)).unwrap_err().into_iter().map(|fault| fault.pointer).collect()
    }

    const SUBJECT: &str = r#"{"type":"app.participant","id":"PT-1"}"#;

    fn subject() -> Value {
        serde_json::from_str(SUBJECT).unwrap()
    }

    #[test]
    fn rules_hide_seal_and_leave_out_what_lies_at_their_places() {
        let before =
            json!({"card": {"number": "x1", "kind": "debit"}, "debug": 1, "list": [{"pin": 1, "n": 1}]});
        let after =
            json!({"card": {"number": "x2", "kind": "credit"}, "debug": 2, "list": [{"pin": 2, "n": 1}]});
        let images = json!({"before": before, "after": after, "subject": subject()});
        let hidden = json!({"redacted": true});
        assert_eq!(
            judged("secret /card/number\ndrop /debug\npersonal /list/*/pin", images.clone()),
            json!({
                "/card/kind": ["debit", "credit"], "/card/number": [hidden, hidden],
                "/list": [[{"pin": "sealed", "n": 1}], [{"pin": "sealed", "n": 1}]]
            })
        );
        assert_eq!(
            judged("secret /card\ndrop /**/pin\ndrop /debug", images),
            json!({"/card/kind": [hidden, hidden], "/card/number": [hidden, hidden]}),
            "where only what is left out was different, nothing was"
        );
    }

    #[test]
    fn detectors_look_everywhere() {
        let after = json!({
            "a": "4111 1111 1111 1111", "b": {"c": ["see -----BEGIN PRIVATE KEY-----"]}, "d": 4_111_111_111_111_111_i64,
            "e": "ann@example.com", "f": "bw_live_0123456789abcdef0123"
        });
        let hidden = json!({"redacted": true});
        let without = judged("", json!({"after": after}));
        assert_eq!(without["/a"][1], hidden);
        assert_eq!(without["/b"][1], json!({"c": [hidden]}));
        assert_eq!((&without["/d"][1], &without["/e"][1], &without["/f"][1]), (&hidden, &hidden, &hidden));
        let with = judged("", json!({"after": after, "subject": subject()}));
        assert_eq!(with["/e"][1], "sealed", "an address is its person's");
    }

    #[test]
    fn seal_holds_nothing_that_is_never_stored() {
        let hidden = json!({"redacted": true});
        let card = json!({
            "number": "x1", "trace": "x2", "contact": {"email": "ann@example.com"}, "list": ["4111 1111 1111 1111", 7],
            "both": "ann@example.com 4111 1111 1111 1111"
        });
        let more = json!({"after": {"card": card}, "subject": subject()});
        let rules = "personal /card\npersonal /card/contact\nsecret /card/number\ndrop /**/trace";
        assert_eq!(
            sealed(rules, more.clone()),
            [
                json!({"number": hidden, "contact": {"email": "ann@example.com"}, "list": [hidden, 7], "both": hidden})
            ]
        );
        assert_eq!(judged(rules, more)["/card"][1], "sealed");
        // A text of which nothing may be stored is not sealed either.
        let more = json!({"after": {"a": "4111 1111 1111 1111", "b": "ann@example.com 4111 1111 1111 1111"}, "subject": subject()});
        assert_eq!(judged("personal /a", more.clone()), json!({"/a": [null, hidden], "/b": [null, hidden]}));
        assert!(sealed("personal /a", more).is_empty());
        assert_eq!(
            refused("personal /a", json!({"after": {"a": {"4111111111111111": 1}}, "subject": subject()})),
            ["/after/a"],
            "a name in a seal is stored as it is"
        );
    }

    #[test]
    fn what_cannot_be_hidden_is_refused() {
        assert_eq!(refused("", json!({"after": {"4111111111111111": 1}})), ["/after"]);
        assert_eq!(refused("", json!({"after": {"a": {"ann@example.com": 1}}})), ["/after/a"]);
        assert_eq!(refused("", json!({"actor": {"id": "ann@example.com"}})), ["/actor/id"]);
        assert_eq!(refused("", json!({"key": "4111111111111111"})), ["/key"]);
        assert_eq!(refused("personal /name", json!({"after": {"name": "Ann"}})), ["/subject"]);
    }

    #[test]
    fn reason_keeps_its_words_around_the_marks() {
        let judged =
            Redaction::default().judge(&event(json!({"reason": "As ann@example.com asked."}))).unwrap();
        assert_eq!(judged.reason(), Some("As [e-mail address] asked."));
        assert_eq!(judged.notes()[0].pointer, "/reason");
    }

    proptest! {
        /// However deep a secret lies, nothing that comes out holds it.
        #[test]
        fn nothing_hidden_comes_out(way in prop::collection::vec("[a-c]", 1..6), secret in "[m-z]{12}", class in prop::sample::select(vec!["secret", "personal", "drop"]), deep in any::<bool>()) {
            let inner = way.iter().rev().fold(json!(secret), |inner, name| json!({name.as_str(): inner, "list": [1]}));
            let place: String = way.iter().map(|name| format!("/{name}")).collect();
            let rule = if deep { format!("{class} /**/{}", way[way.len() - 1]) } else { format!("{class} {place}") };
            let out = judged(&rule, json!({"before": {"list": [2]}, "after": inner, "subject": subject()}));
            prop_assert!(!out.to_string().contains(&secret), "{rule} {out}");
        }

        /// Whatever is sealed around it, what a rule says is never stored goes into no seal.
        #[test]
        fn nothing_hidden_is_sealed(way in prop::collection::vec("[a-c]", 1..6), above in any::<prop::sample::Index>(), secret in "[m-z]{12}", class in prop::sample::select(vec!["secret", "drop"]), first in any::<bool>()) {
            let inner = way.iter().rev().fold(json!(secret), |inner, name| json!({name.as_str(): inner, "list": [1]}));
            let pointer = |way: &[String]| way.iter().map(|name| format!("/{name}")).collect::<String>();
            let outer = format!("personal {}", pointer(&way[..=above.index(way.len())]));
            let hiding = format!("{class} {}", pointer(&way));
            let rules = if first { format!("{outer}\n{hiding}") } else { format!("{hiding}\n{outer}") };
            let more = json!({"after": inner, "subject": subject()});
            let sealed = sealed(&rules, more.clone());
            prop_assert!(!json!(sealed).to_string().contains(&secret), "{rules} {sealed:?}");
            prop_assert!(!judged(&rules, more).to_string().contains(&secret), "{rules}");
        }
    }
}
