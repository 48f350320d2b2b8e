//! Databases of tests are separate, cloned from one template, and gone afterwards.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::{Command, Output};

use bailiwick_testkit::postgres::{self, TestDatabase};

fn psql(url: &str, sql: &str) -> Output {
    #[allow(clippy::disallowed_methods, reason = "the path of psql is a setting of the tests")]
    let program = std::env::var_os("BAILIWICK_TEST_PSQL").unwrap_or_else(|| "psql".into());
    Command::new(program)
        .args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
        .output()
        .unwrap()
}

fn answer(url: &str, sql: &str) -> String {
    let output = psql(url, sql);
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn database() -> TestDatabase {
    postgres::migrated("testkit's own tests", async |owner_url| {
        // A second run of this would fail: each template is migrated once.
        answer(owner_url, "CREATE TABLE note (text text); GRANT SELECT, INSERT ON note TO bailiwick_app");
    })
    .await
}

#[tokio::test]
async fn service_has_the_privileges_of_the_application_and_no_others() {
    let database = database().await;
    assert_eq!(answer(database.app_url(), "INSERT INTO note VALUES ('a') RETURNING text"), "a");
    assert!(!psql(database.app_url(), "DELETE FROM note").status.success());
    assert!(!psql(database.app_url(), "CREATE TABLE other (id int)").status.success());
    let powers =
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user";
    assert_eq!(answer(database.app_url(), powers), "f");
}

#[tokio::test]
async fn one_test_sees_nothing_of_another() {
    let (one, other) = (database().await, database().await);
    answer(one.owner_url(), "INSERT INTO note VALUES ('a')");
    assert_eq!(answer(other.owner_url(), "SELECT count(*) FROM note"), "0");
    assert_eq!(answer(one.superuser_url(), "SELECT count(*) FROM note"), "1");
}

#[tokio::test]
async fn database_is_gone_after_its_test_even_while_in_use() {
    let (watcher, database) = (database().await, database().await);
    let sql = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", database.name());
    assert_eq!(answer(watcher.superuser_url(), &sql), "1");
    drop(database);
    assert_eq!(answer(watcher.superuser_url(), &sql), "0");
}

#[tokio::test]
async fn template_is_made_once_and_cloned_by_name() {
    let migrate = async |owner_url: &str| {
        answer(owner_url, "CREATE TABLE once (id int)");
    };
    let first = postgres::template("testkit's named template", migrate).await;
    let second = postgres::template("testkit's named template", migrate).await;
    assert_eq!(first, second);
    let clone = postgres::create_database(Some(&first));
    assert_eq!(answer(clone.owner_url(), "SELECT count(*) FROM once"), "0");
}

#[test]
fn empty_database_belongs_to_the_owner() {
    let database = postgres::create_database(None);
    answer(database.owner_url(), "CREATE TABLE mine (id int)");
}
