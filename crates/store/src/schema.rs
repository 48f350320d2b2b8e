//! Comparing the live schema with the expected one, object by object, before anything is served.

use std::collections::BTreeSet;

use crate::{Error, Result, Store, conn::Driver};

/// What this version expects; written by `cargo xtask schema` from a freshly migrated database and reviewed as a diff.
const SQLITE: &str = include_str!("../schema/sqlite.txt");
const POSTGRES: &str = include_str!("../schema/postgres.txt");

/// Why the server may not run over this database.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// No table of ours is there.
    #[error("the database is empty: run `bailiwick migrate` first")]
    Empty,
    /// Objects are missing, altered or foreign.
    #[error("the database schema is not the one of this version:{}", list(.missing, .unknown))]
    Mismatch {
        /// Expected objects that are not there in this form.
        missing: Vec<String>,
        /// Objects that are there and not expected in this form.
        unknown: Vec<String>,
    },
    /// The role could undo what the schema refuses.
    #[error(
        "the server signs in to the database with too much power ({0}): use a role that is a member of `bailiwick_app` and nothing more"
    )]
    Privileged(String),
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] Error),
}

fn list(missing: &[String], unknown: &[String]) -> String {
    let lines = |sign: char, objects: &[String]| {
        objects.iter().take(8).map(|object| format!("\n  {sign} {object}")).collect::<String>()
    };
    let more = (missing.len() + unknown.len()).saturating_sub(16);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    format!("{}{}{more}\n(- expected, + found)", lines('-', missing), lines('+', unknown))
}

/// Refuses a database whose tables, columns, keys, indexes, triggers, policies, views, functions, owners or grants differ from this
/// version's, and a role with powers that the service must not have.
pub async fn check(store: &Store) -> Result<(), SchemaError> {
    let live: BTreeSet<String> = describe(store).await?.into_iter().collect();
    let expected = match store.kind() {
        crate::DatabaseKind::Sqlite => SQLITE,
        crate::DatabaseKind::Postgres => POSTGRES,
    };
    let expected: BTreeSet<String> = expected.lines().map(str::to_owned).collect();
    if live.is_empty() {
        return Err(SchemaError::Empty);
    }
    let missing: Vec<_> = expected.difference(&live).cloned().collect();
    let unknown: Vec<_> = live.difference(&expected).cloned().collect();
    if let Some(role) = unknown.iter().find_map(|object| object.strip_prefix("role: ")) {
        return Err(SchemaError::Privileged(role.to_owned()));
    }
    if missing.is_empty() && unknown.is_empty() {
        Ok(())
    } else {
        Err(SchemaError::Mismatch { missing, unknown })
    }
}

/// The live schema, one line per object, in a fixed order.
pub async fn describe(store: &Store) -> Result<Vec<String>> {
    let mut conn = store.shared.pool.read().await?;
    let mut lines: Vec<String> = match conn.driver() {
        Driver::Sqlite(c) => {
            let rows: Vec<(String, String, Option<String>)> =
                sqlx::query_as("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name")
                    .fetch_all(c)
                    .await?;
            rows.into_iter()
                .map(|(kind, name, sql)| {
                    format!(
                        "{kind} {name}: {}",
                        sql.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
                    )
                })
                .collect()
        }
        Driver::Postgres(c) => sqlx::query_scalar(DESCRIBE_POSTGRES).fetch_all(c).await?,
    };
    lines.sort_unstable();
    Ok(lines)
}

