//! Things as their records made them, each value with the record that set it.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::{Record, Who};
use crate::{
    change::{Change, Op},
    ids::EventId,
    time::Timestamp,
};

/// The record that made something so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The record.
    pub event: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who did it.
    pub who: Who,
}

impl Origin {
    fn of(record: &Record) -> Self {
        Self { event: record.id, at: record.recorded_at, who: record.actor.clone() }
    }
}

/// The history of a thing has a hole: what it was then cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records about {0} do not follow one another")]
pub struct Broken(pub Uuid);

/// A value of a thing and the record that set it.
#[derive(Clone, Debug)]
struct Set {
    value: Value,
    origin: Origin,
}

/// A thing as its records left it.
#[derive(Clone, Debug)]
pub struct Thing {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// The record that made it.
    pub made: Origin,
    fields: BTreeMap<String, Set>,
    /// For members of lists: when each came in. Keyed by the field and the member.
    members: BTreeMap<(String, String), Origin>,
    revision: i64,
}

impl Thing {
    /// Whether it was there at the end of its records; what was removed has no fields left.
    pub fn is_there(&self) -> bool {
        self.fields.contains_key("id")
    }

    /// A field of its own image with the record that set it. Fields with personal data hold commitments, which say nothing here.
    pub fn field(&self, name: &str) -> Option<(&Value, &Origin)> {
        self.fields.get(name).map(|set| (&set.value, &set.origin))
    }

    /// A field that holds text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(|(value, _)| value.as_str())
    }

    /// The members of a field that is a list of texts, each with the record by which it came in.
    pub fn members(&self, name: &str) -> impl Iterator<Item = (&str, &Origin)> {
        self.members
            .iter()
            .filter(move |((field, _), _)| field == name)
            .map(|((_, text), at)| (text.as_str(), at))
    }

    fn begin(record: &Record) -> Self {
        Self {
            kind: record.entity.kind.clone(),
            id: record.entity.id,
            made: Origin::of(record),
            fields: BTreeMap::new(),
            members: BTreeMap::new(),
            revision: 0,
        }
    }

    fn apply(&mut self, record: &Record) -> Result<(), Broken> {
        if record.entity.revision <= self.revision {
            return Err(Broken(self.id));
        }
        self.revision = record.entity.revision;
        // What was refused changed nothing; its difference is the note of what was asked for.
        if record.outcome != "ok" {
            return Ok(());
        }
        if !self.is_there() {
            self.made = Origin::of(record);
        }
        for change in &record.changes {
            self.change(change, &Origin::of(record));
        }
        Ok(())
    }

    fn change(&mut self, change: &Change, origin: &Origin) {
        // Only whole fields: nothing that decides rights is an object, and those are compared member by member.
        let Some(name) = change.path.strip_prefix('/').filter(|name| !name.contains('/')) else { return };
        let before: Vec<String> = texts(self.fields.get(name).map(|set| &set.value));
        let after: Vec<String> =
            if change.op == Op::Remove { Vec::new() } else { texts(Some(&change.after)) };
        for gone in before.iter().filter(|text| !after.contains(text)) {
            self.members.remove(&(name.to_owned(), gone.clone()));
        }
        for come in after.into_iter().filter(|text| !before.contains(text)) {
            self.members.insert((name.to_owned(), come), origin.clone());
        }
        if change.op == Op::Remove {
            self.fields.remove(name);
        } else {
            let set = Set { value: change.after.clone(), origin: origin.clone() };
            self.fields.insert(name.to_owned(), set);
        }
    }
}

/// The texts of a list; nothing for anything else.
fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|member| member.as_str().map(str::to_owned)).collect()
}

/// What was read of some things: their records, but for those that say nothing and come before the last such one.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The records, the newest of each thing among them.
    pub records: Vec<Record>,
    /// How many records were left out, by the thing that they are about.
    pub left_out: BTreeMap<Uuid, i64>,
}

impl From<Vec<Record>> for History {
    /// Nothing was left out.
    fn from(records: Vec<Record>) -> Self {
        Self { records, left_out: BTreeMap::new() }
    }
}

