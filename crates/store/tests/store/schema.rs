//! The live schema against the reviewed one.

use bailiwick_store::{
    DatabaseKind, PoolOptions, Store,
    migrate::{self, MigrationError},
    schema::{self, SchemaError},
};
use bailiwick_testkit::{Db, Place, both_databases};

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
            ("DROP INDEX audit_leaf_by_actor", "audit_leaf_by_actor"),
            ("CREATE INDEX audit_leaf_by_actor ON audit_leaf (tenant, actor_id)", "(tenant, actor_id)"),
            ("DROP TABLE audit_personal", "audit_personal"),
            ("CREATE TABLE planted (id bigint)", "planted"),
            ("CREATE VIEW seen AS SELECT 1 AS one", "seen"),
        ];
        let sqlite = [("DROP TRIGGER audit_event_no_delete", "audit_event_no_delete"), ("DROP TRIGGER audit_leaf_no_update", "audit_leaf_no_update")];
        let postgres = [
            ("DROP TRIGGER audit_event_append_only ON audit_event", "trigger audit_event: CREATE TRIGGER audit_event_append_only"),
            ("ALTER TABLE audit_leaf DISABLE TRIGGER audit_leaf_append_only", "enabled D"),
            ("ALTER TABLE audit_leaf ENABLE TRIGGER audit_leaf_append_only", "enabled O"),
            ("CREATE OR REPLACE FUNCTION bailiwick_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'", "function bailiwick_append_only"),
            ("DROP POLICY session_own ON session", "session_own"),
            ("CREATE POLICY everything ON session USING (true)", "everything"),
            ("ALTER TABLE users DISABLE ROW LEVEL SECURITY", "table users: row security false, forced true"),
            ("ALTER TABLE users NO FORCE ROW LEVEL SECURITY", "table users: row security false, forced false"),
            ("REVOKE INSERT ON invitation FROM bailiwick_app", "grant invitation to bailiwick_app: SELECT, UPDATE"),
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

    async fn server_never_runs_with_the_rights_of_the_owner(db: Db) {
        if db.kind() == DatabaseKind::Sqlite {
            return; // A file has no roles.
        }
        let owner = db.another_with(&db.owner_options()).await;
        let error = schema::check(&owner).await.unwrap_err();
        assert!(matches!(&error, SchemaError::Privileged(role) if role.contains("acts as owner of the tables true")), "{error}");
        let Place::Postgres(database) = db.place() else { unreachable!() };
        let superuser = db.another_with(&PoolOptions { url: database.superuser_url().to_owned(), ..db.options() }).await;
        let error = schema::check(&superuser).await.unwrap_err();
        assert!(matches!(&error, SchemaError::Privileged(role) if role.contains("superuser true")), "{error}");
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
        for statement in [
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'of a newer version', true, '', 0)",
            "UPDATE _sqlx_migrations SET checksum = 'edited'",
        ] {
            let fresh = again(&db).await;
            let mut owner = Raw::owner(&fresh).await;
            let before = owner.number("SELECT count(*) FROM _sqlx_migrations").await;
            raw!(owner, statement).unwrap();
            let error = migrate::run(&fresh.owner_options()).await.unwrap_err();
            assert!(matches!(error, MigrationError::Foreign(_)), "{statement}: {error}");
            assert!(owner.number("SELECT count(*) FROM _sqlx_migrations").await - before <= 1);
        }
        let mut owner = Raw::owner(&db).await;
        raw!(owner, "UPDATE _sqlx_migrations SET success = false").unwrap();
        assert!(migrate::run(&db.owner_options()).await.is_err());
    }
}

/// A database of the same kind as `db`, which each change of the schema gets for itself.
async fn again(db: &Db) -> Db {
    match db.kind() {
        DatabaseKind::Sqlite => Db::sqlite().await,
        DatabaseKind::Postgres => Db::postgres().await,
    }
}

/// Whether `cargo xtask schema` asks for new files.
#[allow(clippy::disallowed_methods, reason = "asked by `cargo xtask schema` alone")]
fn writing() -> bool {
    std::env::var_os("BAILIWICK_WRITE_SCHEMA").is_some()
}
