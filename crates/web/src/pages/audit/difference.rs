//! What a record changed, side by side.

use std::collections::HashMap;

use bailiwick_domain::{
    change::{self, Op},
    visible,
};
use serde_json::Value;

use super::fields::{Reader, label};
use crate::pages::titles::Titles;

/// One field that changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: String,
    /// What the field is called in plain words.
    pub(super) label: String,
    /// What went and what came, where both sides are lists.
    pub(super) note: Option<String>,
    /// `add`, `replace` or `remove`.
    pub(super) op: &'static str,
    pub(super) before: DiffValue,
    pub(super) after: DiffValue,
}

/// One side of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DiffValue {
    /// `plain`, `none`, `personal` (revealed), `commit` (only the commitment is left) or `redacted`.
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The changes of a record as they are stored. `personal` holds the values behind its commitments, as far as they still exist.
pub(super) fn changes(changes: Vec<change::Change>, personal: &HashMap<String, Value>) -> Vec<Change> {
    shown(changes, &Titles::default(), |_, value| side(value, personal, plain), |_, text| text.to_owned())
}

/// The same with values in the reader's form.
pub(super) fn in_words(
    changes: Vec<change::Change>,
    personal: &HashMap<String, Value>,
    reader: &Reader<'_>,
) -> Vec<Change> {
    let value = |path: &str, value: &Value| value_in_words(path, value, personal, reader);
    shown(changes, reader.titles, value, |field, text| reader.text(field, text))
}

/// One value at a path, in the reader's form.
pub(super) fn value_in_words(
    path: &str,
    value: &Value,
    personal: &HashMap<String, Value>,
    reader: &Reader<'_>,
) -> DiffValue {
    side(value, personal, |value| reader.value(path, value))
}

fn shown(
    changes: Vec<change::Change>,
    titles: &Titles,
    side: impl Fn(&str, &Value) -> DiffValue,
    member: impl Fn(&str, &str) -> String,
) -> Vec<Change> {
    let shown = |change: change::Change| Change {
        op: match change.op {
            Op::Add => "add",
            Op::Replace => "replace",
            Op::Remove => "remove",
        },
        label: told(&label(&change.path, titles)),
        note: moved(&change.before, &change.after, |text| told(&member(last(&change.path), text))),
        before: side(&change.path, &change.before),
        after: side(&change.path, &change.after),
        path: told(&change.path),
    };
    changes.into_iter().map(shown).collect()
}

/// What came into a list and what went, each as `told`, where both sides are lists of texts; nothing where they hold the same.
fn moved(before: &Value, after: &Value, told: impl Fn(&str) -> String) -> Option<String> {
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|member| member.as_str().map(str::to_owned)).collect()
    };
    let (before, after) = (texts(before)?, texts(after)?);
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these.iter().filter(|one| !others.contains(one)).map(|one| told(one)).collect()
    };
    let (gone, come) = (only(&before, &after), only(&after, &before));
    if gone.is_empty() && come.is_empty() {
        return None;
    }
    let of = |these: &[String]| if these.is_empty() { "nothing".to_owned() } else { these.join(", ") };
    Some(format!("Gone: {}. Come: {}.", of(&gone), of(&come)))
}

/// What a product or a person wrote, so that it changes nothing around it.
fn told(text: &str) -> String {
    visible::shown(text).into_owned()
}

/// The innermost field of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn side(value: &Value, personal: &HashMap<String, Value>, text: impl Fn(&Value) -> String) -> DiffValue {
    if let Some(commitment) = commitment(value) {
        return match personal.get(commitment) {
            Some(value) => DiffValue { kind: "personal", text: told(&text(value)) },
            None => DiffValue { kind: "commit", text: told(commitment) },
        };
    }
    let redacted = value
        .as_object()
        .is_some_and(|object| object.len() == 1 && object.get("redacted") == Some(&Value::Bool(true)));
    match value {
        Value::Null => DiffValue { kind: "none", text: String::new() },
        _ if redacted => DiffValue { kind: "redacted", text: String::new() },
        value => DiffValue { kind: "plain", text: told(&text(value)) },
    }
}

/// The commitment, if a value is one: `{"commit": "<64 hexadecimal digits>"}`.
pub(super) fn commitment(value: &Value) -> Option<&str> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get("commit")?.as_str()
}

/// A value as people read it: text without quotes, everything else as indented JSON.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn auditor_sees_personal_values_that_exist_and_commitments_of_those_that_do_not() {
        let personal = HashMap::from([("aa".to_owned(), json!("ann@example.com"))]);
        let of = |value: Value| {
            let shown = side(&value, &personal, plain);
            (shown.kind, shown.text)
        };
        assert_eq!(of(json!({"commit": "aa"})), ("personal", "ann@example.com".to_owned()));
        assert_eq!(of(json!({"commit": "bb"})), ("commit", "bb".to_owned()));
        assert_eq!(of(json!({"redacted": true})), ("redacted", String::new()));
        assert_eq!(of(Value::Null), ("none", String::new()));
        assert_eq!(of(json!("auditor")), ("plain", "auditor".to_owned()));
        assert_eq!(of(json!(["a", "b"])).1, "[\n  \"a\",\n  \"b\"\n]");
        assert_eq!(
            of(json!({"commit": "aa", "x": 1})).0,
            "plain",
            "only a commitment alone stands for a value"
        );
    }

    #[test]
    fn value_that_would_turn_what_is_around_it_is_shown_with_the_names_of_what_nobody_sees() {
        let personal = HashMap::from([("aa".to_owned(), json!("a\u{200b}b"))]);
        let change = change::Change {
            path: "/no\u{202e}te".into(),
            op: Op::Replace,
            before: json!({"commit": "aa"}),
            after: json!("paid \u{202e}54321"),
        };
        let shown = changes(vec![change], &personal).remove(0);
        assert_eq!((shown.path.as_str(), shown.after.text.as_str()), ("/no[U+202E]te", "paid [U+202E]54321"));
        assert!(!shown.label.contains('\u{202e}'));
        assert_eq!(shown.before.text, "a[U+200B]b");
    }

    #[test]
    fn responder_sees_at_once_what_went_from_a_list_and_what_came() {
        let moved = |before: &Value, after: &Value| moved(before, after, str::to_uppercase);
        let before = json!(["a", "b", "c", "d"]);
        assert_eq!(moved(&before, &json!(["a", "c", "d", "e"])).unwrap(), "Gone: B. Come: E.");
        assert_eq!(moved(&before, &json!(["a", "b", "c", "d", "e"])).unwrap(), "Gone: nothing. Come: E.");
        assert_eq!(moved(&json!(["a"]), &json!(["a", "b"])).unwrap(), "Gone: nothing. Come: B.");
        assert_eq!(moved(&json!(["a", "b"]), &json!(["b", "a"])), None);
        assert_eq!(moved(&Value::Null, &before), None);
    }
}