/// Everything of ours in the schema `public`: what an upgrade, a restore or an intruder may have changed.
///
/// Owners differ from one installation to the next, so what is written down is that there is one. A role may become
/// whatever role it is a member of, so the powers of all of those count.
const DESCRIBE_POSTGRES: &str = "
WITH ours AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl, pg_has_role(c.relowner, 'MEMBER') AS owned,
           coalesce(c.relowner = (SELECT t.relowner FROM pg_class t WHERE t.relname = 'tenant' AND t.relnamespace = 'public'::regnamespace), false) AS together
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname NOT LIKE '\\_sqlx%'
)
SELECT 'table ' || relname || ': row security ' || relrowsecurity || ', forced ' || relforcerowsecurity || ', of one owner with the others ' || together FROM ours
UNION ALL
SELECT 'column ' || o.relname || '.' || a.attname || ': ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || coalesce(' collate ' || (SELECT collname FROM pg_collation k WHERE k.oid = a.attcollation AND k.collname <> 'default'), '')
       || coalesce(' default ' || (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), '')
FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || o.relname || '.' || n.conname || ': ' || pg_get_constraintdef(n.oid) FROM ours o JOIN pg_constraint n ON n.conrelid = o.oid
UNION ALL
SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM ours o JOIN pg_index i ON i.indrelid = o.oid
UNION ALL
SELECT 'trigger ' || o.relname || ': ' || pg_get_triggerdef(t.oid) || ', enabled ' || t.tgenabled::text FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
UNION ALL
SELECT 'policy ' || o.relname || '.' || p.polname || ': ' || p.polcmd::text || ', permissive ' || p.polpermissive || ', using ' || coalesce(pg_get_expr(p.polqual, p.polrelid), '-')
       || ', check ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')
FROM ours o JOIN pg_policy p ON p.polrelid = o.oid
UNION ALL
SELECT 'grant ' || o.relname || ' to ' || CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END || ': '
       || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
FROM ours o, aclexplode(o.relacl) a WHERE a.grantee <> o.relowner GROUP BY o.relname, a.grantee
UNION ALL
SELECT 'grant ' || o.relname || '.' || c.attname || ' to ' || CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END || ': '
       || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
FROM ours o JOIN pg_attribute c ON c.attrelid = o.oid, aclexplode(c.attacl) a GROUP BY o.relname, c.attname, a.grantee
UNION ALL
SELECT 'service may ' || o.relname || ': ' || string_agg(p, ', ' ORDER BY p)
FROM ours o, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
WHERE has_table_privilege(o.oid, p) GROUP BY o.relname
UNION ALL
SELECT 'view ' || c.relname || ': ' || regexp_replace(pg_get_viewdef(c.oid), '\\s+', ' ', 'g') || ', options ' || coalesce(array_to_string(c.reloptions, '; '), '-')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
UNION ALL
SELECT 'rule ' || r.tablename || '.' || r.rulename || ': ' || r.definition FROM pg_rules r WHERE r.schemaname = 'public'
UNION ALL
SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') returns ' || pg_get_function_result(p.oid) || ': ' || l.lanname
       || ', volatility ' || p.provolatile::text || ', security definer ' || p.prosecdef || ', strict ' || p.proisstrict || ', leakproof ' || p.proleakproof
       || ', settings ' || coalesce(array_to_string(p.proconfig, '; '), '-')
       || ', of one owner with the tables ' || coalesce(p.proowner = (SELECT t.relowner FROM pg_class t WHERE t.relname = 'tenant' AND t.relnamespace = 'public'::regnamespace), false)
       || ', text ' || regexp_replace(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '\\s+', ' ', 'g')
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'not enforced ' || o.relname || '.' || n.conname FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid AND t.tgisinternal AND t.tgenabled <> 'O' JOIN pg_constraint n ON n.oid = t.tgconstraint
UNION ALL
SELECT 'role: superuser ' || bool_or(r.rolsuper) || ', bypasses row security ' || bool_or(r.rolbypassrls) || ', makes roles ' || bool_or(r.rolcreaterole)
       || ', replicates ' || bool_or(r.rolreplication) || ', acts as owner of the tables ' || (SELECT bool_or(owned) FROM ours)
FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER') AND EXISTS (SELECT 1 FROM ours) HAVING count(*) > 0
";
