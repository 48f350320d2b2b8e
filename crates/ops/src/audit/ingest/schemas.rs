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
    if compiled.len() >= LIMIT {
        compiled.clear();
    }
    compiled.insert(text.to_owned(), schema.clone());
    Some(schema)
}
