//! The JSON Schema of a type that is read.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::probe::{Shape, Step, is_closed, shape};

/// How deep a type is looked into. One that holds itself would have no end.
const DEPTH: usize = 12;
/// How often a body is tried while looking for what may not be missing.
const TRIES: usize = 400;
/// What is tried where a text is asked for: some types take only one kind of it.
const TEXTS: [&str; 8] = [
    "a",
    "0193a7c2-7b1e-7000-8000-000000000000",
    "2026-01-01T00:00:00Z",
    "user:read",
    "auditor",
    "csv",
    "user",
    "a@a.example",
];

/// The schema of `T`: what it names, of which kind, and what may not be missing.
///
/// That is found by trying: a body grows by what is said to be missing, until it is read. Where no value is found that is taken,
/// what is missing behind it is not known, and not said.
pub(super) fn of<T: DeserializeOwned>() -> Value {
    let mut schema = at::<T>(&mut Vec::new());
    for pointer in required::<T>(&schema) {
        require(&mut schema, &pointer);
    }
    if let (Some(object), true) = (schema.as_object_mut(), is_closed::<T>()) {
        object.insert("additionalProperties".into(), Value::Bool(false));
    }
    schema
}

fn at<T: DeserializeOwned>(path: &mut Vec<Step>) -> Value {
    if path.len() > DEPTH {
        return json!({});
    }
    let Some(shape) = shape::<T>(path) else { return json!({}) };
    match shape {
        Shape::Any => json!({}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Nothing => json!({"type": "null"}),
        Shape::Number => json!({"type": "number"}),
        Shape::Text => json!({"type": "string"}),
        Shape::Integer { least, most } => {
            let mut schema = json!({"type": "integer"});
            for (name, bound) in [("minimum", least), ("maximum", most)] {
                if let (Some(bound), Some(object)) = (bound, schema.as_object_mut()) {
                    object.insert(name.into(), bound.into());
                }
            }
            schema
        }
        Shape::Option => nullable(within::<T>(path, Step::Within)),
        Shape::List => json!({"type": "array", "items": within::<T>(path, Step::Item)}),
        Shape::Map => json!({"type": "object", "additionalProperties": within::<T>(path, Step::Value)}),
        Shape::Object(fields) => {
            let properties: Map<_, _> = fields
                .iter()
                .map(|field| ((*field).to_owned(), within::<T>(path, Step::Field(field))))
                .collect();
            json!({"type": "object", "properties": properties})
        }
        Shape::OneOf(variants) => one_of::<T>(path, variants),
    }
}

fn within<T: DeserializeOwned>(path: &mut Vec<Step>, step: Step) -> Value {
    path.push(step);
    let schema = at::<T>(path);
    path.pop();
    schema
}

fn nullable(mut schema: Value) -> Value {
    if schema.as_object().is_some_and(Map::is_empty) {
        return schema;
    }
    match schema.get_mut("type") {
        Some(kind) if kind.is_string() => {
            *kind = json!([kind.clone(), "null"]);
            if let Some(names) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                names.push(Value::Null);
            }
            schema
        }
        Some(_) => schema,
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// An enum as serde writes it: bare names, and objects of one field for variants that hold something.
fn one_of<T: DeserializeOwned>(path: &mut Vec<Step>, variants: &'static [&'static str]) -> Value {
    let (mut bare, mut holding) = (Vec::new(), Vec::new());
    for variant in variants {
        let inner = within::<T>(path, Step::Variant(variant));
        if inner == json!({"type": "null"}) {
            bare.push(*variant);
        } else {
            let properties: Map<_, _> = [((*variant).to_owned(), inner)].into_iter().collect();
            holding.push(json!({
                "type": "object", "properties": properties, "required": [variant], "additionalProperties": false
            }));
        }
    }
    let names = json!({"type": "string", "enum": bare});
    if holding.is_empty() {
        return names;
    }
    if !bare.is_empty() {
        holding.push(names);
    }
    json!({"oneOf": holding})
}

/// Every place that may not be missing, as the names of the fields that lead there.
fn required<T: DeserializeOwned>(schema: &Value) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let (mut body, mut tried) = (json!({}), Vec::<(Vec<String>, usize)>::new());
    for _ in 0..TRIES {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&body) else { break };
        let mut place = fields(error.path());
        let text = error.inner().to_string();
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let choice = if let Some(name) = missing {
            // The path of what is missing may or may not name it.
            if place.last().is_none_or(|last| last != name) {
                place.push(name.to_owned());
            }
            found.insert(place.clone());
            tried.push((place.clone(), 0));
            0
        } else {
            // What was put in last was not what is taken there.
            let Some((last, choice)) = tried.last_mut() else { break };
            *choice += 1;
            place.clone_from(last);
            *choice
        };
        let Some(value) = lookup(schema, &place).and_then(|schema| candidate(schema, choice)) else { break };
        put(&mut body, &place, value);
    }
    found
}

