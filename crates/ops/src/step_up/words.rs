//! A difference in words.

use bailiwick_domain::{
    change::{Change, Op, escape, unescape},
    time::Timestamp,
    zone::Zone,
};
use bailiwick_store::step_up::PlannedEvent;
use serde_json::Value;

/// Characters of a value that are shown at most.
const LONGEST: usize = 60;

/// One line for each value that changes, with times as clocks in `zone` show them.
pub(super) fn difference(events: &[PlannedEvent], zone: &Zone) -> Vec<String> {
    let lines = events.iter().flat_map(|event| {
        // Several of a kind are told apart by the end of their ids, which are their random halves.
        let several = events.iter().filter(|other| other.entity_type == event.entity_type).count() > 1;
        let id = event.entity_id.simple().to_string();
        let which = if several { format!(" …{}", id.get(24..).unwrap_or_default()) } else { String::new() };
        let thing = format!("{}{which}", thing(event.entity_type));
        event.changes.iter().flat_map(move |change| lines(event.entity_type, &thing, change, zone))
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
        "audit_hold" => "Legal hold".to_owned(),
        "tenant_key" => "Encryption key".to_owned(),
        "audit_retention" => "Retention".to_owned(),
        "audit_stream" => "Stream of the audit log".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut letters = words.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        }
    }
}

/// The lines of one path: what comes or goes as a whole is said member by member.
fn lines(kind: &str, thing: &str, change: &Change, zone: &Zone) -> Vec<String> {
    let whole = match change.op {
        Op::Add => Some(&change.after),
        Op::Remove => Some(&change.before),
        Op::Replace => None,
    };
    let members = whole.and_then(Value::as_object);
    let Some(members) = members.filter(|members| !members.is_empty() && !members.contains_key("redacted"))
    else {
        return vec![line(kind, thing, change, zone)];
    };
    let of = |(name, value): (&String, &Value)| lines(kind, thing, &member(change, name, value), zone);
    members.iter().flat_map(of).collect()
}

/// What comes or goes of a member, where the whole does.
fn member(whole: &Change, name: &str, value: &Value) -> Change {
    let (before, after) = match whole.op {
        Op::Remove => (value.clone(), Value::Null),
        Op::Add | Op::Replace => (Value::Null, value.clone()),
    };
    Change { path: format!("{}/{}", whole.path, escape(name)), op: whole.op, before, after }
}

fn line(kind: &str, thing: &str, change: &Change, zone: &Zone) -> String {
    let value = |value: &Value| shown(value, zone);
    let parts: Vec<String> = change.path.split('/').skip(1).map(unescape).collect();
    if let ("audit_retention", [field, class]) = (kind, parts.as_slice())
        && field == "days"
    {
        return format!("{thing}: {}", kept(class, change));
    }
    let path = parts.join(" ").replace('_', " ");
    match change.op {
        Op::Add if change.after.is_boolean() => {
            let not = if change.after == Value::Bool(true) { "" } else { "not " };
            format!("{thing}: {not}{path}")
        }
        Op::Replace => format!("{thing}: {path} from {} to {}", value(&change.before), value(&change.after)),
        Op::Add => format!("{thing}: {path} becomes {}", value(&change.after)),
        Op::Remove => format!("{thing}: {path} {} goes", value(&change.before)),
    }
}

/// How long records of a class stay.
fn kept(class: &str, change: &Change) -> String {
    let time =
        |days: &Value| days.as_i64().map_or_else(|| "for good".to_owned(), |days| format!("for {days} days"));
    format!("records of “{class}” stay {} instead of {}", time(&change.after), time(&change.before))
}

fn shown(value: &Value, zone: &Zone) -> String {
    match value {
        Value::Null => return "nothing".to_owned(),
        Value::Array(list) if list.is_empty() => return "nothing".to_owned(),
        Value::Object(members) if members.is_empty() => return "nothing".to_owned(),
        Value::Object(members) if members.contains_key("redacted") => return "a secret".to_owned(),
        _ => {}
    }
    let text = said(value, zone);
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("“{short}…”") } else { format!("“{short}”") }
}

/// A value without quotes around it.
fn said(value: &Value, zone: &Zone) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => moment(text, zone).unwrap_or_else(|| text.clone()),
        Value::Array(list) => list.iter().map(|value| said(value, zone)).collect::<Vec<_>>().join(", "),
        Value::Object(members) if members.contains_key("redacted") => "a secret".to_owned(),
        Value::Object(members) => {
            let each = members.iter();
            let each = each.map(|(name, value)| format!("{}: {}", name.replace('_', " "), said(value, zone)));
            each.collect::<Vec<_>>().join(", ")
        }
    }
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
    fn person_reads_words_where_the_log_holds_json() {
        let at = |path: &str, op, before, after| Change { path: path.into(), ..change(op, before, after) };
        let none = || Value::Null;
        let hold = event(
            "audit_hold",
            1,
            vec![
                at("/lifted", Op::Add, none(), json!(false)),
                at("/lifted", Op::Replace, json!(false), json!(true)),
            ],
        );
        assert_eq!(difference(&[hold]), ["Legal hold: not lifted", "Legal hold: lifted from “no” to “yes”"]);
        let retention = event(
            "audit_retention",
            2,
            vec![
                at("/days", Op::Add, none(), json!({"app.my_plan": 400, "session": 90})),
                at("/days/session", Op::Replace, json!(90), json!(180)),
                at("/days/session", Op::Remove, json!(180), none()),
                at("/days", Op::Add, none(), json!({})),
            ],
        );
        assert_eq!(
            difference(&[retention]),
            [
                "Retention: records of “app.my_plan” stay for 400 days instead of for good",
                "Retention: records of “session” stay for 90 days instead of for good",
                "Retention: records of “session” stay for 180 days instead of for 90 days",
                "Retention: records of “session” stay for good instead of for 180 days",
                "Retention: days becomes nothing",
            ]
        );
        let others = event(
            "audit_stream",
            3,
            vec![
                at("/filter", Op::Remove, json!({"a/b_c": ["x", "y"], "key": {"redacted": true}}), none()),
                at("/place", Op::Replace, none(), json!({"first_port": 1, "tls": true})),
            ],
        );
        assert_eq!(
            difference(&[others]),
            [
                "Stream of the audit log: filter a/b c “x, y” goes",
                "Stream of the audit log: filter key a secret goes",
                "Stream of the audit log: place from nothing to “first port: 1, tls: yes”",
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
