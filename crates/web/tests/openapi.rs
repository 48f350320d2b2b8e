//! The description of the API: whole, well-formed, the committed one, and for everybody who is known.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use bailiwick_testkit::both_databases;
use serde_json::{Value, json};
use support::{Caller, Service};

fn document() -> Value {
    serde_json::from_str(&bailiwick_web::openapi()).unwrap()
}

/// Every operation with its path and method.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((path.clone(), method.to_uppercase(), operation));
        }
    }
    all
}

#[test]
fn every_route_of_the_api_is_described_and_nothing_else() {
    let document = document();
    let described: BTreeSet<_> =
        operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect();
    let table = bailiwick_web::routes().table().into_iter().filter(|row| row.path.starts_with("/v1/"));
    let routed: BTreeSet<_> = table.map(|row| (row.path.to_owned(), row.method.to_string())).collect();
    assert!(routed.len() > 150, "{}", routed.len());
    assert_eq!(described, routed);
}

#[test]
fn an_operation_says_what_it_takes_and_what_it_asks_for() {
    let document = document();
    let authorize = &document["paths"]["/v1/authorize"]["post"];
    assert_eq!(authorize["x-bailiwick-permission"], "access:check");
    let schema = &authorize["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(schema["properties"]["permissions"], json!({"type": "array", "items": {"type": "string"}}));
    let ways: BTreeSet<_> = schema["properties"]["subject"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|way| way["required"][0].as_str().unwrap())
        .collect();
    assert_eq!(ways, ["key", "session", "user"].into());
    assert_eq!(schema["required"], json!(["permissions", "subject"]));
    assert_eq!(schema["additionalProperties"], false);
    let delete = &document["paths"]["/v1/users/{id}/delete"]["post"];
    let names: Vec<_> =
        delete["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["id", "Step-Up", "Idempotency-Key"]);
    let listed = document["paths"]["/v1/users"]["get"]["parameters"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["name"] == "cursor" && one["in"] == "query"), "{listed:?}");
}

#[test]
fn the_description_is_well_formed() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{method} {path}: its id is another's"
        );
        let wanted: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let none = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&none);
        let given: BTreeSet<_> = parameters
            .iter()
            .filter(|one| one["in"] == "path")
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(given, wanted, "{method} {path}");
        assert!(method != "GET" || operation.get("requestBody").is_none(), "{path}");
        if let Some(required) = operation.pointer("/requestBody/content/application~1json/schema/required") {
            let properties =
                &operation.pointer("/requestBody/content/application~1json/schema/properties").unwrap();
            for name in required.as_array().unwrap() {
                assert!(properties.get(name.as_str().unwrap()).is_some(), "{method} {path}: {name}");
            }
        }
    }
}

/// Written anew by `bailiwick openapi > docs/openapi.json`, or by this test where `BAILIWICK_WRITE_OPENAPI` is set.
#[test]
fn the_committed_description_is_the_one_of_the_routes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    #[allow(clippy::disallowed_methods, reason = "asked by whoever writes the file anew")]
    if std::env::var_os("BAILIWICK_WRITE_OPENAPI").is_some() {
        std::fs::write(file, bailiwick_web::openapi()).unwrap();
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        committed == bailiwick_web::openapi(),
        "docs/openapi.json is stale: `cargo run -- openapi > docs/openapi.json`, then read the difference"
    );
}

both_databases! {
    async fn a_program_reads_the_description(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let answer = service.get(&(&acme.owner()).into(), "/v1/openapi.json").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").starts_with("application/vnd.oai.openapi+json"));
        assert_eq!(answer.json()["openapi"], "3.1.0");
        let page = service.get(&(&acme.owner()).into(), "/access/api").await.text();
        let count = operations(&document()).len();
        assert!(page.contains(&format!("{count} operations")) && page.contains("Takes the permission access:check."), "{page}");
        assert_eq!(service.get(&Caller::Nobody, "/v1/openapi.json").await.status, StatusCode::UNAUTHORIZED);
    }
}
