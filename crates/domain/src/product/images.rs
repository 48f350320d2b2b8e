//! What an event says a thing was and is.

use serde_json::{Map, Value};

use super::{MOST_CHANGES, patch};
use crate::{
    change::{Change, difference},
    json::{Fault, escaped},
};

/// The members of an event that say what changed.
#[derive(Default)]
pub(super) struct Images<'v> {
    pub(super) before: Option<&'v Value>,
    pub(super) after: Option<&'v Value>,
    pub(super) patch: Option<&'v Value>,
    pub(super) old: Option<&'v Value>,
}

impl Images<'_> {
    /// The difference, in path order.
    pub(super) fn changes(&self, faults: &mut Vec<Fault>) -> Vec<Change> {
        let before = faults.len();
        for (name, value) in
            [("before", self.before), ("after", self.after), ("old", self.old), ("patch", self.patch)]
        {
            if let Some(value) = value {
                reserved(value, &format!("/{name}"), faults);
            }
        }
        let changes = match (self.patch, self.old) {
            (None, Some(_)) => {
                faults.push(Fault::new("/old", "Old values belong to a patch."));
                Vec::new()
            }
            (Some(_), _) if self.before.is_some() || self.after.is_some() => {
                faults.push(Fault::new(
                    "/patch",
                    "Send before and after, or a patch with old values, not both.",
                ));
                Vec::new()
            }
            (Some(patch), old) => self.patched(patch, old, faults),
            (None, None) => {
                for (name, image) in [("before", self.before), ("after", self.after)] {
                    if !matches!(image, None | Some(Value::Null | Value::Object(_))) {
                        faults.push(Fault::new(format!("/{name}"), "This is an object, or null."));
                    }
                }
                difference(self.before, self.after)
            }
        };
        if changes.len() > MOST_CHANGES {
            let place = if self.patch.is_some() { "/patch" } else { "/after" };
            faults.push(Fault::new(
                place,
                format!("More than {MOST_CHANGES} paths changed. Send several events."),
            ));
        }
        if faults.len() > before { Vec::new() } else { changes }
    }

    fn patched(&self, patch: &Value, old: Option<&Value>, faults: &mut Vec<Fault>) -> Vec<Change> {
        let empty = Map::new();
        let old = match old {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(old)) => old,
            Some(_) => {
                faults.push(Fault::new("/old", "This is an object of values by JSON pointers."));
                return Vec::new();
            }
        };
        let Value::Array(operations) = patch else {
            faults.push(Fault::new("/patch", "This is an array of operations (RFC 6902)."));
            return Vec::new();
        };
        match patch::images(operations, old) {
            Ok((before, after)) => difference(Some(&before), Some(&after)),
            Err(fault) => {
                faults.push(fault);
                Vec::new()
            }
        }
    }
}

/// Looks for what stands for a value that was left out, which only this server writes.
fn reserved(value: &Value, place: &str, faults: &mut Vec<Fault>) {
    match value {
        Value::Object(members) => {
            if members.len() == 1 && (members.contains_key("commit") || members.contains_key("redacted")) {
                faults.push(Fault::new(
                    place,
                    "An object with only `commit` or only `redacted` stands for a value that is left out; send another shape.",
                ));
                return;
            }
            for (name, member) in members {
                reserved(member, &format!("{place}/{}", escaped(name)), faults);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                reserved(item, &format!("{place}/{at}"), faults);
            }
        }
        _ => {}
    }
}
