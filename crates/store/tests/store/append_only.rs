//! Nobody changes the past: neither the service's role nor the owner of the tables.

use bailiwick_store::DatabaseKind;
use bailiwick_testkit::{both_databases, postgres_only, sqlite_only};

use crate::{raw, support::raw::Raw};

const LOG: [&str; 11] = [
    "audit_event",
    "audit_leaf",
    "audit_tile",
    "audit_checkpoint",
    "audit_cosignature",
    "audit_refusal",
    "audit_epoch",
    "audit_region_head",
    "audit_posting",
    "audit_drill",
    "audit_segment",
];

/// What makes a row of the log the one that it is.
const KEYS: [(&str, &str); 13] = [
    ("audit_event", "tenant, id"),
    ("audit_leaf", "tenant, leaf_index"),
    ("audit_leaf", "tenant, event"),
    ("audit_tile", "tenant, level, idx"),
    ("audit_checkpoint", "tenant, size"),
    ("audit_cosignature", "tenant, size, witness"),
    ("audit_refusal", "tenant, id"),
    ("audit_epoch", "tenant, epoch"),
    ("audit_region_head", "tenant, heads_index"),
    ("audit_posting", "tenant, term, block"),
    ("audit_drill", "tenant, id"),
    ("audit_segment", "tenant, size"),
    ("audit_segment", "tenant, first_leaf"),
];

/// Rows that take the place of those that are there, each by one of its keys or, where it has one, by its rowid alone.
const REPLACING: [&str; 20] = [
    "audit_event (tenant, id, hash, bytes) SELECT tenant, id, hash, x'7b7d' FROM audit_event",
    "audit_leaf SELECT tenant, leaf_index, randomblob(16), hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision FROM audit_leaf",
    "audit_leaf SELECT tenant, leaf_index + 1000000, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision FROM audit_leaf",
    "audit_tile (tenant, level, idx, hashes) SELECT tenant, level, idx, zeroblob(8192) FROM audit_tile",
    "audit_tile (rowid, tenant, level, idx, hashes) SELECT rowid, tenant, level, idx + 1000000, hashes FROM audit_tile",
    "audit_posting (tenant, term, block, hits) SELECT tenant, term, block, x'' FROM audit_posting",
    "audit_checkpoint (tenant, size, note, signed_at) SELECT tenant, size, 'another', signed_at FROM audit_checkpoint",
    "audit_checkpoint (rowid, tenant, size, note, signed_at) SELECT rowid, tenant, size + 1000000, note, signed_at FROM audit_checkpoint",
    "audit_cosignature (tenant, size, witness, line, cosigned_at) SELECT tenant, size, witness, 'another', cosigned_at FROM audit_cosignature",
    "audit_cosignature (rowid, tenant, size, witness, line, cosigned_at) SELECT rowid, tenant, size + 1000000, witness, line, cosigned_at FROM audit_cosignature",
    "audit_refusal (tenant, id, refuser, why, size, seen, at) SELECT tenant, id, 'another', why, size, seen, at FROM audit_refusal",
    "audit_refusal (rowid, tenant, id, refuser, why, size, seen, at) SELECT rowid, tenant, randomblob(16), refuser, why, size, seen, at FROM audit_refusal",
    "audit_epoch (tenant, epoch, id, kept, kept_at, signed, signed_at, begun_at) SELECT tenant, epoch, id, 0, kept_at, signed, signed_at, begun_at FROM audit_epoch",
    "audit_epoch (rowid, tenant, epoch, id, kept, kept_at, signed, signed_at, begun_at) SELECT rowid, tenant, epoch + 1000000, id, kept, kept_at, signed, signed_at, begun_at FROM audit_epoch",
    "audit_region_head (tenant, heads_index, receipt, noted_at) SELECT tenant, heads_index, 'another', noted_at FROM audit_region_head",
    "audit_region_head (rowid, tenant, heads_index, receipt, noted_at) SELECT rowid, tenant, heads_index + 1000000, receipt, noted_at FROM audit_region_head",
    "audit_drill SELECT * FROM audit_drill",
    "audit_drill (rowid, tenant, id, kind, target, outcome, found, records, took_micros, seed, probes, at)
     SELECT rowid, tenant, randomblob(16), kind, target, outcome, found, records, took_micros, seed, probes, at FROM audit_drill",
    "audit_segment SELECT tenant, size + 1000000, first_leaf, octets, digest, frontier, written_at FROM audit_segment",
    "audit_segment (rowid, tenant, size, first_leaf, octets, digest, frontier, written_at)
     SELECT rowid, tenant, size + 1000000, first_leaf + 1000000, octets, digest, frontier, written_at FROM audit_segment",
];

