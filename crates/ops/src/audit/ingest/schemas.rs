//! Schemas of actions, compiled once.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use bailiwick_domain::json::Fault;
use bailiwick_schema::Schema;
use serde_json::Value;

/// Compiled schemas that are kept at most.
const LIMIT: usize = 256;
/// Patterns of all of them together at most: a schema is small as text, and its patterns are not.
const PATTERNS: usize = 512;

/// By their texts: a schema that two tenants have is the same one.
static COMPILED: LazyLock<Mutex<HashMap<String, Schema>>> = LazyLock::new(Mutex::default);

/// What of a value does not fit a registered schema. One that cannot be read any more lets nothing through.
pub(super) fn misfits(text: &str, value: &Value) -> Vec<Fault> {
    let Some(schema) = compiled(text) else {
        return vec![Fault::new(
            "/action",
            "The schema of this action cannot be read any more. Register it again.",
        )];
    };
    let fault = |misfit: bailiwick_schema::Misfit| {
        Fault::new(
            misfit.pointer,
            format!("This does not fit the schema of the action at {}.", misfit.keyword),
        )
    };
    schema.misfits(value).into_iter().map(fault).collect()
}

fn compiled(text: &str) -> Option<Schema> {
    let known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
    if known.is_some() {
        return known;
    }
    let schema = Schema::parse(text).ok()?;
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if compiled.len() >= LIMIT || patterns(&compiled) + schema.patterns() > PATTERNS {
        compiled.clear();
    }
    compiled.insert(text.to_owned(), schema.clone());
    Some(schema)
}

fn patterns(compiled: &HashMap<String, Schema>) -> usize {
    compiled.values().map(Schema::patterns).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kept_schemas_have_a_bounded_number_of_patterns() {
        for n in 0..40 {
            let properties: Vec<_> =
                (0..32).map(|p| format!(r#""p{p}":{{"pattern":"^a{{{n}}}$"}}"#)).collect();
            let text = format!(r#"{{"properties":{{{}}}}}"#, properties.join(","));
            assert_eq!(misfits(&text, &json!({"p0": "b"})).len(), 1, "{n}");
            let kept = patterns(&COMPILED.lock().unwrap_or_else(PoisonError::into_inner));
            assert!((32..=PATTERNS).contains(&kept), "{n}: {kept}");
        }
    }
}
