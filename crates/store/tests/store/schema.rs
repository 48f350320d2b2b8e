//! The live schema against the reviewed one.

use bailiwick_store::{
    DatabaseKind, PoolOptions, Store,
    migrate::{self, MigrationError},
    schema::{self, SchemaError},
};
use bailiwick_testkit::{Db, Place, both_databases, postgres_only, sqlite_only};

use crate::{raw, support::raw::Raw};

both_databases! {
    async fn fresh_database_has_the_reviewed_schema(db: Db) {
        let (file, reviewed) = match db.kind() {
            DatabaseKind::Sqlite => ("sqlite.txt", include_str!("../../schema/sqlite.txt")),
            DatabaseKind::Postgres => ("postgres.txt", include_str!("../../schema/postgres.txt")),
        };
        let live: String = schema::describe(&db.store).await.unwrap().iter().map(|line| format!("{line}\n")).collect();
        if writing() {
            std::fs::write(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(file), live).unwrap();
            return;
        }
        assert!(live == reviewed, "the migrations lead to another schema than schema/{file}: run `cargo xtask schema` and review the difference\n{live}");
        schema::check(&db.store).await.unwrap();
    }

    async fn check_names_whatever_was_taken_away_or_added(db: Db) {
        let both = [
            ("ALTER TABLE session ADD COLUMN note text", "note"),
            ("DROP INDEX audit_leaf_by_entity", "audit_leaf_by_entity"),
            ("CREATE INDEX audit_leaf_by_entity ON audit_leaf (tenant, entity_id)", "(tenant, entity_id)"),
            ("DROP TABLE audit_tail", "audit_tail"),
            ("CREATE TABLE planted (id bigint)", "planted"),
            ("CREATE VIEW seen AS SELECT 1 AS one", "seen"),
        ];
        let sqlite = [("DROP TRIGGER audit_event_no_delete", "audit_event_no_delete"), ("DROP TRIGGER audit_leaf_no_update", "audit_leaf_no_update"), ("DROP TRIGGER audit_tile_no_replace", "audit_tile_no_replace")];
        let postgres = [
            ("DROP TRIGGER audit_event_append_only ON audit_event", "trigger audit_event: CREATE TRIGGER audit_event_append_only"),
            ("ALTER TABLE audit_leaf DISABLE TRIGGER audit_leaf_append_only", "enabled D"),
            ("ALTER TABLE audit_leaf ENABLE TRIGGER audit_leaf_append_only", "enabled O"),
            ("CREATE OR REPLACE FUNCTION bailiwick_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", "function bailiwick_append_only"),
            ("ALTER FUNCTION bailiwick_tenant() SECURITY DEFINER", "function bailiwick_tenant() returns uuid: sql, volatility s, security definer true"),
            ("ALTER FUNCTION bailiwick_append_only() SET search_path = 'elsewhere'", "settings search_path=elsewhere"),
            ("ALTER FUNCTION bailiwick_tenant() IMMUTABLE", "function bailiwick_tenant() returns uuid: sql, volatility i"),
            ("CREATE FUNCTION bailiwick_tenant(text) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'", "function bailiwick_tenant(text) returns uuid"),
            ("DROP POLICY session_own ON session", "session_own"),
            ("CREATE POLICY everything ON session USING (true)", "everything"),
            ("ALTER TABLE users DISABLE ROW LEVEL SECURITY", "table users: row security false, forced true"),
            ("ALTER TABLE users NO FORCE ROW LEVEL SECURITY", "table users: row security false, forced false"),
            ("REVOKE INSERT ON invitation FROM bailiwick_app", "grant invitation to bailiwick_app: DELETE, SELECT, UPDATE"),
            ("GRANT DELETE ON audit_event TO bailiwick_app", "grant audit_event to bailiwick_app: DELETE, INSERT, SELECT"),
            ("GRANT UPDATE ON audit_event TO PUBLIC", "grant audit_event to public: UPDATE"),
            ("GRANT UPDATE (bytes) ON audit_event TO bailiwick_app", "grant audit_event.bytes to bailiwick_app: UPDATE"),
            ("GRANT TRUNCATE ON audit_event TO bailiwick_service", "grant audit_event to bailiwick_service: TRUNCATE"),
            ("ALTER TABLE audit_event ALTER COLUMN bytes DROP NOT NULL", "column audit_event.bytes: bytea"),
            ("ALTER TABLE users DROP CONSTRAINT users_tenant_email_key", "users_tenant_email_key"),
            ("CREATE RULE swallow AS ON INSERT TO audit_event DO INSTEAD NOTHING", "rule audit_event.swallow"),
        ];
        let one_kind: &[(&str, &str)] = if db.kind() == DatabaseKind::Sqlite { &sqlite } else { &postgres };
        schema::check(&db.store).await.unwrap();
        let mut owner = Raw::owner(&db).await;
        let mut known = Vec::new();
        for (statement, named) in both.iter().chain(one_kind) {
            raw!(owner, statement).unwrap();
            let error = schema::check(&db.store).await.unwrap_err();
            let SchemaError::Mismatch { missing, unknown } = &error else { panic!("{statement}: {error}") };
            let objects: Vec<_> = missing.iter().chain(unknown).cloned().collect();
            assert!(objects.iter().any(|object| object.contains(named) && !known.contains(object)), "{statement}: {error}");
            known = objects;
        }
    }

    async fn empty_database_asks_for_a_migration(db: Db) {
        let fresh = again(&db).await;
        let mut owner = Raw::tampering(&fresh).await;
        match owner.kind() {
            DatabaseKind::Sqlite => {
                let options = PoolOptions::new(format!("sqlite:{}", db.folder().join("empty.db").display()));
                let empty: Store = db.another_with(&options).await;
                assert!(matches!(schema::check(&empty).await, Err(SchemaError::Empty)));
            }
            DatabaseKind::Postgres => {
                raw!(owner, "DROP SCHEMA public CASCADE").unwrap();
                raw!(owner, "CREATE SCHEMA public").unwrap();
                assert!(matches!(schema::check(&fresh.store).await, Err(SchemaError::Empty)));
            }
        }
    }

    async fn migrating_again_changes_nothing(db: Db) {
        let applied = migrate::run(&db.owner_options()).await.unwrap();
        assert_eq!(applied.before, applied.now);
        assert!(applied.now > 0);
        schema::check(&db.store).await.unwrap();
    }

    async fn newer_edited_and_unfinished_migrations_are_refused(db: Db) {
        for (statement, said) in [
            ("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'of a newer version', true, '', 0)", "a newer version: it has migration 9999"),
            ("UPDATE _sqlx_migrations SET checksum = 'edited'", "its migration 1 is another one"),
        ] {
            let fresh = again(&db).await;
            let mut owner = Raw::owner(&fresh).await;
            raw!(owner, statement).unwrap();
            let before = owner.number("SELECT count(*) FROM _sqlx_migrations").await;
            let error = migrate::run(&fresh.owner_options()).await.unwrap_err();
            assert!(matches!(error, MigrationError::Newer { .. } | MigrationError::Other { .. }), "{statement}: {error}");
            let words = error.to_string();
            assert!(words.contains(said) && words.contains(&name(&fresh)), "{words}");
            assert_eq!(owner.number("SELECT count(*) FROM _sqlx_migrations").await, before);
        }
        let mut owner = Raw::owner(&db).await;
        raw!(owner, "UPDATE _sqlx_migrations SET success = false").unwrap();
        assert!(migrate::run(&db.owner_options()).await.is_err());
    }

    async fn database_of_another_program_is_refused_and_stays_as_it_is(db: Db) {
        let foreign = again(&db).await;
        let mut owner = Raw::tampering(&foreign).await;
        let options = match foreign.place() {
            Place::Sqlite(_) => PoolOptions::new(format!("sqlite:{}", foreign.folder().join("foreign.db").display())),
            Place::Postgres(_) => {
                raw!(owner, "DROP SCHEMA public CASCADE").unwrap();
                raw!(owner, "CREATE SCHEMA public AUTHORIZATION bailiwick_owner").unwrap();
                owner = Raw::owner(&foreign).await;
                foreign.owner_options()
            }
        };
        let file = foreign.folder().join("foreign.db");
        if let Place::Sqlite(_) = foreign.place() {
            let create = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
            owner = Raw::Sqlite(<sqlx::SqliteConnection as sqlx::Connection>::connect_with(&create).await.unwrap());
        }
        for statement in ["CREATE TABLE invoices (id bigint)", "CREATE TABLE _sqlx_migrations (version bigint, checksum text)"] {
            raw!(owner, statement).unwrap();
            let before = std::fs::read(&file).ok();
            let error = migrate::run(&options).await.unwrap_err();
            let MigrationError::Foreign { database, object } = &error else { panic!("{error}") };
            assert!(object.starts_with("table ") && object.ends_with("invoices"), "{object}");
            let name = match foreign.place() {
                Place::Sqlite(_) => file.display().to_string(),
                Place::Postgres(_) => name(&foreign),
            };
            assert_eq!(*database, name);
            assert!(error.to_string().contains("was not made by Bailiwick"), "{error}");
            // Not even the way in which the file is written is another one, and no list of migrations was begun.
            assert_eq!(std::fs::read(&file).ok(), before);
            assert!(raw!(owner, "SELECT 1 FROM users").is_err());
            assert!(raw!(owner, "SELECT success FROM _sqlx_migrations").is_err());
        }
        raw!(owner, "DROP TABLE invoices").unwrap();
        raw!(owner, "DROP TABLE _sqlx_migrations").unwrap();
        assert!(migrate::run(&options).await.unwrap().now > 0, "emptied, it may be used");
    }
}