/// Puts a row into every table of the log, so that row triggers have something to refuse.
async fn fill(db: &bailiwick_testkit::Db) {
    let acme = db.tenant("acme").await;
    db.sign().await;
    let choice = bailiwick_ops::audit::drills::Choice::default();
    let notary = db.signer().notary();
    bailiwick_ops::audit::drills::run(&db.store, &acme.job(), &notary, choice).await.unwrap();
    let mut raw = Raw::superuser(db).await;
    raw!(
        raw,
        "INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES ($1, 0, 0, $2)",
        acme.id().uuid(),
        vec![0_u8; 8192]
    )
    .unwrap();
    for rows in [
        "audit_cosignature (tenant, size, witness, line, cosigned_at) VALUES ($1, 1, 'w1.example', 'a line', 0)",
        "audit_refusal (tenant, id, refuser, why, size, seen, at) VALUES ($1, $1, 'w1.example', 'fork', 1, 1, 0)",
        "audit_epoch (tenant, epoch, id, kept, signed, begun_at) VALUES ($1, 2, $1, 0, 1, 0)",
    ] {
        raw!(raw, format!("INSERT INTO {rows}"), acme.id().uuid()).unwrap();
    }
    raw!(
        raw,
        "INSERT INTO audit_posting (tenant, term, block, hits) VALUES ($1, $2, 0, $3)",
        acme.id().uuid(),
        b"xuser.created".to_vec(),
        vec![0_u8, 1]
    )
    .unwrap();
    raw!(
        raw,
        "INSERT INTO audit_segment (tenant, size, first_leaf, octets, digest, frontier, written_at) VALUES ($1, 1, 0, 1, $2, $2, 0)",
        acme.id().uuid(),
        vec![0_u8; 32]
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
        // Nor does an insertion take the place of what is there.
        for (table, key) in KEYS {
            let first = key.split(", ").next().unwrap();
            let statement = format!("INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {first} = excluded.{first}");
            let error = raw!(raw, statement).unwrap_err().to_string();
            assert!(error.contains(&format!("{table} is append-only")), "{statement}: {error}");
        }
        if raw.kind() == DatabaseKind::Sqlite {
            for rows in REPLACING {
                let table = rows.split(' ').next().unwrap();
                let (before, statement) = (raw.number(&format!("SELECT count(*) FROM {table}")).await, format!("INSERT OR REPLACE INTO {rows}"));
                let error = raw!(raw, statement).unwrap_err().to_string();
                assert!(error.contains(&format!("{table} is append-only")), "{statement}: {error}");
                assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")).await, before);
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
                format!("ALTER TABLE {table} DROP COLUMN tenant"),
                format!("ALTER TABLE {table} RENAME TO gone"),
                format!("ALTER TABLE {table} OWNER TO CURRENT_USER"),
                format!("DROP TRIGGER {table}_append_only ON {table}"),
                format!("ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"),
                format!("DELETE FROM {table} WHERE false"),
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
            "DELETE FROM subject_key",
            "DELETE FROM policy",
            "DELETE FROM api_key",
            "DELETE FROM tenant",
        ] {
            assert!(raw!(service, statement).is_err(), "{statement}");
        }
    }
}

// A server has no schema that could be written to.
sqlite_only! {
    async fn a_statement_takes_no_trigger_from_the_schema_and_whoever_forces_it_is_named_at_start(db: Db) {
        fill(&db).await;
        let mut raw = Raw::service(&db).await;
        for statement in [
            "DELETE FROM sqlite_schema WHERE type = 'trigger'",
            "UPDATE sqlite_schema SET sql = '' WHERE type = 'trigger'",
            "INSERT INTO sqlite_schema (type, name) VALUES ('trigger', 'x')",
        ] {
            let error = raw!(raw, statement).unwrap_err().to_string();
            assert!(error.contains("may not be modified"), "{statement}: {error}");
        }
        // Whoever asks for it can write there: the walls of a file hold until then. The check at start names what is gone.
        raw!(raw, "PRAGMA writable_schema = on").unwrap();
        raw!(raw, "DELETE FROM sqlite_schema WHERE type = 'trigger' AND name = 'audit_event_no_update'").unwrap();
        raw!(raw, "PRAGMA writable_schema = reset").unwrap();
        let opened = db.another().await;
        let refused = bailiwick_store::schema::check(&opened).await.unwrap_err().to_string();
        assert!(refused.contains("audit_event_no_update"), "{refused}");
    }
}
