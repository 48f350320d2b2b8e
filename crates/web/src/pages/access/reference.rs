//! The API for people: every operation below `/v1`, what it takes and what it asks for, from the description that programs read.

use std::sync::LazyLock;

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::rule::ReadSystem;
use serde_json::Value;

use super::table::class;
use crate::{
    access::Access,
    description::document,
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "access/reference.html")]
pub(super) struct ReferencePage {
    shell: Shell,
    rows: &'static [Operation],
}

struct Operation {
    method: String,
    class: &'static str,
    path: String,
    asks: String,
    takes: Vec<Taken>,
}

/// One thing that an operation takes.
struct Taken {
    name: String,
    /// `path`, `query`, `header` or `body`.
    place: String,
    kind: String,
    required: bool,
}

/// Made once: it follows from the program alone.
static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = document(&crate::routes());
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let of_path = |(path, methods): (&String, &Value)| -> Vec<Operation> {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(|(method, described)| operation(method, path, described)).collect()
    };
    paths.flat_map(of_path).collect()
});

fn operation(method: &str, path: &str, described: &Value) -> Operation {
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameters = described.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut takes: Vec<_> = parameters
        .map(|parameter| Taken {
            name: text(parameter, "name"),
            place: text(parameter, "in"),
            kind: parameter.get("schema").map(kind).unwrap_or_default(),
            required: parameter.get("required").and_then(Value::as_bool).unwrap_or_default(),
        })
        .collect();
    if let Some(schema) = described.pointer("/requestBody/content/application~1json/schema") {
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        takes.extend(fields.map(|(name, schema)| Taken {
            name: name.clone(),
            place: "body".into(),
            kind: kind(schema),
            required: required.iter().any(|one| one == name),
        }));
    }
    let method = method.to_ascii_uppercase();
    Operation {
        class: class(&method),
        method,
        path: path.to_owned(),
        asks: text(described, "description"),
        takes,
    }
}

/// What a schema lets through, in a word or a few.
fn kind(schema: &Value) -> String {
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
        return names.join(" | ");
    }
    let of = |name: &Value| match name.as_str() {
        Some("array") => {
            schema.get("items").map_or_else(|| "list".into(), |items| format!("list of {}", kind(items)))
        }
        Some("null") | None => String::new(),
        Some(name) => name.to_owned(),
    };
    match schema.get("type") {
        Some(Value::Array(names)) => names.iter().map(of).find(|name| !name.is_empty()).unwrap_or_default(),
        Some(name) => of(name),
        None => "anything".into(),
    }
}

pub(super) async fn reference(Access(permit): Access<ReadSystem>, visit: Visit) -> ReferencePage {
    let shell = Shell::new(&permit, &visit, "API reference").under("Access table", "/access");
    ReferencePage { shell, rows: &OPERATIONS }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn developer_reads_what_each_operation_takes(db: Db) {
            let developer = db.tenant("acme").await.user(Role::Developer).await;
            let page = Browser::of(&developer).get("/access/api").await.page();
            for text in ["/v1/authorize", "permissions", "list of string", "Takes the permission access:check.", "/v1/openapi.json", "Step-Up"] {
                assert!(page.contains(text), "{text}");
            }
            let table = Browser::of(&developer).get("/access").await.page();
            assert!(table.contains("href=\"/access/api\""));
        }
    }
}
