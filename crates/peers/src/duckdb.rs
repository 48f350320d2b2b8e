//! DuckDB, which reads Parquet.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::running::find;

/// What DuckDB answers to a query, over nothing but the files that it names: one object for each row.
///
/// # Panics
/// Where DuckDB is not installed, or refuses the query.
#[must_use]
pub fn duckdb(query: &str) -> Vec<Value> {
    let output = Command::new(find("duckdb"))
        .args(["-no-init", "-json", "-c", query])
        .stdin(Stdio::null())
        .output()
        .expect("a program that can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "DuckDB refuses: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("no rows, {error}: {said}"))
}

#[cfg(test)]
mod tests {
    use super::duckdb;

    #[test]
    fn duckdb_answers_with_rows() {
        let rows = duckdb("SELECT 1 AS one, 'a' AS letter UNION ALL SELECT 2, 'b' ORDER BY one");
        assert_eq!(
            rows,
            [serde_json::json!({"one": 1, "letter": "a"}), serde_json::json!({"one": 2, "letter": "b"})]
        );
        assert!(duckdb("SELECT 1 AS one WHERE false").is_empty());
    }
}
