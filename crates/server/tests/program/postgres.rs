//! The same on PostgreSQL, with an owner of the tables and an account for the service.

use std::process::Command;

use bailiwick_testkit::postgres::{TestDatabase, create_database};

use crate::support::Place;

/// A folder whose environment leads to an empty database of its own.
pub(crate) fn beside_postgres() -> (Place, TestDatabase) {
    let database = create_database(None);
    let mut place = Place::empty();
    place.set("BAILIWICK_DATABASE__URL", database.app_url());
    place.set("BAILIWICK_DATABASE__TLS_MODE", "disable");
    place.set("BAILIWICK_DATABASE__OWNER_URL", database.owner_url());
    (place, database)
}

/// Begins an installation and gives the first owner's link.
pub(crate) fn init(place: &Place) -> String {
    let ran = place.run(["init", "--email", "root@example.com", "--name", "Root Owner"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out.split_whitespace().find(|word| word.contains("/enrol/")).unwrap_or_default().to_owned()
}

fn sql(database: &TestDatabase, statement: &str) {
    #[allow(clippy::disallowed_methods, reason = "the setting of the tests")]
    let program = std::env::var("BAILIWICK_TEST_PSQL").unwrap_or_else(|_| "psql".into());
    let ran = Command::new(program)
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, database.superuser_url()])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

/// What a statement answers, as text without headings.
pub(crate) fn asked(database: &TestDatabase, statement: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "the setting of the tests")]
    let program = std::env::var("BAILIWICK_TEST_PSQL").unwrap_or_else(|_| "psql".into());
    let ran = Command::new(program)
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, database.superuser_url()])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

#[test]
fn operator_begins_an_installation_on_postgresql_and_serves_it() {
    let (place, _database) = beside_postgres();
    init(&place);
    let check = place.run(["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    let server = place.serve(&[]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop().0.code(), Some(0));
    let verified = place.run(["audit", "verify"]);
    assert!(
        verified.code == 0 && verified.out.contains("Every record fits: 4 events, 1 tenant."),
        "{verified:?}"
    );
}

#[test]
fn a_database_that_was_not_migrated_or_belongs_to_others_is_refused() {
    let (place, database) = beside_postgres();
    init(&place);
    let empty = create_database(None);
    let other = format!("database.url={}", empty.app_url());
    place.refuses(["serve", "--set", &other], 3, &["the database is empty: run `bailiwick migrate`"]);
    sql(&database, "ALTER TABLE users ADD COLUMN nickname text");
    place.refuses(
        ["serve"],
        3,
        &["the database schema is not the one of this version", "users.nickname", "what to do: "],
    );
}

#[test]
fn a_function_that_was_given_the_rights_of_its_owner_is_refused() {
    let (place, database) = beside_postgres();
    init(&place);
    sql(&database, "ALTER FUNCTION bailiwick_tenant() SECURITY DEFINER");
    place.refuses(["serve"], 3, &["function bailiwick_tenant()", "security definer true", "what to do: "]);
}

#[test]
fn a_tree_that_somebody_changed_is_refused_and_its_tenant_is_named() {
    let (place, database) = beside_postgres();
    init(&place);
    assert_eq!(place.run(["check"]).code, 0);
    sql(&database, "UPDATE audit_tree SET size = size - 1");
    let words = [
        "the stored tree of the audit log of tenant",
        "what to do: somebody changed",
        "`bailiwick audit verify`",
    ];
    place.refuses(["serve"], 3, &words);
    let checked = place.run(["check"]);
    assert!(checked.code == 1 && checked.out.contains("checkpoints    failed"), "{checked:?}");
    let verified = place.run(["audit", "verify"]);
    assert!(
        verified.code == 1 && verified.err.contains("tenant platform: the stored tree of"),
        "{verified:?}"
    );
}

#[test]
fn a_database_that_others_use_is_not_migrated() {
    let (place, database) = beside_postgres();
    init(&place);
    let other = create_database(None);
    sql(&other, "CREATE TABLE invoices (id bigint)");
    let url = format!("database.owner_url={}", other.owner_url());
    let words = [
        &format!("the database {} is not empty and was not made by Bailiwick", other.name()),
        "table public.invoices",
        "what to do: name an empty database",
    ];
    place.refuses(["migrate", "--set", &url], 3, &words);
    drop(database);
}

#[test]
fn a_database_of_a_newer_version_is_not_migrated_and_not_served() {
    let (place, database) = beside_postgres();
    init(&place);
    sql(
        &database,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999999, 'later', true, '\\x00', 0);
         CREATE TABLE later (id bigint)",
    );
    place.refuses(
        ["migrate"],
        3,
        &[
            "belongs to a newer version: it has migration 999999",
            "use the version that migrated the database",
        ],
    );
    place.refuses(["serve"], 3, &["the database schema is not the one of this version", "later"]);
}

#[test]
fn a_second_init_leaves_the_installation_of_the_first_alone() {
    let (place, database) = beside_postgres();
    init(&place);
    let mut second = Place::empty();
    second.set("BAILIWICK_DATABASE__URL", database.app_url());
    second.set("BAILIWICK_DATABASE__TLS_MODE", "disable");
    second.refuses(
        ["init", "--email", "root@example.com", "--name", "Root"],
        3,
        &["the database belongs to an installation already"],
    );
    assert_eq!(place.run(["check"]).code, 0);
}

#[test]
fn the_account_that_owns_the_tables_may_not_serve() {
    let (place, database) = beside_postgres();
    init(&place);
    let owner = format!("database.url={}", database.owner_url());
    place.refuses(["serve", "--set", &owner], 3, &["with too much power"]);
}

#[test]
fn operator_reads_that_the_server_offers_no_tls() {
    let (place, _database) = beside_postgres();
    init(&place);
    place.refuses(
        ["serve", "--set", "database.tls_mode=verify-full"],
        3,
        &["cannot be reached", "`database.tls_mode` is one it offers"],
    );
}
