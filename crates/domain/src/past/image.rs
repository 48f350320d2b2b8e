//! What a thing of any kind was: its image, built up from its records, each value with the record that set it.
//!
//! Rights have their own reading of the past ([`Person`](super::Person)), which understands what it reads. Here nothing is
//! understood: whatever the records say of a thing is what it was, and records that contradict each other are named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    change::{Change, Op},
    ids::EventId,
    time::Timestamp,
};

/// A record, as far as it says what a thing became. Ids of the guarded product are any text.
#[derive(Clone, Debug, Deserialize)]
pub struct Revised {
    /// The record's id.
    pub id: EventId,
    /// What it changed.
    pub changes: Vec<Change>,
    /// What it was done to.
    pub entity: Named,
    /// `ok`, `denied` or `failed`.
    pub outcome: String,
    /// The hash of the record before, 64 hexadecimal digits.
    pub prev: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// The thing that a record is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id: a UUID, or what the guarded product calls it.
    pub id: String,
    /// Which revision of it the record made.
    pub revision: i64,
}

impl Revised {
    /// Reads a record; nothing for octets that are none.
    pub fn read(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }
}

/// The record that set a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The record.
    pub event: EventId,
    /// The revision that it made.
    pub revision: i64,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What is wrong with the records of a thing. What comes after the first is not told, but for what the guarded product says of its
/// own things: there a record that starts from another value is named, and counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A record is not there.
    #[error("the record of revision {revision} is missing")]
    Missing {
        /// The revision.
        revision: i64,
    },
    /// The octets of a record are not those that were hashed, or say something else than the list does.
    #[error("the record of revision {revision} was altered")]
    Altered {
        /// The revision.
        revision: i64,
    },
    /// A record names another one before it than the one that is there.
    #[error("the record of revision {revision} does not follow the one before it")]
    Unlinked {
        /// The revision.
        revision: i64,
    },
    /// A record starts from another value than the records before it lead to.
    #[error("the record of revision {revision} starts from another value at {path}")]
    Misfit {
        /// The revision.
        revision: i64,
        /// JSON Pointer (RFC 6901) of the value.
        path: String,
    },
    /// The note of the newest revision does not name the newest record.
    #[error("the note of the newest revision does not belong to the record of revision {revision}")]
    Head {
        /// The newest revision that has a record.
        revision: i64,
    },
    /// There are more records than are read at once.
    #[error("more records lead there than are read: {most} at most")]
    TooMany {
        /// How many are read.
        most: i64,
    },
}

/// What a thing was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Its fields; none where it was not there.
    value: Value,
    /// By which record the value at a path came to be, for paths that a record named.
    origins: BTreeMap<String, Origin>,
    /// Whether its first record is not the one that made it: of what no record changed, nothing is known.
    partial: bool,
}

impl Default for Image {
    fn default() -> Self {
        Self { value: Value::Object(Map::new()), origins: BTreeMap::new(), partial: false }
    }
}

impl Image {
    /// Whether the thing was there.
    pub fn is_there(&self) -> bool {
        self.fields().is_some_and(|fields| !fields.is_empty())
    }

    /// Whether only what was changed of it is known, because no record made it.
    pub const fn is_partial(&self) -> bool {
        self.partial
    }

    /// The image: an object, in which personal values are commitments and secrets are only said to be there.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Its fields by name.
    pub fn fields(&self) -> Option<&Map<String, Value>> {
        self.value.as_object()
    }

