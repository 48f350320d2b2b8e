//! A patch (RFC 6902) with the values that it replaces, as the two images that a difference is made of.
//!
//! Only the parts that the patch names are known. The images hold these, at their places, and nothing else: what is not in
//! them is the same in both. Whatever an operation takes away, overwrites, moves, copies or tests must stand in the old values,
//! or have been put there by an operation before; otherwise nobody could go back.

use serde_json::{Map, Value};

use crate::json::{Fault, escaped, tokens};

/// Operations at most.
const MOST: usize = 200;

/// The known parts before and after `operations`.
pub(super) fn images(operations: &[Value], old: &Map<String, Value>) -> Result<(Value, Value), Fault> {
    if operations.len() > MOST {
        return Err(Fault::new("/patch", format!("A patch has at most {MOST} operations.")));
    }
    let mut known = Known::of(old)?;
    for (at, operation) in operations.iter().enumerate() {
        let wrong = |(member, text): (&str, &'static str)| {
            let member = if member.is_empty() { String::new() } else { format!("/{member}") };
            Fault::new(format!("/patch/{at}{member}"), text)
        };
        apply(&mut known, operation).map_err(wrong)?;
    }
    Ok((known.before, known.after))
}

const NEEDS_OLD: &str = "Say in `old` what stood here; of something within an array, the whole array.";
const NOTHING_THERE: &str = "There is nothing here.";

type Wrong = (&'static str, &'static str);

fn apply(known: &mut Known, operation: &Value) -> Result<(), Wrong> {
    let Value::Object(members) = operation else { return Err(("", "An operation is an object (RFC 6902).")) };
    let text = |name: &'static str| members.get(name).and_then(Value::as_str);
    let place = |name: &'static str| match text(name).and_then(tokens) {
        Some(place) if !place.is_empty() => Ok(place),
        Some(_) => Err((name, "A patch does not replace the whole. Send before and after instead.")),
        None => Err((name, "This is a JSON pointer.")),
    };
    let value = || members.get("value").cloned().ok_or(("value", "This operation has a value."));
    let allowed: &[&str] = match text("op") {
        Some("add" | "replace" | "test") => &["op", "path", "value"],
        Some("move" | "copy") => &["op", "path", "from"],
        Some("remove") => &["op", "path"],
        _ => return Err(("op", "This is one of add, remove, replace, move, copy and test.")),
    };
    if members.keys().any(|name| !allowed.contains(&name.as_str())) {
        return Err(("", "This operation has a member that it does not know."));
    }
    let path = place("path")?;
    let at_path = |text: &'static str| ("path", text);
    match text("op") {
        Some("add") => known.add(&path, value()?).map_err(at_path),
        Some("remove") => known.take(&path).map(drop).map_err(at_path),
        Some("replace") => {
            known.find(&path).map_err(at_path)?;
            let value = value()?;
            known.put(&path, value).map_err(at_path)
        }
        Some("test") => {
            let found = known.find(&path).map_err(at_path)?;
            if *found == value()? { Ok(()) } else { Err(("value", "Something else stands here.")) }
        }
        Some("move") => {
            let from = place("from")?;
            if path.len() > from.len() && path.starts_with(&from) {
                return Err(("path", "A value cannot be moved into itself."));
            }
            let value = known.take(&from).map_err(|text| ("from", text))?;
            known.add(&path, value).map_err(at_path)
        }
        _ => {
            let value = known.find(&place("from")?).cloned().map_err(|text| ("from", text))?;
            known.add(&path, value).map_err(at_path)
        }
    }
}

/// What is known of a thing. Objects that stand only for the way to something known are the same in both images.
struct Known {
    before: Value,
    after: Value,
    /// Everything at and below these is known, also that nothing is there.
    places: Vec<Vec<String>>,
}

impl Known {
    fn of(old: &Map<String, Value>) -> Result<Self, Fault> {
        let empty = || Value::Object(Map::new());
        let mut known = Self { before: empty(), after: empty(), places: Vec::new() };
        for (pointer, value) in old {
            let wrong = |text: &'static str| Fault::new(format!("/old/{}", escaped(pointer)), text);
            let place = tokens(pointer)
                .filter(|place| !place.is_empty())
                .ok_or_else(|| wrong("The name is a JSON pointer to a part."))?;
            let overlaps =
                |other: &Vec<String>| other.starts_with(&place) || place.starts_with(other.as_slice());
            if known.places.iter().any(overlaps) {
                return Err(wrong("Another old value lies around this one, or within it."));
            }
            known.way_to(&place).map_err(wrong)?;
            for image in [&mut known.before, &mut known.after] {
                insert(image, &place, value.clone()).map_err(wrong)?;
            }
            known.places.push(place);
        }
        Ok(known)
    }

    fn is_known(&self, place: &[String]) -> bool {
        self.places.iter().any(|known| place.starts_with(known))
    }

