//! Lists and searches go along an index whatever is looked for: their cost does not grow with the tenant.

use bailiwick_store::DatabaseKind;
use bailiwick_testkit::{both_databases, sqlite_only};

use crate::{queries::texts_of, raw, raw_rows, support::raw::Raw};

/// The types of a text's values from the first one on.
#[derive(Clone, Copy)]
enum Value {
    Id,
    Number,
    Text(&'static str),
    /// A term of the search.
    Octets,
    /// Lists of leaves, of kinds (on SQLite with their ids) and of ids, as each database takes them.
    Leaves,
    Kinds,
    Ids,
    /// A list of octets.
    Keys,
}

use Value::{Id, Ids, Keys, Kinds, Leaves, Number, Octets, Text};

/// A part by which a text is known, the indexes that it may go along, and its values.
const EXPECTED: [(&str, &[&str], &[Value]); 13] = [
    ("u.role = $5", &["users_by_role"], &[Id, Number, Id, Number, Text("auditor")]),
    ("u.status = $5", &["users_by_status"], &[Id, Number, Id, Number, Text("disabled")]),
    ("u.factor IS NULL", &["users_without_factor", "users_by_mfa"], &[Id, Number, Id, Number]),
    ("u.factor = 'sso'", &["users_by_mfa"], &[Id, Number, Id, Number]),
    ("u.factor <> 'sso'", &["users_verified"], &[Id, Number, Id, Number]),
    ("u.tenant = $1 AND (u.created_at", &["users_by_joining"], &[Id, Number, Id, Number]),
    ("w.word < $4", &["user_word"], &[Id, Text("zed"), Id, Text("zee"), Number]),
    ("word >= $2", &["user_word"], &[Id, Text("zed"), Text("zee"), Number]),
    ("AND role = $2 LIMIT", &["users_by_role"], &[Id, Text("auditor"), Number]),
    ("AND status = $2 LIMIT", &["users_by_status", "users_by_factor"], &[Id, Text("disabled"), Number]),
    ("AND factor IS NULL LIMIT", &["users_by_mfa", "users_without_factor", "users_by_factor"], &[Id, Number]),
    ("AND factor = 'sso' LIMIT", &["users_by_mfa"], &[Id, Number]),
    ("factor <> 'sso' ORDER BY", &["users_verified"], &[Id, Number]),
];

/// By whichever index of the projection: while it is empty they cost the same.
const LEAF: &str = "audit_leaf_";

/// The same for searches of the log; the index is that of PostgreSQL.
const SEARCHED: [(&str, &str, &[Value]); 16] = [
    ("SELECT k.key", "audit_intake_pkey", &[Id, Keys]),
    ("RECURSIVE half", LEAF, &[Id, Number, Number, Number]),
    ("RECURSIVE seen", "audit_posting_pkey", &[Id, Octets, Octets, Number]),
    ("FROM audit_tail", "audit_tail_pkey", &[Id, Number]),
    ("recorded_at >= $4 AND recorded_at < $5", LEAF, &[Id, Number, Number, Number, Number]),
    ("l.recorded_at, l.outcome", LEAF, &[Id, Leaves]),
    ("l.leaf_index, l.event", LEAF, &[Id, Leaves]),
    ("span = 24", "audit_rollup_pkey", &[Id]),
    ("GROUP BY bar", "audit_rollup_pkey", &[Id, Number, Number, Number, Number]),
    ("AND term = $2 AND block >= $3", "audit_posting_pkey", &[Id, Octets, Number, Number, Number]),
    ("p.term = $2 AND p.block =", "audit_posting_pkey", &[Id, Octets, Leaves]),
    (
        "entity_id = $3 AND leaf_index",
        "audit_leaf_by_entity",
        &[Id, Text("user"), Id, Number, Number, Number],
    ),
    ("JOIN audit_personal p", "audit_personal_pkey", &[Id, Ids]),
    ("SELECT l.event, l.leaf_index", LEAF, &[Id, Ids]),
    ("SELECT e.bytes FROM", "audit_event_pkey", &[Id, Ids]),
    ("l.entity_type = t", "audit_leaf_by_entity", &[Id, Kinds, Ids, Number, Number]),
];

/// Lists about the log: by what a text is known, its index and its values.
const LISTS: [(&str, &str, &[Value]); 15] = [
    ("FROM audit_alarm", "audit_alarm_by_time", &[Id, Number]),
    ("FROM audit_anomaly", "audit_anomaly_by_time", &[Id, Number, Id, Number]),
    ("FROM audit_drill", "audit_drill_by_time", &[Id, Number, Id, Number]),
    ("FROM audit_export", "audit_export_by_time", &[Id, Number, Id, Number]),
    ("audit_hold WHERE tenant = $1 AND (placed_at", "audit_hold_by_time", &[Id, Number, Id, Number]),
    ("lifted_at IS NULL ORDER BY", "audit_hold_standing", &[Id, Number]),
    (
        "FROM audit_restore WHERE tenant = $1 AND (created_at",
        "audit_restore_by_time",
        &[Id, Number, Id, Number],
    ),
    ("FROM audit_retirement", "audit_retirement_by_time", &[Id, Number]),
    ("FROM audit_segment WHERE", "audit_segment_pkey", &[Id, Number]),
    ("(changed_at, id) <", "document_kept", &[Id, Number, Id, Number]),
    ("FROM audit_stream_dead", "audit_stream_dead_pkey", &[Id, Id, Number, Number]),
    ("FROM integration i LEFT JOIN", "integration_tenant_name_key", &[Id, Text("mail"), Number]),
    ("FROM integration WHERE tenant = $1 AND enabled", "integration_due", &[Id, Number, Number]),
    ("FROM secret s JOIN", "secret_tenant_name_key", &[Id, Text("gateway"), Number]),
    ("FROM subject_request", "subject_request_by_time", &[Id, Number, Id, Number]),
];

fn with_values(text: &str, kind: DatabaseKind, tenant: uuid::Uuid, values: &[Value]) -> String {
    let mut sql = text.to_owned();
    for (place, value) in values.iter().enumerate().rev() {
        let id = if place == 0 { tenant } else { uuid::Uuid::nil() };
        let literal = match (value, kind) {
            (Id, DatabaseKind::Sqlite) => format!("X'{}'", id.simple()),
            (Id, DatabaseKind::Postgres) => format!("'{id}'::uuid"),
            (Number, _) => "51".to_owned(),
            (Text(text), _) => format!("'{text}'"),
            (Octets, DatabaseKind::Sqlite) => "X'7778'".to_owned(),
            (Octets, DatabaseKind::Postgres) => "'\\x7778'::bytea".to_owned(),
            (Leaves, DatabaseKind::Sqlite) => "'[1,2]'".to_owned(),
            (Leaves, DatabaseKind::Postgres) => "ARRAY[1,2]::bigint[]".to_owned(),
            (Kinds, DatabaseKind::Sqlite) => "'[[\"user\",\"00\"]]'".to_owned(),
            (Kinds, DatabaseKind::Postgres) => "ARRAY['user']::text[]".to_owned(),
            (Keys, DatabaseKind::Sqlite) => "'[\"00\"]'".to_owned(),
            (Keys, DatabaseKind::Postgres) => "ARRAY['\\x00']::bytea[]".to_owned(),
            (Ids, DatabaseKind::Sqlite) => "51".to_owned(),
            (Ids, DatabaseKind::Postgres) => format!("ARRAY['{}']::uuid[]", uuid::Uuid::nil()),
        };
        sql = sql.replace(&format!("${}", place + 1), &literal);
    }
    sql
}

async fn plan(raw: &mut Raw, sql: &str) -> String {
    match raw.kind() {
        DatabaseKind::Sqlite => {
            let rows: Vec<(i64, i64, i64, String)> = raw_rows!(*raw, format!("EXPLAIN QUERY PLAN {sql}"));
            rows.into_iter().map(|(_, _, _, line)| line + "\n").collect()
        }
        DatabaseKind::Postgres => {
            // What a recursion looks up for each of its rows is planned no earlier than it runs.
            let how = if sql.starts_with("WITH RECURSIVE") { "EXPLAIN ANALYZE" } else { "EXPLAIN" };
            let rows: Vec<(String,)> = raw_rows!(*raw, format!("{how} {sql}"));
            rows.into_iter().map(|(line,)| line + "\n").collect()
        }
    }
}

/// Many people of whom few are anything special, and what the planner learns from that.
async fn crowd(raw: &mut Raw, tenant: uuid::Uuid, common: &str) {
    raw!(*raw, "DELETE FROM user_word WHERE word LIKE 'p%@crowd.example'").unwrap();
    raw!(*raw, "DELETE FROM users WHERE email LIKE 'p%@crowd.example'").unwrap();
    let fill = format!(
        "INSERT INTO users (tenant, id, email, name, role, status, created_at, factor)
         SELECT '{tenant}'::uuid, gen_random_uuid(), 'p' || i || '@crowd.example', 'P', CASE i % 2000 WHEN 0 THEN 'auditor' ELSE 'developer' END,
                CASE i % 2000 WHEN 1 THEN 'disabled' ELSE 'active' END, i, CASE i % 2000 WHEN 2 THEN 'sso' WHEN 3 THEN {} ELSE {common} END
         FROM generate_series(1, 20000) AS i",
        if common == "NULL" { "'totp'" } else { "NULL" }
    );
    raw!(*raw, fill).unwrap();
    raw!(*raw, "INSERT INTO user_word (tenant, word, user_id) SELECT tenant, email, id FROM users ON CONFLICT DO NOTHING").unwrap();
    // Without what was deleted a moment ago, as after a vacuum.
    raw!(*raw, "REINDEX TABLE users").unwrap();
    raw!(*raw, "REINDEX TABLE user_word").unwrap();
    raw!(*raw, "ANALYZE users, user_word").unwrap();
    // For the few rows that are sought here it would be as good, and sort.
    raw!(*raw, "SET enable_bitmapscan = off").unwrap();
}

both_databases! {
    async fn every_list_of_people_goes_along_an_index(db: Db) {
        let acme = db.tenant("acme").await;
        let tenant = acme.id().uuid();
        let mut texts = texts_of(include_str!("../../src/users/seek.rs"));
        texts.extend(texts_of(include_str!("../../src/users/joined.rs")));
        texts.retain(|text| text.starts_with("SELECT "));
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), EXPECTED.len(), "{texts:#?}");
        let mut raw = Raw::superuser(&db).await;
        let mut seen = 0;
        // Whether most have a second factor or none, both are looked for where they are rare.
        for common in ["NULL", "'totp'"] {
            if raw.kind() == DatabaseKind::Postgres {
                crowd(&mut raw, tenant, common).await;
            }
            for text in &texts {
                let Some((part, indexes, values)) = EXPECTED.iter().find(|(part, _, _)| text.contains(part)) else {
                    panic!("{text} is new: say which index it goes along");
                };
                let rare = match *part {
                    "u.factor IS NULL" | "AND factor IS NULL LIMIT" => common != "NULL",
                    "u.factor <> 'sso'" | "factor <> 'sso' ORDER BY" => common == "NULL",
                    _ => true,
                };
                if !rare && raw.kind() == DatabaseKind::Postgres {
                    continue;
                }
                let plan = plan(&mut raw, &with_values(text, db.kind(), tenant, values)).await;
                assert!(indexes.iter().any(|index| plan.contains(index)), "{text}\n{plan}");
                for slow in ["Seq Scan on users", "Seq Scan on user_word", "Sort", "TEMP B-TREE", "SCAN u\n", "SCAN w\n", "SCAN users\n", "SCAN user_word\n"] {
                    assert!(!plan.contains(slow), "{slow} in the plan of\n{text}\n{plan}");
                }
                seen += 1;
            }
        }
        assert!(seen >= EXPECTED.len());
    }

    async fn every_step_of_a_search_of_the_log_goes_along_an_index(db: Db) {
        let acme = db.tenant("acme").await;
        let tenant = acme.id().uuid();
        let mut texts = Vec::new();
        for source in [
            include_str!("../../src/audit/bundle/collect.rs"),
            include_str!("../../src/audit/bundle/open.rs"),
            include_str!("../../src/audit/ingest/keys.rs"),
            include_str!("../../src/audit/ingest/places.rs"),
            include_str!("../../src/audit/said.rs"),
            include_str!("../../src/audit/search/bounds.rs"),
            include_str!("../../src/audit/search/keep.rs"),
            include_str!("../../src/audit/search/known.rs"),
            include_str!("../../src/audit/search/mod.rs"),
            include_str!("../../src/audit/search/timeline.rs"),
            include_str!("../../src/audit/search/walk.rs"),
        ] {
            texts.extend(texts_of(source));
        }
        texts.retain(|text| !text.starts_with("INSERT ") && !text.starts_with("DELETE ") && !text.contains("FROM audit_tree"));
        texts.sort();
        texts.dedup();
        let mut raw = Raw::superuser(&db).await;
        if raw.kind() == DatabaseKind::Postgres {
            // The tables are nearly empty here: what counts is whether there is an index to go along.
            raw!(raw, "SET enable_seqscan = off").unwrap();
        }
        let mut seen = 0;
        for text in &texts {
            let for_sqlite = text.contains("json_each");
            let for_postgres = text.contains("unnest(");
            let other = match db.kind() {
                DatabaseKind::Sqlite => for_postgres,
                DatabaseKind::Postgres => for_sqlite,
            };
            if other {
                continue;
            }
            let Some((_, index, values)) = SEARCHED.iter().find(|(part, _, _)| text.contains(part)) else {
                panic!("{text} is new: say which index it goes along");
            };
            let plan = plan(&mut raw, &with_values(text, db.kind(), tenant, values)).await;
            let found = match db.kind() {
                // A table without rowids has no other name for its key.
                DatabaseKind::Sqlite => plan.contains("PRIMARY KEY") || plan.contains("INDEX"),
                DatabaseKind::Postgres => plan.contains(index),
            };
            assert!(found, "{text}\n{plan}");
            assert!(!text.contains("audit_intake") || db.kind() == DatabaseKind::Postgres || plan.contains("tenant=? AND key=?"), "{text}\n{plan}");
            for slow in ["Seq Scan on audit_", "SCAN audit_", "SCAN l\n", "SCAN p\n"] {
                assert!(!plan.contains(slow), "{slow} in the plan of\n{text}\n{plan}");
            }
            seen += 1;
        }
        assert!(seen >= 9, "{seen} of {texts:#?}");
    }

    async fn every_list_about_the_log_goes_along_an_index(db: Db) {
        let acme = db.tenant("acme").await;
        let mut texts = Vec::new();
        for source in [
            include_str!("../../src/audit/alarms.rs"),
            include_str!("../../src/audit/archive.rs"),
            include_str!("../../src/audit/drill/rows.rs"),
            include_str!("../../src/audit/export/table.rs"),
            include_str!("../../src/audit/hold/mod.rs"),
            include_str!("../../src/audit/restore/table.rs"),
            include_str!("../../src/audit/retention/retire.rs"),
            include_str!("../../src/audit/stream/dead.rs"),
            include_str!("../../src/audit/subject/requests.rs"),
            include_str!("../../src/audit/watch/notes.rs"),
            include_str!("../../src/integrations.rs"),
            include_str!("../../src/secrets.rs"),
            include_str!("../../src/documents/mod.rs"),
        ] {
            texts.extend(texts_of(source));
        }
        let mut raw = Raw::superuser(&db).await;
        if raw.kind() == DatabaseKind::Postgres {
            // The tables are nearly empty here: what counts is whether there is an index to go along.
            raw!(raw, "SET enable_seqscan = off").unwrap();
            raw!(raw, "SET enable_bitmapscan = off").unwrap();
        }
        for (part, index, values) in LISTS {
            let wanted = format!("LIMIT ${}", values.len());
            let found: Vec<_> = texts.iter().filter(|text| text.contains(part) && text.ends_with(&wanted)).collect();
            let [text] = found[..] else { panic!("{part} is in {found:#?}") };
            let plan = plan(&mut raw, &with_values(text, db.kind(), acme.id().uuid(), values)).await;
            let known = match db.kind() {
                DatabaseKind::Sqlite if index.ends_with("_pkey") || index.ends_with("_key") => "sqlite_autoindex_",
                _ => index,
            };
            assert!(plan.contains(known), "{text}\n{plan}");
            for slow in ["Seq Scan", "Sort", "SCAN ", "TEMP B-TREE"] {
                assert!(!plan.contains(slow), "{slow} in the plan of\n{text}\n{plan}");
            }
        }
    }
}

// PostgreSQL knows from its statistics where to begin.
sqlite_only! {
    async fn what_somebody_holds_is_sought_from_them_and_not_from_every_team(db: Db) {
        let acme = db.tenant("acme").await;
        let mut texts = texts_of(include_str!("../../src/access.rs"));
        texts.retain(|text| text.starts_with("SELECT "));
        assert_eq!(texts.len(), 4, "{texts:#?}");
        let mut raw = Raw::superuser(&db).await;
        for text in texts {
            let plan = plan(&mut raw, &with_values(&text, db.kind(), acme.id().uuid(), &[Id, Id, Number, Number])).await;
            assert!(plan.contains("team_member_by_user (tenant=? AND user_id=?)"), "{text}\n{plan}");
            assert!(!plan.contains("SCAN "), "{text}\n{plan}");
            // Of a whole organisation there are one policy and the floors of its roles.
            for line in plan.lines().filter(|line| line.ends_with("(tenant=?)")) {
                assert!(line.starts_with("SEARCH p ") || line.starts_with("SEARCH f "), "{line} of\n{text}");
            }
        }
    }
}
