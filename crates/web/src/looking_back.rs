//! What pages and API share of looking back: what changed between two states of a thing.

use std::collections::HashMap;

use bailiwick_domain::{
    change::{Change, Op, difference},
    past::Image,
};
use serde_json::Value;

/// What differs between two images. Two commitments to one value are no difference where the value can still be read.
pub(crate) fn changed(before: &Image, after: &Image, personal: &HashMap<String, Value>) -> Vec<Change> {
    let behind = |value: &Value| {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        personal.get(object.get("commit")?.as_str()?)
    };
    // A commitment is an object, whose members `difference` would compare one by one.
    let mut changes = difference(Some(&flat(before.value())), Some(&flat(after.value())));
    for change in &mut changes {
        change.before = restored(&change.before);
        change.after = restored(&change.after);
    }
    changes.retain(|change| match (behind(&change.before), behind(&change.after)) {
        (Some(before), Some(after)) => before != after,
        _ => true,
    });
    changes.extend(replaced_secrets(before, after));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// Secrets that are another record's by now: the images only say that there are some.
fn replaced_secrets(before: &Image, after: &Image) -> Vec<Change> {
    let secret =
        |value: &Value| value.as_object().is_some_and(|o| o.len() == 1 && o.contains_key("redacted"));
    let (Some(old), Some(new)) = (before.fields(), after.fields()) else { return Vec::new() };
    let replaced = old.iter().filter_map(|(field, value)| {
        let other = new.get(field).filter(|other| secret(value) && secret(other))?;
        let moved = before.newest_origin(field) != after.newest_origin(field);
        let path = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
        moved.then(|| Change { path, op: Op::Replace, before: value.clone(), after: other.clone() })
    });
    replaced.collect()
}

/// The mark of what stands for a commitment while images are compared; no text of the log begins so.
const VEIL: &str = "\u{0}commit\u{0}";

/// The image with texts in the place of its commitments.
fn flat(value: &Value) -> Value {
    match value {
        Value::Object(object) if object.len() == 1 && object.get("commit").is_some_and(Value::is_string) => {
            let commitment = object.get("commit").and_then(Value::as_str).unwrap_or_default();
            Value::from(format!("{VEIL}{commitment}"))
        }
        Value::Object(object) => object
            .iter()
            .map(|(name, inner)| (name.clone(), flat(inner)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The commitments again.
fn restored(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(VEIL) {
            Some(commitment) => serde_json::json!({"commit": commitment}),
            None => value.clone(),
        },
        Value::Object(object) => object
            .iter()
            .map(|(name, inner)| (name.clone(), restored(inner)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{ids::EventId, past::ValueOrigin, time::Timestamp};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn image(value: &Value) -> Image {
        let mut image = Image::default();
        let origin =
            ValueOrigin { event: EventId::from(Uuid::nil()), revision: 1, at: Timestamp::from_micros(0) };
        // As a record has it: a commitment is one value.
        let changes = difference(None, Some(value));
        assert!(image.take(&changes, origin, &[]).is_empty());
        image
    }

    #[test]
    fn one_value_under_two_commitments_has_not_changed() {
        let personal = HashMap::from([
            ("aa".to_owned(), json!("Una")),
            ("bb".to_owned(), json!("Una")),
            ("cc".to_owned(), json!("Ina")),
        ]);
        let of = |commitment: &str| image(&json!({"id": "9", "name": {"commit": commitment}}));
        assert_eq!(changed(&of("aa"), &of("bb"), &personal), []);
        let other = changed(&of("aa"), &of("cc"), &personal);
        assert_eq!(other.len(), 1);
        assert_eq!((other[0].path.as_str(), &other[0].after), ("/name", &json!({"commit": "cc"})));
        // Of an erased person nobody can say that it is the same.
        assert_eq!(changed(&of("aa"), &of("dd"), &personal).len(), 1);
    }

    #[test]
    fn what_is_within_a_field_is_compared_there() {
        let of = |level: &str| {
            image(&json!({"floors": {"auditor": {"level": level}, "developer": {"level": "any"}}}))
        };
        let changes = changed(&of("any"), &of("mfa"), &HashMap::new());
        assert_eq!(
            changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(),
            ["/floors/auditor/level"]
        );
    }
}