/// The things that these records are about, as the last of them left each. Records of one thing are taken in the order of its
/// revisions, whatever order they come in.
///
/// A thing of which there are fewer records, with those that were left out, than its newest revision says comes back as
/// [`Broken`].
pub fn things(history: impl Into<History>) -> Vec<Result<Thing, Broken>> {
    let History { mut records, left_out } = history.into();
    records.sort_by(|a, b| {
        (&a.entity.kind, a.entity.id, a.entity.revision).cmp(&(
            &b.entity.kind,
            b.entity.id,
            b.entity.revision,
        ))
    });
    let same = |a: &Record, b: &Record| (&a.entity.kind, a.entity.id) == (&b.entity.kind, b.entity.id);
    let mut found = Vec::new();
    for history in records.chunk_by(same) {
        let Some(first) = history.first() else { continue };
        let mut thing = Thing::begin(first);
        let read = i64::try_from(history.len()).unwrap_or(i64::MAX);
        let all = read.saturating_add(left_out.get(&thing.id).copied().unwrap_or_default());
        let whole = history.iter().try_for_each(|record| thing.apply(record));
        let complete = if thing.revision == all { Ok(thing) } else { Err(Broken(thing.id)) };
        found.push(whole.and(complete));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{change::difference, past::record::About};

    fn record(revision: i64, at: i64, before: Option<&Value>, after: Option<&Value>) -> Record {
        Record {
            id: EventId::from(Uuid::from_u128(u128::from(revision.unsigned_abs()))),
            action: "role.changed".into(),
            actor: Who { kind: "user".into(), id: Some(Uuid::from_u128(7)) },
            changes: difference(before, after),
            entity: About { kind: "role".into(), id: Uuid::from_u128(9), revision },
            outcome: "ok".into(),
            recorded_at: Timestamp::from_micros(at),
        }
    }

    #[test]
    fn each_member_of_a_list_is_as_old_as_its_own_record() {
        let first = json!({"id": "9", "permissions": ["a:b", "c:d"]});
        let second = json!({"id": "9", "permissions": ["c:d", "e:f"]});
        let all = things(vec![record(2, 20, Some(&first), Some(&second)), record(1, 10, None, Some(&first))]);
        let thing = all[0].as_ref().unwrap();
        let members: Vec<_> = thing.members("permissions").map(|(name, at)| (name, at.at.micros())).collect();
        assert_eq!(members, [("c:d", 10), ("e:f", 20)]);
        assert!(thing.is_there() && thing.made.at.micros() == 10);
    }

    #[test]
    fn what_was_removed_is_not_there_and_what_is_made_again_is_new() {
        let image = json!({"id": "9", "permissions": ["a:b"]});
        let removed = vec![record(1, 10, None, Some(&image)), record(2, 20, Some(&image), None)];
        let gone = things(removed.clone());
        assert!(!gone[0].as_ref().unwrap().is_there());
        assert_eq!(gone[0].as_ref().unwrap().members("permissions").count(), 0);
        let again =
            things(removed.into_iter().chain([record(3, 30, None, Some(&image))]).collect::<Vec<_>>());
        assert_eq!(again[0].as_ref().unwrap().made.at.micros(), 30);
    }

    #[test]
    fn a_hole_in_the_history_is_said() {
        let image = json!({"id": "9"});
        assert_eq!(
            things(vec![record(2, 20, None, Some(&image))])[0].as_ref().unwrap_err(),
            &Broken(Uuid::from_u128(9))
        );
    }

    #[test]
    fn what_was_left_out_on_purpose_is_no_hole_and_anything_more_is() {
        let (first, last) = (json!({"id": "9", "role": "auditor"}), json!({"id": "9", "role": "developer"}));
        let of = |left_out: i64| {
            let records = vec![record(1, 10, None, Some(&first)), record(5, 20, Some(&first), Some(&last))];
            things(History { records, left_out: [(Uuid::from_u128(9), left_out)].into() }).remove(0)
        };
        assert_eq!(of(3).unwrap().text("role"), Some("developer"));
        assert!(of(2).is_err() && of(4).is_err() && of(0).is_err());
        let twice = vec![record(1, 10, None, Some(&first)), record(1, 10, None, Some(&first))];
        assert!(things(twice)[0].is_err(), "one record does not stand for two");
    }

    #[test]
    fn what_was_refused_changed_nothing() {
        let image = json!({"id": "9", "role": "auditor"});
        let other = json!({"id": "9", "role": "developer"});
        let refused = Record { outcome: "denied".into(), ..record(2, 20, Some(&image), Some(&other)) };
        let all = things(vec![record(1, 10, None, Some(&image)), refused]);
        assert_eq!(all[0].as_ref().unwrap().text("role"), Some("auditor"));
    }
}
