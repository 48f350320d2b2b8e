//! A difference in words.

use bailiwick_domain::change::{Change, Op};
use bailiwick_store::step_up::PlannedEvent;
use serde_json::Value;

/// Characters of a value that are shown at most.
const LONGEST: usize = 60;

/// One line for each path that changes.
pub(super) fn difference(events: &[PlannedEvent]) -> Vec<String> {
    let lines = events.iter().flat_map(|event| {
        // Several of a kind are told apart by the end of their ids, which are their random halves.
        let several = events.iter().filter(|other| other.entity_type == event.entity_type).count() > 1;
        let id = event.entity_id.simple().to_string();
        let which = if several { format!(" …{}", id.get(24..).unwrap_or_default()) } else { String::new() };
        let thing = format!("{}{which}", thing(event.entity_type));
        event.changes.iter().map(move |change| line(&thing, change))
    });
    lines.collect()
}

/// The first three groups of four digits.
pub(super) fn groups(digest: &[u8; 32]) -> String {
    let pairs = digest.iter().take(6).enumerate();
    pairs.fold(String::new(), |text, (place, byte)| {
        let gap = if place > 0 && place.is_multiple_of(2) { " " } else { "" };
        format!("{text}{gap}{byte:02x}")
    })
}

fn thing(kind: &str) -> String {
    match kind {
        "tenant" => "Organisation".to_owned(),
        "factor" => "Second factor".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut letters = words.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        }
    }
}

fn line(thing: &str, change: &Change) -> String {
    let path = change.path.trim_start_matches('/').replace(['/', '_'], " ");
    match change.op {
        Op::Replace => format!("{thing}: {path} from {} to {}", value(&change.before), value(&change.after)),
        Op::Add => format!("{thing}: {path} becomes {}", value(&change.after)),
        Op::Remove => format!("{thing}: {path} {} goes", value(&change.before)),
    }
}

fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::Object(map) if map.contains_key("redacted") => return "a secret".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("“{short}…”") } else { format!("“{short}”") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn event(entity_type: &'static str, id: u128, changes: Vec<Change>) -> PlannedEvent {
        PlannedEvent { action: "x.y", entity_type, entity_id: Uuid::from_u128(id), changes }
    }

    fn change(op: Op, before: Value, after: Value) -> Change {
        Change { path: "/last_step".into(), op, before, after }
    }

    #[test]
    fn person_reads_what_would_change() {
        let state =
            Change { path: "/state".into(), ..change(Op::Replace, json!("verified"), json!("removed")) };
        let one = [event("factor", 1, vec![state.clone()])];
        assert_eq!(difference(&one), ["Second factor: state from “verified” to “removed”"]);
        let two = [event("factor", 0xa1, vec![state.clone()]), event("factor", 0xb2, vec![state])];
        assert_eq!(
            difference(&two),
            [
                "Second factor …000000a1: state from “verified” to “removed”",
                "Second factor …000000b2: state from “verified” to “removed”"
            ]
        );
        let others = [
            event("api_key", 1, vec![change(Op::Add, Value::Null, json!({"redacted": true}))]),
            event("tenant", 2, vec![change(Op::Remove, json!("x".repeat(70)), Value::Null)]),
        ];
        assert_eq!(
            difference(&others),
            [
                "Api key: last step becomes a secret".to_owned(),
                format!("Organisation: last step “{}…” goes", "x".repeat(60))
            ]
        );
    }

    #[test]
    fn a_digest_is_read_in_groups() {
        let mut digest = [0; 32];
        digest.iter_mut().zip([0x9f, 0x2c, 0x61, 0xab, 0x07, 0xde]).for_each(|(to, from)| *to = from);
        assert_eq!(groups(&digest), "9f2c 61ab 07de");
    }
}
