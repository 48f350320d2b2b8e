//! Recognising raw secrets in configuration: by what a field is called, by the shapes of known tokens, and by how random a value
//! looks.
//!
//! What is found is told by path and reason, never by value. Nothing here can know what a text means, so each of the three ways
//! is held against a corpus of ordinary configuration: see the test `ordinary_configuration_is_hardly_ever_taken_for_a_secret`.

mod entropy;
mod field;
mod shapes;

use serde_json::Value;

pub use field::is_secret_field;
pub use shapes::{RULES, Shape};

/// Characters of a value that are looked at. What is longer is a secret no less than its beginning.
const LOOKED_AT: usize = 16 * 1024;
/// Findings that are told at most.
const MOST: usize = 100;

/// Why a value is taken for a raw secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It has the shape of a known token.
    Shape(&'static str),
    /// Its field is one for secrets.
    Field,
    /// It looks as random as a key does.
    Random,
}

impl Why {
    /// The reason as a sentence for people.
    pub fn sentence(self) -> String {
        match self {
            Self::Shape(name) => format!("This has the shape of a secret: {name}."),
            Self::Field => {
                "This field is one for secrets, and holds a value instead of a reference.".to_owned()
            }
            Self::Random => "This looks as random as a key does.".to_owned(),
        }
    }
}

/// A raw secret that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// Why.
    pub why: Why,
}

/// Whether the value of a field of this name is a raw secret, and why. References (`secret://…`, `env://…`, `awssm://…`) are none.
pub fn sniff(field: &str, value: &str) -> Option<Why> {
    let value = value.trim();
    let value =
        value.char_indices().nth(LOOKED_AT).map_or(value, |(end, _)| value.get(..end).unwrap_or(value));
    if value.is_empty() || is_reference(value) {
        return None;
    }
    if let Some(shape) = shapes::of(value) {
        return Some(Why::Shape(shape));
    }
    if is_secret_field(field) && !field::is_no_secret(value) {
        return Some(Why::Field);
    }
    (!field::is_public_field(field) && entropy::is_random(value)).then_some(Why::Random)
}

/// Every raw secret in a JSON document, by its path, in the order of the document.
pub fn sniff_json(document: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    walk(document, "", &mut String::new(), &mut found);
    found
}

fn walk(value: &Value, field: &str, pointer: &mut String, found: &mut Vec<Finding>) {
    if found.len() >= MOST {
        return;
    }
    let mut within = |part: &str, field: &str, value: &Value| {
        let before = pointer.len();
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        walk(value, field, pointer, found);
        pointer.truncate(before);
    };
    match value {
        Value::String(text) => {
            if let Some(why) = sniff(field, text) {
                found.push(Finding { pointer: pointer.clone(), why });
            }
        }
        // The items of a list are what the list is called.
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                within(&place.to_string(), field, item);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                within(name, name, member);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text names a secret instead of being one.
pub fn is_reference(value: &str) -> bool {
    ["secret://", "env://", "awssm://"].iter().any(|scheme| {
        value.strip_prefix(scheme).is_some_and(|rest| {
            (1..=512).contains(&rest.len())
                && rest.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_-./:@#+=".contains(&octet))
        })
    })
}

#[cfg(test)]
mod tests;
