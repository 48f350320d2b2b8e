//! Every query text of the store is understood by the database it is written for.
//!
//! The texts are not checked at compile time, so they are collected from the sources and prepared against the migrated
//! schemas, whether or not another test runs them.

use std::{fs, path::Path};

use bailiwick_testkit::both_databases;
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr, error::DatabaseError};

use crate::support::raw::Raw;

/// Words by which a text is known to be for one database alone.
const POSTGRES_ONLY: [&str; 10] = [
    "key_cache_",
    "unnest(",
    "bailiwick_",
    " ANY (",
    "AS (INSERT",
    "set_config",
    "FOR UPDATE",
    "pg_",
    "advisory",
    "REPEATABLE READ",
];
const SQLITE_ONLY: [&str; 7] = ["?", "json_each", "unhex", "SAVEPOINT", "sqlite_", " turn", "IMMEDIATE"];

/// Where the words stand that several texts about people share.
const LISTED: &str = include_str!("../../src/users/listed.rs");

/// The source with `listed!` and `columns!` written out, so that each text is one literal.
fn written_out(source: &str) -> String {
    let columns = composed(body_of(LISTED, "columns"));
    let joined = |source: &str| {
        let mut parts = source.split("columns!(),");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let before = text.trim_end_matches("$crate::users::listed::").trim_end();
            let before = before.strip_suffix("\",").unwrap();
            let after = part.trim_start().strip_prefix('"').unwrap();
            text = format!("{before}{columns}{after}");
        }
        text
    };
    let frame = joined(body_of(LISTED, "listed"));
    let head = composed(&frame);
    let mut parts = source.split("listed!(");
    let mut text = joined(parts.next().unwrap_or_default());
    for part in parts {
        let tail = part.trim_start().strip_prefix('"').unwrap();
        text.push_str(&format!("(\"{head}{}", joined(tail)));
    }
    text
}

/// The string literals of one source file that are SQL, with macros of literals put together.
pub(crate) fn texts_of(source: &str) -> Vec<String> {
    let source = written_out(source.split("#[cfg(test)]").next().unwrap_or_default());
    let mut texts = Vec::new();
    let mut rest = source.as_str();
    while let Some(start) = rest.find('"') {
        let from = &rest[start + 1..];
        let mut end = 0;
        let bytes = from.as_bytes();
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        texts.push(from[..end].replace("\\\\", "\\"));
        rest = &from[end + 1..];
    }
    texts.retain(|text| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "\nWITH "]
            .iter()
            .any(|word| text.starts_with(word))
    });
    texts
}

/// What stands between the braces of a macro of one rule.
fn body_of<'a>(source: &'a str, name: &str) -> &'a str {
    let from = source.split(&format!("macro_rules! {name} ")).nth(1).unwrap();
    let from = from.split("=> {").nth(1).unwrap();
    &from[..from.find("\n    };").unwrap()]
}

/// The literals up to the end of the statement, one after the other.
fn composed(statement: &str) -> String {
    let (mut text, mut rest) = (String::new(), statement);
    loop {
        let next = rest.find(['"', ';']).unwrap_or(rest.len());
        if rest.as_bytes().get(next) != Some(&b'"') {
            return text;
        }
        let literal = &rest[next + 1..];
        let end = literal.find('"').unwrap();
        text.push_str(&literal[..end]);
        rest = &literal[end + 1..];
    }
}

fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, texts);
        } else if path.file_name().is_some_and(|name| name == "tests.rs") {
            // Over tables of their own.
        } else {
            texts.extend(texts_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

both_databases! {
    async fn every_query_text_can_be_prepared(db: Db) {
        let mut texts = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
        texts.sort();
        texts.dedup();
        assert!(texts.len() > 90, "only {} texts were found", texts.len());
        let (mut raw, mut prepared) = (Raw::service(&db).await, 0);
        for text in texts {
            let sql = AssertSqlSafe(text.clone()).into_sql_str();
            let answer = match &mut raw {
                Raw::Sqlite(_) if POSTGRES_ONLY.iter().any(|word| text.contains(word)) => continue,
                Raw::Postgres(_) if SQLITE_ONLY.iter().any(|word| text.contains(word)) => continue,
                Raw::Sqlite(c) => c.prepare(sql).await.map(drop),
                Raw::Postgres(c) => c.prepare(sql).await.map(drop),
            };
            match answer {
                Ok(()) => prepared += 1,
                // `$2 IS NULL` says nothing of a type, which the values bring along when the text is run.
                Err(error) if error.as_database_error().and_then(DatabaseError::code).as_deref() == Some("42P08") && text.contains(" IS NULL OR ") => {}
                Err(error) => panic!("{text}\n{error}"),
            }
        }
        assert!(prepared > 80, "only {prepared} texts were prepared");
    }
}