    /// By which record the value at a path came to be: the record that last set it, or something around it.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return Some(origin);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    /// The record by which a field, or something in it, was last set.
    pub fn newest_origin(&self, field: &str) -> Option<&Origin> {
        let path = format!("/{}", escape(field));
        let within = |known: &str| {
            known.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.origins.iter().filter(|(known, _)| within(known)).map(|(_, origin)| origin);
        found.max_by_key(|origin| origin.revision)
    }

    /// The records whose values stand in the image as commitments: what is behind those lies with them.
    pub fn committed(&self) -> Vec<EventId> {
        let mut events: Vec<EventId> = self
            .origins
            .iter()
            .filter(|(path, _)| self.value.pointer(path).is_some_and(|value| holds(value, "commit")))
            .map(|(_, origin)| origin.event)
            .collect();
        events.sort_unstable_by_key(|event| event.uuid());
        events.dedup();
        events
    }

    /// Takes what a record changed. Paths at which it starts from another value than the one that is there come back; what the
    /// record says they became stands nevertheless.
    ///
    /// Two commitments to one value differ by their salts, so they are no contradiction, and neither is what a rule began or ceased
    /// to veil. `quiet` are the fields that change without a record.
    pub fn take(&mut self, changes: &[Change], origin: Origin, quiet: &[&str]) -> Vec<String> {
        if origin.revision <= 1 || (!self.is_there() && self.origins.is_empty()) {
            self.partial = changes.iter().any(|change| change.op != Op::Add);
        }
        let mut misfits = Vec::new();
        for change in changes {
            if !self.fits(change) && !quiet.contains(&change.field()) {
                misfits.push(change.path.clone());
            }
            self.set(change, origin);
        }
        misfits
    }

    fn fits(&self, change: &Change) -> bool {
        let found = self.value.pointer(&change.path);
        match (change.op, found) {
            (Op::Add, None) => true,
            // Something goes into a list before what is there.
            (Op::Add, Some(_)) => self.parent(&change.path).is_some_and(Value::is_array),
            (Op::Replace | Op::Remove, None) => self.partial,
            (Op::Replace | Op::Remove, Some(found)) => {
                found == &change.before || is_veiled(found) || is_veiled(&change.before)
            }
        }
    }

    fn parent(&self, path: &str) -> Option<&Value> {
        self.value.pointer(path.rsplit_once('/')?.0)
    }

    fn set(&mut self, change: &Change, origin: Origin) {
        let Some((parent, key)) = change.path.rsplit_once('/') else { return };
        let key = unescape(key);
        let below = format!("{}/", change.path);
        let gone = |known: &String| *known != change.path && !known.starts_with(&below);
        match self.value.pointer_mut(parent) {
            Some(Value::Object(object)) => {
                self.origins.retain(|known, _| gone(known));
                if change.op == Op::Remove {
                    object.remove(&key);
                } else {
                    object.insert(key, change.after.clone());
                    self.origins.insert(change.path.clone(), origin);
                }
            }
            Some(Value::Array(list)) => {
                let place = key.parse().unwrap_or(list.len());
                match change.op {
                    Op::Remove if place < list.len() => drop(list.remove(place)),
                    Op::Remove => {}
                    Op::Add => list.insert(place.min(list.len()), change.after.clone()),
                    Op::Replace => {
                        if let Some(slot) = list.get_mut(place) {
                            *slot = change.after.clone();
                        }
                    }
                }
                // The places behind it have moved: the whole list is as young as this.
                let list = parent.to_owned();
                let within = format!("{list}/");
                self.origins.retain(|known, _| *known != list && !known.starts_with(&within));
                self.origins.insert(list, origin);
            }
            _ => {}
        }
    }
}

/// Whether a value is a commitment, or the word that a secret was there.
fn is_veiled(value: &Value) -> bool {
    is_one(value, "commit") || is_one(value, "redacted")
}

fn is_one(value: &Value, name: &str) -> bool {
    value.as_object().is_some_and(|object| object.len() == 1 && object.contains_key(name))
}

/// Whether a value is such a one, or has one in it.
fn holds(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(object) => is_one(value, name) || object.values().any(|inner| holds(inner, name)),
        Value::Array(list) => list.iter().any(|inner| holds(inner, name)),
        _ => false,
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescape(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::change::difference;

    fn origin(revision: i64) -> Origin {
        let event = EventId::from(Uuid::from_u128(u128::from(revision.unsigned_abs())));
        Origin { event, revision, at: Timestamp::from_micros(revision) }
    }

    /// The image after each of these, from nothing.
    fn after(images: &[Value]) -> Image {
        let (mut image, mut before) = (Image::default(), None);
        for (revision, next) in (1..).zip(images) {
            let changes = difference(before, Some(next));
            assert_eq!(image.take(&changes, origin(revision), &[]), Vec::<String>::new());
            assert_eq!(image.value(), next);
            before = Some(next);
        }
        image
    }

    #[test]
    fn each_value_is_as_old_as_the_record_that_set_it() {
        let image = after(&[
            json!({"id": "9", "floors": {"a": 1, "b": 2}, "name": "x"}),
            json!({"id": "9", "floors": {"a": 1, "b": 3}, "name": "x"}),
            json!({"id": "9", "floors": {"a": 1, "b": 3}, "name": "y"}),
        ]);
        let of = |path: &str| image.origin(path).map(|origin| origin.revision);
        assert_eq!(
            (of("/id"), of("/floors/a"), of("/floors/b"), of("/name")),
            (Some(1), Some(1), Some(2), Some(3))
        );
        assert_eq!(image.newest_origin("floors").map(|origin| origin.revision), Some(2));
        assert_eq!(of("/other"), None);
    }

    #[test]
    fn what_was_removed_is_not_there_and_may_be_made_again() {
        let made = json!({"id": "9", "list": ["a"]});
        let image = after(&[made.clone(), json!({}), made]);
        assert!(image.is_there() && !image.is_partial());
        assert_eq!(image.origin("/list").map(|origin| origin.revision), Some(3));
        assert!(!after(&[json!({"id": "9"}), json!({})]).is_there());
    }

    #[test]
    fn a_record_that_starts_from_another_value_is_named() {
        let mut image = after(&[json!({"id": "9", "role": "auditor", "seen": 1})]);
        let changes = difference(
            Some(&json!({"id": "9", "role": "developer", "seen": 2})),
            Some(&json!({"id": "9", "role": "owner", "seen": 3})),
        );
        assert_eq!(image.take(&changes, origin(2), &["seen"]), ["/role"]);
        assert_eq!(image.value(), &json!({"id": "9", "role": "owner", "seen": 3}));
    }

    #[test]
    fn salted_commitments_to_one_value_are_no_contradiction() {
        let mut image = after(&[json!({"id": "9", "name": {"commit": "aa"}, "hash": {"redacted": true}})]);
        // A record commits to each side as a whole, under a salt of its own.
        let name = Change {
            path: "/name".into(),
            op: Op::Replace,
            before: json!({"commit": "bb"}),
            after: json!({"commit": "cc"}),
        };
        assert!(image.take(&[name], origin(2), &[]).is_empty());
        assert_eq!(image.committed(), [origin(2).event]);
    }

    #[test]
    fn of_a_thing_that_no_record_made_only_what_changed_is_known() {
        let mut image = Image::default();
        let changes = difference(Some(&json!({"triage": "open"})), Some(&json!({"triage": "resolved"})));
        assert!(image.take(&changes, origin(1), &[]).is_empty());
        assert!(image.is_partial() && image.value() == &json!({"triage": "resolved"}));
    }

    #[test]
    fn members_of_lists_come_and_go_by_their_places() {
        let mut image = after(&[json!({"tags": ["a", "c"]})]);
        let change =
            |op, path: &str, before: Value, after: Value| Change { path: path.into(), op, before, after };
        let changes = [
            change(Op::Add, "/tags/1", Value::Null, json!("b")),
            change(Op::Remove, "/tags/0", json!("a"), Value::Null),
            change(Op::Add, "/tags/-", Value::Null, json!("d")),
            change(Op::Replace, "/tags/0", json!("b"), json!("x")),
            change(Op::Remove, "/tags/9", Value::Null, Value::Null),
        ];
        assert_eq!(image.take(&changes, origin(2), &[]), ["/tags/9"]);
        assert_eq!(image.value(), &json!({"tags": ["x", "c", "d"]}));
    }

    #[test]
    fn an_image_that_was_kept_is_the_same_one() {
        let image =
            after(&[json!({"id": "9", "floors": {"a~b": 1}}), json!({"id": "9", "floors": {"a~b": 2}})]);
        let kept = serde_json::to_vec(&image).unwrap();
        assert_eq!(serde_json::from_slice::<Image>(&kept).unwrap(), image);
    }
}