/// A database of the same kind as `db`, which each change of the schema gets for itself.
async fn again(db: &Db) -> Db {
    match db.kind() {
        DatabaseKind::Sqlite => Db::sqlite().await,
        DatabaseKind::Postgres => Db::postgres().await,
    }
}

/// The name under which an operator knows the database.
fn name(db: &Db) -> String {
    match db.place() {
        Place::Sqlite(path) => path.display().to_string(),
        Place::Postgres(database) => database.name().to_owned(),
    }
}

/// Whether `cargo xtask schema` asks for new files.
#[allow(clippy::disallowed_methods, reason = "asked by `cargo xtask schema` alone")]
fn writing() -> bool {
    std::env::var_os("BAILIWICK_WRITE_SCHEMA").is_some()
}

// A file has no roles.
postgres_only! {
    async fn server_never_runs_with_the_rights_of_the_owner(db: Db) {
        let owner = db.another_with(&db.owner_options()).await;
        let error = schema::check(&owner).await.unwrap_err();
        assert!(matches!(&error, SchemaError::Privileged(role) if role.contains("acts as owner of the tables true")), "{error}");
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let superuser = db.another_with(&PoolOptions { url: database.superuser_url().to_owned(), ..db.options() }).await;
        let error = schema::check(&superuser).await.unwrap_err();
        assert!(matches!(&error, SchemaError::Privileged(role) if role.contains("superuser true")), "{error}");
    }

    async fn server_never_runs_with_a_role_that_may_become_a_more_powerful_one(db: Db) {
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let mut raw = Raw::superuser(&db).await;
        for (n, (attribute, said)) in [
            ("BYPASSRLS", "bypasses row security true"),
            ("CREATEROLE", "makes roles true"),
            ("REPLICATION", "replicates true"),
        ]
        .into_iter()
        .enumerate()
        {
            let (strong, weak) = (format!("{}_strong_{n}", database.name()), format!("{}_weak_{n}", database.name()));
            let password = database.app_url().split(['/', ':', '@']).nth(4).unwrap().to_owned();
            raw!(raw, format!("CREATE ROLE {strong} NOLOGIN {attribute}")).unwrap();
            raw!(raw, format!("CREATE ROLE {weak} LOGIN PASSWORD '{password}' IN ROLE bailiwick_app, {strong}")).unwrap();
            let url = database.app_url().replace("bailiwick_service", &weak);
            let store = db.another_with(&PoolOptions { url, ..db.options() }).await;
            let checked = schema::check(&store).await;
            store.close().await;
            raw!(raw, format!("DROP ROLE {weak}")).unwrap();
            raw!(raw, format!("DROP ROLE {strong}")).unwrap();
            let error = checked.unwrap_err();
            assert!(matches!(&error, SchemaError::Privileged(role) if role.contains(said)), "{attribute}: {error}");
        }
        schema::check(&db.store).await.unwrap();
    }

    async fn table_or_function_that_changed_hands_is_named(db: Db) {
        let mut raw = Raw::superuser(&db).await;
        let superuser: Vec<(String,)> = crate::raw_rows!(raw, "SELECT current_user::text");
        for (statement, back, named) in [
            ("ALTER TABLE audit_event OWNER TO", "ALTER TABLE audit_event OWNER TO bailiwick_owner", "table audit_event: "),
            ("ALTER FUNCTION bailiwick_append_only() OWNER TO", "ALTER FUNCTION bailiwick_append_only() OWNER TO bailiwick_owner", "function bailiwick_append_only() "),
        ] {
            raw!(raw, format!("{statement} {}", superuser[0].0)).unwrap();
            let error = schema::check(&db.store).await.unwrap_err();
            let SchemaError::Mismatch { unknown, .. } = &error else { panic!("{error}") };
            assert!(unknown.iter().any(|object| object.starts_with(named) && object.contains("of one owner with the")), "{error}");
            raw!(raw, back).unwrap();
            schema::check(&db.store).await.unwrap();
        }
    }
}

sqlite_only! {
    async fn file_of_another_kind_is_refused_and_stays_as_it_is(db: Db) {
        let letter = db.folder().join("letter.db");
        let text = "This is a letter, and no database at all. ".repeat(100);
        std::fs::write(&letter, &text).unwrap();
        let options = PoolOptions::new(format!("sqlite:{}", letter.display()));
        let error = migrate::run(&options).await.unwrap_err();
        assert!(matches!(error, MigrationError::Foreign { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&letter).unwrap(), text);
    }
}
