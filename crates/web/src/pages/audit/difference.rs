//! What a record changed, side by side.

use std::collections::HashMap;

use bailiwick_domain::change::{self, Op};
use serde_json::Value;

/// One field that changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: String,
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

/// The changes of a record. `personal` holds the values behind its commitments, as far as they still exist.
pub(super) fn changes(changes: Vec<change::Change>, personal: &HashMap<String, Value>) -> Vec<Change> {
    let shown = |change: change::Change| Change {
        op: match change.op {
            Op::Add => "add",
            Op::Replace => "replace",
            Op::Remove => "remove",
        },
        before: side(&change.before, personal),
        after: side(&change.after, personal),
        path: change.path,
    };
    changes.into_iter().map(shown).collect()
}

fn side(value: &Value, personal: &HashMap<String, Value>) -> DiffValue {
    if let Some(commitment) = commitment(value) {
        return match personal.get(commitment) {
            Some(value) => DiffValue { kind: "personal", text: plain(value) },
            None => DiffValue { kind: "commit", text: commitment.to_owned() },
        };
    }
    let redacted = value
        .as_object()
        .is_some_and(|object| object.len() == 1 && object.get("redacted") == Some(&Value::Bool(true)));
    match value {
        Value::Null => DiffValue { kind: "none", text: String::new() },
        _ if redacted => DiffValue { kind: "redacted", text: String::new() },
        value => DiffValue { kind: "plain", text: plain(value) },
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
            let shown = side(&value, &personal);
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
}
