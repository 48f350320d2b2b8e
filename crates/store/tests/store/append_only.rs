//! Nobody changes the past: neither the service's role nor the owner of the tables.

use bailiwick_store::DatabaseKind;
use bailiwick_testkit::{both_databases, postgres_only};

use crate::{raw, support::raw::Raw};

const LOG: [&str; 4] = ["audit_event", "audit_leaf", "audit_tile", "audit_checkpoint"];

/// Puts a row into every table of the log, so that row triggers have something to refuse.
async fn fill(db: &bailiwick_testkit::Db) {
    let acme = db.tenant("acme").await;
    db.sign().await;
    let mut raw = Raw::superuser(db).await;
    raw!(
        raw,
        "INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES ($1, 0, 0, $2)",
        acme.id().uuid(),
        vec![0_u8; 8192]
    )
    .unwrap();
    for table in LOG {
        assert!(raw.number(&format!("SELECT count(*) FROM {table}")).await > 0, "{table}");
    }
}

both_databases! {
    async fn triggers_refuse_even_the_owner(db: Db) {
        fill(&db).await;
        // Of the owner's rights nothing is missing here, and a superuser is not held back by row-level security.
        let mut raw = Raw::superuser(&db).await;
        for table in LOG {
            let mut statements = vec![format!("UPDATE {table} SET tenant = tenant"), format!("DELETE FROM {table}")];
            if raw.kind() == DatabaseKind::Postgres {
                statements.push(format!("TRUNCATE {table} CASCADE"));
            }
            for statement in statements {
                let error = raw!(raw, statement).unwrap_err().to_string();
                assert!(error.contains(&format!("{table} is append-only")), "{statement}: {error}");
            }
        }
        if raw.kind() == DatabaseKind::Postgres {
            // The role of a replica does not switch them off.
            raw!(raw, "SET session_replication_role = replica").unwrap();
            assert!(raw!(raw, "DELETE FROM audit_event").is_err());
        }
    }
}

// A file has no roles.
postgres_only! {
    async fn service_may_only_insert_and_select(db: Db) {
        fill(&db).await;
        let mut service = Raw::service(&db).await;
        for table in LOG {
            for statement in [
                format!("UPDATE {table} SET tenant = tenant"),
                format!("DELETE FROM {table}"),
                format!("TRUNCATE {table}"),
                format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
                format!("DROP TABLE {table}"),
                format!("CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING"),
            ] {
                let error = raw!(service, statement).unwrap_err();
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
                // Insufficient privilege; ownership is one.
                assert_eq!(code, "42501", "{statement}: {error}");
            }
        }
        for statement in [
            "CREATE TABLE mine (id bigint)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION bailiwick_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "SET session_replication_role = replica",
            "SET ROLE bailiwick_owner",
            "UPDATE _sqlx_migrations SET success = true",
            "DELETE FROM users",
            "DELETE FROM session",
            "DELETE FROM tenant",
        ] {
            assert!(raw!(service, statement).is_err(), "{statement}");
        }
    }
}