fn fields(path: &serde_path_to_error::Path) -> Vec<String> {
    let name = |segment: &serde_path_to_error::Segment| match segment {
        serde_path_to_error::Segment::Map { key } => Some(key.clone()),
        _ => None,
    };
    path.iter().filter_map(name).collect()
}

fn lookup<'s>(schema: &'s Value, place: &[String]) -> Option<&'s Value> {
    place.iter().try_fold(schema, |schema, name| schema.get("properties")?.get(name))
}

/// The value to try for the n-th time at a place with this schema.
fn candidate(schema: &Value, choice: usize) -> Option<Value> {
    if let Some(one) = schema.get("oneOf").and_then(Value::as_array) {
        return one.iter().find_map(|one| {
            let (name, inner) = one.get("properties")?.as_object()?.iter().next()?;
            let holding: Map<_, _> = [(name.clone(), candidate(inner, choice)?)].into_iter().collect();
            Some(Value::Object(holding))
        });
    }
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        return names.get(choice).cloned();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => TEXTS.get(choice).map(|text| (*text).into()),
        Some("integer" | "number") => [1, 30, 100].get(choice).map(|number| (*number).into()),
        Some("boolean") => (choice == 0).then_some(Value::Bool(true)),
        Some("array") => (choice == 0).then(|| json!([])),
        Some("object") => (choice == 0).then(|| json!({})),
        _ => (choice == 0).then(|| json!({})),
    }
}

fn put(body: &mut Value, place: &[String], value: Value) {
    let Some((last, before)) = place.split_last() else { return };
    let holder = before.iter().try_fold(body, |body, name| body.get_mut(name));
    if let Some(object) = holder.and_then(Value::as_object_mut) {
        object.insert(last.clone(), value);
    }
}

fn require(schema: &mut Value, place: &[String]) {
    let Some((last, before)) = place.split_last() else { return };
    let holder = before.iter().try_fold(schema, |schema, name| schema.get_mut("properties")?.get_mut(name));
    let Some(object) = holder.and_then(Value::as_object_mut) else { return };
    let known = object.get("properties").is_some_and(|properties| properties.get(last).is_some());
    let names = object.entry("required").or_insert_with(|| json!([]));
    if let (Some(names), true) = (names.as_array_mut(), known) {
        names.push(last.as_str().into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bailiwick_domain::{ids::UserId, time::Timestamp};
    use serde::Deserialize;

    use super::*;

    #[allow(dead_code, reason = "only the types matter")]
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        id: UserId,
        name: Option<String>,
        #[serde(default)]
        days: u8,
        limits: Vec<Limit>,
        place: Place,
        labels: Option<BTreeMap<String, u32>>,
        at: Timestamp,
        inner: Limit,
    }

    #[allow(dead_code, reason = "only the types matter")]
    #[derive(Deserialize)]
    struct Limit {
        count: i64,
        unit: Option<String>,
    }

    #[allow(dead_code, reason = "only the types matter")]
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Place {
        Nowhere,
        At(String),
    }

    #[test]
    fn a_type_says_what_it_takes() {
        let limit = json!({"type": "object", "properties": {"count": {"type": "integer"}, "unit": {"type": ["string", "null"]}}});
        let mut inner = limit.clone();
        inner.as_object_mut().unwrap().insert("required".into(), json!(["count"]));
        let schema = of::<Body>();
        let properties = &schema["properties"];
        assert_eq!(properties["name"], json!({"type": ["string", "null"]}));
        assert_eq!(properties["days"], json!({"type": "integer", "minimum": 0, "maximum": 255}));
        assert_eq!(properties["limits"], json!({"type": "array", "items": limit}));
        assert_eq!(properties["inner"], inner);
        assert_eq!(properties["id"]["type"], "string");
        assert_eq!(properties["labels"]["additionalProperties"]["type"], "integer");
        assert_eq!(properties["place"]["oneOf"][0]["properties"]["at"], json!({"type": "string"}));
        assert_eq!(properties["place"]["oneOf"][1], json!({"type": "string", "enum": ["nowhere"]}));
        assert_eq!(schema["additionalProperties"], false);
        let mut required: Vec<_> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        required.sort_unstable();
        assert_eq!(required, ["at", "id", "inner", "limits", "place"]);
    }

    #[test]
    fn a_type_that_holds_itself_has_an_end() {
        #[allow(dead_code, reason = "only the types matter")]
        #[derive(Deserialize)]
        struct Node {
            next: Option<Box<Node>>,
        }
        assert_eq!(of::<Node>()["properties"]["next"]["type"], json!(["object", "null"]));
    }
}