    /// What stands at a known place.
    fn find(&self, place: &[String]) -> Result<&Value, &'static str> {
        if !self.is_known(place) {
            return Err(NEEDS_OLD);
        }
        at(&self.after, place).ok_or(NOTHING_THERE)
    }

    /// Replaces what stands at a known place.
    fn put(&mut self, place: &[String], value: Value) -> Result<(), &'static str> {
        *at_mut(&mut self.after, place).ok_or(NOTHING_THERE)? = value;
        Ok(())
    }

    /// Takes away what stands at a known place.
    fn take(&mut self, place: &[String]) -> Result<Value, &'static str> {
        self.find(place)?;
        let (last, parent) = place.split_last().ok_or(NOTHING_THERE)?;
        match at_mut(&mut self.after, parent) {
            Some(Value::Object(members)) => members.remove(last).ok_or(NOTHING_THERE),
            Some(Value::Array(items)) => {
                let index = index(last).filter(|index| *index < items.len()).ok_or(NOTHING_THERE)?;
                Ok(items.remove(index))
            }
            _ => Err(NOTHING_THERE),
        }
    }

    /// Puts something where nothing was, or where it is known what was; into an array before what stands there.
    fn add(&mut self, place: &[String], value: Value) -> Result<(), &'static str> {
        let known = self.is_known(place);
        if !known {
            self.way_to(place)?;
            if at(&self.after, place).is_some() {
                return Err(NEEDS_OLD);
            }
        }
        insert(&mut self.after, place, value)?;
        if !known {
            self.places.push(place.to_vec());
        }
        Ok(())
    }

    /// Makes sure that a place can be reached, through objects that nothing is known of.
    fn way_to(&mut self, place: &[String]) -> Result<(), &'static str> {
        let (last, parent) = place.split_last().ok_or(NOTHING_THERE)?;
        // Nobody knows whether this is a place in an array or the name of a member.
        if last == "-" || index(last).is_some() {
            return Err(NEEDS_OLD);
        }
        for length in 1..=parent.len() {
            let step = parent.get(..length).unwrap_or_default();
            if self.is_known(step) {
                return Err(NOTHING_THERE);
            }
            if step.last().is_some_and(|name| name == "-" || index(name).is_some()) {
                return Err(NEEDS_OLD);
            }
            for image in [&mut self.before, &mut self.after] {
                if at(image, step).is_none() {
                    insert(image, step, Value::Object(Map::new()))?;
                }
            }
        }
        Ok(())
    }
}

fn at<'v>(image: &'v Value, place: &[String]) -> Option<&'v Value> {
    place.iter().try_fold(image, |value, name| match value {
        Value::Object(members) => members.get(name),
        Value::Array(items) => items.get(index(name)?),
        _ => None,
    })
}

fn at_mut<'v>(image: &'v mut Value, place: &[String]) -> Option<&'v mut Value> {
    place.iter().try_fold(image, |value, name| match value {
        Value::Object(members) => members.get_mut(name),
        Value::Array(items) => items.get_mut(index(name)?),
        _ => None,
    })
}

/// Puts a value into an object, or into an array before what stands there (RFC 6902 §4.1).
fn insert(image: &mut Value, place: &[String], value: Value) -> Result<(), &'static str> {
    let (last, parent) = place.split_last().ok_or(NOTHING_THERE)?;
    match at_mut(image, parent) {
        Some(Value::Object(members)) => {
            members.insert(last.clone(), value);
        }
        Some(Value::Array(items)) => {
            let place = if last == "-" { Some(items.len()) } else { index(last) };
            let place = place.filter(|place| *place <= items.len()).ok_or("The array has no such place.")?;
            items.insert(place, value);
        }
        Some(_) => return Err("What lies around it is neither an object nor an array."),
        None => return Err(NOTHING_THERE),
    }
    Ok(())
}

