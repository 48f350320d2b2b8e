//! The document.

use bailiwick_domain::rule::Need;
use serde_json::{Map, Value, json};

use super::Takes;
use crate::{
    once::{Again, LONGEST},
    routes::{AccessRow, Routes},
};

const WHAT: &str = "The same operations as the pages, for programs. Lists answer items and next, which goes back as cursor. What is refused is a problem (RFC 9457).";

/// The description of every route below `/v1`.
pub fn document(routes: &Routes) -> Value {
    let mut paths = Map::<String, Value>::new();
    let mut described: Vec<_> = routes.described().filter(|(row, _)| row.path.starts_with("/v1/")).collect();
    described.sort_by_key(|(row, _)| (row.path, row.method.as_str()));
    for (row, takes) in described {
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(row.method.as_str().to_ascii_lowercase(), operation(row, takes));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bailiwick",
            "version": env!("CARGO_PKG_VERSION"),
            "description": WHAT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API key, or the session of a person who signed in with a program."
                },
                "cookie": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-bailiwick",
                    "description": "The session of a browser. What changes something takes the header X-CSRF-Token besides."
                },
            },
            "responses": {
                "Problem": {
                    "description": "Refused.",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
            "schemas": {"Problem": problem()},
        },
    })
}

fn operation(row: &AccessRow, takes: Takes) -> Value {
    let mut operation = json!({
        "operationId": id(row),
        "tags": [tag(row.path)],
        "description": asks(row.need),
        "x-bailiwick-rule": row.rule,
        "responses": {
            "2XX": {"description": "Done."},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"},
        },
        "security": if row.need == Need::Anyone { json!([]) } else { json!([{"bearer": []}, {"cookie": []}]) },
    });
    let Some(fields) = operation.as_object_mut() else { return operation };
    if let Some(permission) = row.need.permission().and_then(|permission| permission.built_in_name()) {
        fields.insert("x-bailiwick-permission".into(), permission.into());
    }
    let mut parameters = parameters(row, takes.query);
    parameters.extend(key(takes.again));
    if takes.must_match {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
            "description": "The ETag of what was read, or * for whatever is there."
        }));
    }
    if !parameters.is_empty() {
        fields.insert("parameters".into(), parameters.into());
    }
    if let Some(schema) = takes.body {
        let body = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        fields.insert("requestBody".into(), body);
    }
    if takes.octets {
        let schema = json!({"type": "string", "format": "binary"});
        let body = json!({"required": true, "content": {"application/octet-stream": {"schema": schema}}});
        fields.insert("requestBody".into(), body);
    }
    if let Some(schema) = takes.form {
        let body = json!({"required": true, "content": {"multipart/form-data": {"schema": schema}}});
        fields.insert("requestBody".into(), body);
    }
    operation
}

fn parameters(row: &AccessRow, query: Option<Value>) -> Vec<Value> {
    let in_path = row.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<_> = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let required =
        query.as_ref().and_then(|query| query.get("required")?.as_array().cloned()).unwrap_or_default();
    let named = query.as_ref().and_then(|query| query.get("properties")?.as_object());
    for (name, schema) in named.into_iter().flatten() {
        let is_required = required.iter().any(|one| one == name);
        parameters.push(json!({"name": name, "in": "query", "required": is_required, "schema": schema}));
    }
    if matches!(row.need, Need::Confirmed(_)) && row.writes {
        parameters.push(json!({
            "name": "Step-Up", "in": "header", "schema": {"type": "string"},
            "description": "The id of the question and the one-time code, with a space between them. Without it, a code is sent."
        }));
    }
    parameters
}

/// The key by which a request is known again.
fn key(again: Again) -> Option<Value> {
    let becomes = match again {
        Again::Served => return None,
        Again::Answered => "answered as before, with Idempotency-Replayed: true",
        Again::Refused => "refused with 409, since what it showed is shown once",
    };
    let description = format!(
        "A key of the sender's for this request alone. For 24 hours, the same request under the same key is done once; sent again, it is {becomes}."
    );
    let schema =
        json!({"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!#-\\[\\]-~]+$"});
    Some(json!({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": description}))
}

/// `post_users_by_id_disable`.
fn id(row: &AccessRow) -> String {
    let parts = row.path.trim_start_matches("/v1/").split('/').map(|part| match part.strip_prefix('{') {
        Some(rest) => format!("by_{}", rest.trim_end_matches('}')),
        None => part.replace('-', "_"),
    });
    [row.method.as_str().to_ascii_lowercase()].into_iter().chain(parts).collect::<Vec<_>>().join("_")
}

/// The first word of the path.
fn tag(path: &str) -> &str {
    path.trim_start_matches("/v1/").split('/').next().unwrap_or_default()
}

fn asks(need: Need) -> String {
    let named =
        |permission: bailiwick_domain::permission::Permission| permission.built_in_name().unwrap_or_default();
    match need {
        Need::Nobody => "For nobody.".into(),
        Need::Anyone => "Open to everybody.".into(),
        Need::SignedIn => "For every live session and key.".into(),
        Need::Recent => "For a person who proved lately who they are.".into(),
        Need::Enrolling => "For a person, also one who has to set up a second factor.".into(),
        Need::Proving => "For a person who has to prove who they are.".into(),
        Need::Has(permission) => format!("Takes the permission {}.", named(permission)),
        Need::RecentHas(permission) => {
            format!(
                "Takes the permission {}, and of a person a proof of the last minutes.",
                named(permission)
            )
        }
        Need::Confirmed(permission) => {
            format!("Takes the permission {} and a one-time code for this very change.", named(permission))
        }
    }
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "description": "urn:bailiwick:problem: and a word."},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "description": "The id of the request."},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                },
            },
        },
    })
}
