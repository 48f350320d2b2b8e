//! A difference in words.

use bailiwick_domain::{
    change::{Change, Op},
    time::Timestamp,
    zone::Zone,
};
use bailiwick_store::step_up::PlannedEvent;
use serde_json::Value;

/// Characters of a value that are shown at most.
const LONGEST: usize = 60;

/// One line for each path that changes, with times as clocks in `zone` show them.
pub(super) fn difference(events: &[PlannedEvent], zone: &Zone) -> Vec<String> {
    let lines = events.iter().flat_map(|event| {
        // Several of a kind are told apart by the end of their ids, which are their random halves.
        let several = events.iter().filter(|other| other.entity_type == event.entity_type).count() > 1;
        let id = event.entity_id.simple().to_string();
        let which = if several { format!(" …{}", id.get(24..).unwrap_or_default()) } else { String::new() };
        let thing = format!("{}{which}", thing(event.entity_type));
        event.changes.iter().map(move |change| line(&thing, change, zone))
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

fn line(thing: &str, change: &Change, zone: &Zone) -> String {
    let value = |value: &Value| shown(value, zone);
    let path = change.path.trim_start_matches('/').replace(['/', '_'], " ");
    match change.op {
        Op::Replace => format!("{thing}: {path} from {} to {}", value(&change.before), value(&change.after)),
        Op::Add => format!("{thing}: {path} becomes {}", value(&change.after)),
        Op::Remove => format!("{thing}: {path} {} goes", value(&change.before)),
    }
}

fn shown(value: &Value, zone: &Zone) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::Object(map) if map.contains_key("redacted") => return "a secret".to_owned(),
        Value::String(text) => moment(text, zone).unwrap_or_else(|| text.clone()),
        other => other.to_string(),
    };
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("“{short}…”") } else { format!("“{short}”") }
}

/// A stored time as people read it; nothing for every other text.
fn moment(text: &str, zone: &Zone) -> Option<String> {
    let at = Timestamp::parse(text).ok().filter(|_| text.contains('T'))?;
    let local = zone.local(at);
    let (civil, name) = (local.civil, local.abbreviation);
    Some(format!(
        "{} {} {}, {:02}:{:02} {name}",
        civil.day,
        civil.month_name(),
        civil.year,
        civil.hour,
        civil.minute
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn difference(events: &[PlannedEvent]) -> Vec<String> {
        super::difference(events, &Zone::UTC)
    }

    #[test]
    fn person_reads_times_as_their_clocks_show_them() {
        let ended = Change {
            path: "/ended_at".into(),
            ..change(Op::Replace, Value::Null, json!("2026-01-02T03:14:05.000000Z"))
        };
        let events = [event("session", 1, vec![ended])];
        let zone = "Australia/Sydney".parse().unwrap();
        assert_eq!(
            super::difference(&events, &zone),
            ["Session: ended at from nothing to “2 January 2026, 14:14 AEDT”"]
        );
        assert_eq!(moment("2026-01-02", &Zone::UTC), None, "somebody may be called anything");
    }

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
