//! Showing that the log is append-only: trying to change the past, in a transaction that is undone whatever happens.

use bailiwick_domain::{entity::Probe, rule::Rule};
use sqlx::{PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::{
    Permit, Result,
    conn::Driver,
    store::Store,
    tx::{Scope, Tx},
};

/// What is tried on both databases, within the permit's tenant. Nothing would be altered even if it were allowed.
const BOTH: [&str; 26] = [
    "UPDATE audit_event SET bytes = bytes WHERE tenant = $1",
    "DELETE FROM audit_event WHERE tenant = $1",
    "UPDATE audit_leaf SET hash = hash WHERE tenant = $1",
    "DELETE FROM audit_leaf WHERE tenant = $1",
    "UPDATE audit_tile SET hashes = hashes WHERE tenant = $1",
    "DELETE FROM audit_tile WHERE tenant = $1",
    "UPDATE audit_checkpoint SET note = note WHERE tenant = $1",
    "DELETE FROM audit_checkpoint WHERE tenant = $1",
    "UPDATE audit_cosignature SET line = line WHERE tenant = $1",
    "DELETE FROM audit_cosignature WHERE tenant = $1",
    "UPDATE audit_refusal SET why = why WHERE tenant = $1",
    "DELETE FROM audit_refusal WHERE tenant = $1",
    "UPDATE audit_epoch SET kept = kept WHERE tenant = $1",
    "DELETE FROM audit_epoch WHERE tenant = $1",
    "UPDATE audit_region_head SET receipt = receipt WHERE tenant = $1",
    "DELETE FROM audit_region_head WHERE tenant = $1",
    "UPDATE audit_posting SET hits = hits WHERE tenant = $1",
    "DELETE FROM audit_posting WHERE tenant = $1",
    "UPDATE audit_drill SET found = found WHERE tenant = $1",
    "DELETE FROM audit_drill WHERE tenant = $1",
    "UPDATE audit_segment SET octets = octets WHERE tenant = $1",
    "DELETE FROM audit_segment WHERE tenant = $1",
    "UPDATE audit_retired SET hash = hash WHERE tenant = $1",
    "DELETE FROM audit_retired WHERE tenant = $1",
    "UPDATE audit_retirement SET records = records WHERE tenant = $1",
    "DELETE FROM audit_retirement WHERE tenant = $1",
];

/// What is tried on PostgreSQL besides: SQLite has no such statements, and no roles.
const POSTGRES: [&str; 5] = [
    "TRUNCATE audit_event",
    "TRUNCATE audit_leaf",
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY",
    "DROP TABLE audit_checkpoint",
];

/// Tries to change the past as the server's own role, and gives the database's words about each try.
///
/// A table without a row has nothing that could be refused on SQLite, where a trigger speaks for each row; it is left out.
///
/// # Errors
/// The database's, where it did not answer at all.
pub async fn prove<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Vec<Probe>> {
    let mut tx = store.begin(permit.tenant().ok_or(crate::Error::NotFound)?).await?;
    let tried = attempt(&mut tx).await;
    store.undo(tx).await;
    tried
}

async fn attempt(tx: &mut Tx) -> Result<Vec<Probe>> {
    let tenant = tx.tenant().uuid();
    let mut probes = Vec::with_capacity(BOTH.len() + POSTGRES.len());
    match tx.driver() {
        Driver::Sqlite(c) => {
            for text in BOTH {
                probes.extend(on_sqlite(c, tenant, text).await?);
            }
        }
        Driver::Postgres(c) => {
            // Whatever holds a table must not hold this up.
            sqlx::query("SELECT set_config('lock_timeout', '500ms', true)").execute(&mut *c).await?;
            for text in BOTH {
                probes.push(on_postgres(c, Some(tenant), text).await?);
            }
            for text in POSTGRES {
                probes.push(on_postgres(c, None, text).await?);
            }
        }
    }
    Ok(probes)
}

/// A refused statement ends alone; what is not refused is undone with the transaction.
async fn on_sqlite(c: &mut SqliteConnection, tenant: Uuid, text: &'static str) -> Result<Option<Probe>> {
    match sqlx::query(text).bind(tenant).execute(c).await {
        Ok(done) if done.rows_affected() == 0 => Ok(None),
        Ok(_) => Ok(Some(allowed(text))),
        Err(error) => refused(text, error).map(Some),
    }
}

async fn on_postgres(c: &mut PgConnection, tenant: Option<Uuid>, text: &'static str) -> Result<Probe> {
    sqlx::query("SAVEPOINT probe").execute(&mut *c).await?;
    let query = sqlx::query(text);
    let query = match tenant {
        Some(tenant) => query.bind(tenant),
        None => query,
    };
    let probe = match query.execute(&mut *c).await {
        Ok(_) => allowed(text),
        Err(error) => refused(text, error)?,
    };
    sqlx::query("ROLLBACK TO SAVEPOINT probe").execute(c).await?;
    Ok(probe)
}

fn allowed(statement: &str) -> Probe {
    Probe {
        statement: statement.to_owned(),
        answer: "It was carried out, and undone.".to_owned(),
        refused: false,
    }
}

/// The database's own words, where it said that this may not be. Any other failure says nothing of the log.
fn refused(statement: &str, error: sqlx::Error) -> Result<Probe> {
    let answer = match &error {
        // Insufficient privilege, which ownership is, too; on SQLite what the triggers say.
        sqlx::Error::Database(words)
            if words.code().as_deref() == Some("42501") || words.message().contains("is append-only") =>
        {
            words.message().to_owned()
        }
        _ => return Err(error.into()),
    };
    Ok(Probe { statement: statement.to_owned(), answer, refused: true })
}
