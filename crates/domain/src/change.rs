//! The difference between two images of an entity, in a form that can be applied in both directions.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What happened at one path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The path did not exist before.
    Add,
    /// The path had another value before.
    Replace,
    /// The path no longer exists.
    Remove,
}

/// One changed path with its value before and after; applying it backwards restores the old image.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// JSON Pointer (RFC 6901) into the entity's image.
    pub path: String,
    /// What happened there.
    pub op: Op,
    /// The value before; `null` for [`Op::Add`].
    pub before: Value,
    /// The value after; `null` for [`Op::Remove`].
    pub after: Value,
}

impl Change {
    /// The first member of the path: the field of the entity that changed.
    pub fn field(&self) -> &str {
        self.path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }
}

/// Every path in which two images differ, in path order. Objects are compared member by member, arrays as a whole.
///
/// A missing image counts as an empty object, so creation is all additions and deletion all removals.
pub fn difference(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    let empty = Map::new();
    let object = |image: Option<&'_ Value>| image.and_then(Value::as_object).cloned();
    compare(
        &object(before).unwrap_or_else(|| empty.clone()),
        &object(after).unwrap_or(empty),
        "",
        &mut changes,
    );
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn compare(before: &Map<String, Value>, after: &Map<String, Value>, prefix: &str, changes: &mut Vec<Change>) {
    for (key, old) in before {
        let path = || format!("{prefix}/{}", escape(key));
        match (old, after.get(key)) {
            (Value::Object(old), Some(Value::Object(new))) => compare(old, new, &path(), changes),
            (old, Some(new)) if old == new => {}
            (old, Some(new)) => changes.push(Change {
                path: path(),
                op: Op::Replace,
                before: old.clone(),
                after: new.clone(),
            }),
            (old, None) => {
                changes.push(Change { path: path(), op: Op::Remove, before: old.clone(), after: Value::Null })
            }
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        changes.push(Change {
            path: format!("{prefix}/{}", escape(key)),
            op: Op::Add,
            before: Value::Null,
            after: new.clone(),
        });
    }
}

/// Which way a difference is applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the image before to the image after.
    Forward,
    /// From the image after back to the image before.
    Backward,
}

/// A difference did not fit the image it was applied to; names the path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the difference does not fit at {0}")]
pub struct DoesNotFit(pub String);

/// Applies `changes` to `image`, checking at each path that the value found is the one the difference starts from.
pub fn apply(image: &mut Value, changes: &[Change], direction: Direction) -> Result<(), DoesNotFit> {
    for change in changes {
        let misfit = || DoesNotFit(change.path.clone());
        let (op, from, to) = match (direction, change.op) {
            (Direction::Forward, op) => (op, &change.before, &change.after),
            (Direction::Backward, Op::Add) => (Op::Remove, &change.after, &change.before),
            (Direction::Backward, Op::Remove) => (Op::Add, &change.after, &change.before),
            (Direction::Backward, Op::Replace) => (Op::Replace, &change.after, &change.before),
        };
        let (parent, key) = change.path.rsplit_once('/').ok_or_else(misfit)?;
        let object = image.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(misfit)?;
        let key = unescape(key);
        let found = object.get(&key);
        match op {
            Op::Add if found.is_none() => object.insert(key, to.clone()),
            Op::Replace if found == Some(from) => object.insert(key, to.clone()),
            Op::Remove if found == Some(from) => object.remove(&key),
            _ => return Err(misfit()),
        };
    }
    Ok(())
}

/// A member's name as a part of a path (RFC 6901 §3).
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The member's name that a part of a path stands for.
pub fn unescape(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn image() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-c~/]{0,3}".prop_map(Value::from)
        ];
        let value = leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map("[a-c~/]{1,2}", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        });
        prop::collection::hash_map("[a-c~/]{1,2}", value, 0..5)
            .prop_map(|m| Value::Object(m.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn a_difference_goes_both_ways(before in image(), after in image()) {
            let changes = difference(Some(&before), Some(&after));
            let mut there = before.clone();
            apply(&mut there, &changes, Direction::Forward)?;
            prop_assert_eq!(&there, &after);
            apply(&mut there, &changes, Direction::Backward)?;
            prop_assert_eq!(&there, &before);
        }

        #[test]
        fn equal_images_have_no_difference(image in image()) {
            prop_assert!(difference(Some(&image), Some(&image)).is_empty());
        }
    }

    #[test]
    fn creation_is_all_additions_and_deletion_all_removals() {
        let image = json!({"name": "Acme", "limits": {"users": 5}});
        assert!(difference(None, Some(&image)).iter().all(|c| c.op == Op::Add));
        assert!(difference(Some(&image), None).iter().all(|c| c.op == Op::Remove && c.after.is_null()));
    }

    #[test]
    fn a_difference_is_refused_by_another_image() {
        let changes = difference(Some(&json!({"role": "auditor"})), Some(&json!({"role": "developer"})));
        let mut other = json!({"role": "tenant_owner"});
        assert_eq!(apply(&mut other, &changes, Direction::Forward), Err(DoesNotFit("/role".into())));
    }
}