/// A place in an array in its one spelling (RFC 6901 §4).
fn index(name: &str) -> Option<usize> {
    let plain = name == "0" || !name.starts_with('0') && name.bytes().all(|octet| octet.is_ascii_digit());
    if plain { name.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::change::{Direction, Op, apply, difference};

    fn changes(patch: &Value, old: &Value) -> Result<Vec<(String, Op)>, Fault> {
        let (before, after) = images(patch.as_array().unwrap(), old.as_object().unwrap())?;
        Ok(difference(Some(&before), Some(&after))
            .into_iter()
            .map(|change| (change.path, change.op))
            .collect())
    }

    #[test]
    fn each_operation_becomes_a_difference() {
        let of = |patch: Value, old: Value| changes(&patch, &old).unwrap();
        let one = |path: &str, op| vec![(path.to_owned(), op)];
        assert_eq!(of(json!([{"op": "add", "path": "/a/b", "value": 1}]), json!({})), one("/a/b", Op::Add));
        assert_eq!(
            of(json!([{"op": "replace", "path": "/a/b", "value": 1}]), json!({"/a/b": 2})),
            one("/a/b", Op::Replace)
        );
        assert_eq!(
            of(json!([{"op": "remove", "path": "/a"}]), json!({"/a": {"b": 1}})),
            one("/a", Op::Remove)
        );
        assert_eq!(
            of(json!([{"op": "move", "from": "/a", "path": "/b"}]), json!({"/a": 1})),
            [("/a".to_owned(), Op::Remove), ("/b".to_owned(), Op::Add)]
        );
        assert_eq!(
            of(json!([{"op": "copy", "from": "/a", "path": "/b"}]), json!({"/a": 1})),
            one("/b", Op::Add)
        );
        assert_eq!(of(json!([{"op": "test", "path": "/a", "value": 1}]), json!({"/a": 1})), []);
        let array = json!({"/tags": ["x", "y"]});
        assert_eq!(
            of(json!([{"op": "add", "path": "/tags/1", "value": "z"}]), array.clone()),
            one("/tags", Op::Replace)
        );
        assert_eq!(
            of(json!([{"op": "add", "path": "/tags/-", "value": "z"}]), array),
            one("/tags", Op::Replace)
        );
        assert_eq!(of(json!([]), json!({})), []);
    }

    #[test]
    fn what_nobody_could_undo_is_refused_where_it_stands() {
        for (patch, old, pointer) in [
            (json!([{"op": "remove", "path": "/a"}]), json!({}), "/patch/0/path"),
            (json!([{"op": "replace", "path": "/a", "value": 1}]), json!({"/a/b": 1}), "/patch/0/path"),
            (json!([{"op": "move", "from": "/a", "path": "/b"}]), json!({"/b": 1}), "/patch/0/from"),
            (json!([{"op": "add", "path": "/a", "value": 1}]), json!({"/a/b": 1}), "/patch/0/path"),
            (json!([{"op": "add", "path": "/tags/0", "value": 1}]), json!({}), "/patch/0/path"),
            (json!([{"op": "add", "path": "/tags/-", "value": 1}]), json!({}), "/patch/0/path"),
            (
                json!([{"op": "add", "path": "/a", "value": 1}, {"op": "test", "path": "/a", "value": 2}]),
                json!({}),
                "/patch/1/value",
            ),
            (
                json!([{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/a"}]),
                json!({"/a": 1}),
                "/patch/1/path",
            ),
            (json!([{"op": "move", "from": "/a", "path": "/a/b"}]), json!({"/a": {}}), "/patch/0/path"),
            (json!([{"op": "add", "path": "", "value": {}}]), json!({}), "/patch/0/path"),
            (json!([{"op": "add", "path": "/a~2", "value": {}}]), json!({}), "/patch/0/path"),
            (json!([{"op": "put", "path": "/a"}]), json!({}), "/patch/0/op"),
            (json!([{"op": "remove", "path": "/a", "value": 1}]), json!({"/a": 1}), "/patch/0"),
            (json!(["add"]), json!({}), "/patch/0"),
            (json!([{"op": "add", "path": "/a"}]), json!({}), "/patch/0/value"),
            (json!([]), json!({"/a": 1, "/a/b": 2}), "/old/~1a~1b"),
            (json!([]), json!({"a": 1}), "/old/a"),
            (json!([]), json!({"/tags/0": 1}), "/old/~1tags~10"),
        ] {
            match changes(&patch, &old) {
                Err(fault) => assert_eq!(fault.pointer, pointer, "{patch} {old}: {}", fault.text),
                Ok(found) => panic!("{patch} {old}: {found:?}"),
            }
        }
    }

    fn object() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<i8>().prop_map(Value::from), "[xy]{0,2}".prop_map(Value::from)];
        let value = leaf.prop_recursive(2, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map("[a-c]", inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        prop::collection::hash_map("[a-c]", value, 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    proptest! {
        /// Whatever turns one image into another, said as a patch with what it replaces, leads there and back.
        #[test]
        fn a_patch_goes_both_ways(before in object(), after in object()) {
            let mut old = Map::new();
            let mut operations = Vec::new();
            for change in difference(Some(&before), Some(&after)) {
                let path = change.path.clone();
                if change.op != Op::Add {
                    old.insert(path.clone(), change.before.clone());
                }
                operations.push(match change.op {
                    Op::Add => json!({"op": "add", "path": path, "value": change.after}),
                    Op::Replace => json!({"op": "replace", "path": path, "value": change.after}),
                    Op::Remove => json!({"op": "remove", "path": path}),
                });
            }
            let (known, then) = images(&operations, &old).unwrap();
            let changes = difference(Some(&known), Some(&then));
            let mut image = before.clone();
            apply(&mut image, &changes, Direction::Forward).unwrap();
            prop_assert_eq!(&image, &after);
            apply(&mut image, &changes, Direction::Backward).unwrap();
            prop_assert_eq!(&image, &before);
        }
    }
}
