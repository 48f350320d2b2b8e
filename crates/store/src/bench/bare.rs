//! The same change as bare SQL: the statements that a program without this crate would send, and nothing around them.
//!
//! No types, no difference, no JSON, no hashing: the event is so many equal octets.

use sqlx::{Connection, PgConnection, PgPool, SqliteConnection};
use uuid::Uuid;

use super::found_by::found_by;
use crate::{Error, PoolOptions, Result, pool::Pool};

/// The tag of where every change comes from.
const SOURCE: [u8; 8] = [7; 8];

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The changed row alone, and no record of it.
    Change,
    /// The changed row and every row of its record, one plain statement each.
    Plain,
    /// The same rows in as few statements as the database allows.
    Fewest,
}

/// How large a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Octets of an event.
    pub event: usize,
    /// Octets of the sealed personal values beside it.
    pub personal: usize,
    /// Octets of what an event is found by, while its block is not full.
    pub terms: usize,
    /// Rows of what a full block of events is found by.
    pub postings: usize,
    /// Octets of the events in one of them.
    pub hits: usize,
}

/// A database without a store around it.
pub enum Bare {
    /// The one writer of a file.
    Sqlite(Box<SqliteConnection>),
    /// A pool with the settings that the store gives its own.
    Postgres(PgPool),
}

/// The rows of one record.
struct Record {
    event: Uuid,
    hash: [u8; 32],
    bytes: Vec<u8>,
    personal: Vec<u8>,
}

impl Record {
    fn new(event: Uuid, sizes: Sizes) -> Self {
        let mut hash = [7; 32];
        hash.iter_mut().zip(event.as_bytes()).for_each(|(to, from)| *to = *from);
        Self { event, hash, bytes: vec![b'x'; sizes.event], personal: vec![1; sizes.personal] }
    }
}

/// A change of one user's status.
#[derive(Clone, Copy, Debug)]
pub struct Flip {
    /// Whose rows.
    pub tenant: Uuid,
    /// The user whose status flips.
    pub user: Uuid,
    /// The new event's id.
    pub event: Uuid,
    /// When.
    pub at: i64,
}

const SELECT: &str =
    "SELECT id, email, name, role, status, created_at FROM users WHERE tenant = $1 AND id = $2";
const SELECT_LOCKED: &str = concat!(
    "SELECT id, email, name, role, status, created_at FROM users WHERE tenant = $1 AND id = $2",
    " FOR NO KEY UPDATE"
);
const UPDATE: &str = "UPDATE users SET name = $3, role = $4, status = $5 WHERE tenant = $1 AND id = $2";
const EVENT: &str = "INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, $3, $4)";
const PERSONAL: &str = "INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES ($1, $2, $3, $4)";
const PENDING: &str =
    "INSERT INTO audit_pending (tenant, event, recorded_at, source) VALUES ($1, $2, $3, $4)";
const HEAD: &str = "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) VALUES ($1, 'user', $2, 1, $3)
     ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = audit_head.revision + 1, hash = excluded.hash";
const LEAF: &str = "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
     VALUES ($1, $2, $3, $4, $5, 'user', $6, 'user.disabled', 'ok', 'user', $6, 1)";
const TREE: &str = "UPDATE audit_tree SET size = size + $2 WHERE tenant = $1";

impl Bare {
    /// Connects as the store would.
    pub async fn open(options: &PoolOptions) -> Result<Self> {
        if let Some(sqlite) = options.sqlite()? {
            return Ok(Self::Sqlite(Box::new(SqliteConnection::connect_with(&sqlite).await?)));
        }
        match Pool::open(options).await? {
            Pool::Postgres(pool) => Ok(Self::Postgres(pool)),
            Pool::Sqlite { .. } => Err(Error::Busy),
        }
    }

    /// One change in one transaction, on PostgreSQL.
    pub async fn change(&self, rows: Rows, flip: Flip, sizes: Sizes) -> Result<()> {
        let Self::Postgres(pool) = self else { return Err(Error::Busy) };
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT set_config('bailiwick.tenant', $1, true)")
            .bind(flip.tenant.to_string())
            .execute(&mut *transaction)
            .await?;
        let (_, _, name, role, status, _): UserRow = sqlx::query_as(SELECT_LOCKED)
            .bind(flip.tenant)
            .bind(flip.user)
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query(UPDATE)
            .bind(flip.tenant)
            .bind(flip.user)
            .bind(name)
            .bind(role)
            .bind(other(&status))
            .execute(&mut *transaction)
            .await?;
        match rows {
            Rows::Change => {}
            Rows::Plain => plain(&mut transaction, flip, Record::new(flip.event, sizes)).await?,
            Rows::Fewest => fewest(&mut transaction, flip, Record::new(flip.event, sizes)).await?,
        }
        Ok(transaction.commit().await?)
    }

    /// A batch of changes in one transaction, on SQLite; `first` is the first one's leaf.
    pub async fn batch(&mut self, rows: Rows, flips: &[Flip], first: i64, sizes: Sizes) -> Result<()> {
        let Self::Sqlite(connection) = self else { return Err(Error::Busy) };
        let connection = &mut **connection;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        for (leaf, flip) in (first..).zip(flips) {
            let (_, _, name, role, status, _): UserRow =
                sqlx::query_as(SELECT).bind(flip.tenant).bind(flip.user).fetch_one(&mut *connection).await?;
            sqlx::query(UPDATE)
                .bind(flip.tenant)
                .bind(flip.user)
                .bind(name)
                .bind(role)
                .bind(other(&status))
                .execute(&mut *connection)
                .await?;
            if rows == Rows::Plain {
                let record = Record::new(flip.event, sizes);
                sqlx::query(EVENT)
                    .bind(flip.tenant)
                    .bind(record.event)
                    .bind(&record.hash[..])
                    .bind(record.bytes)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(PERSONAL)
                    .bind(flip.tenant)
                    .bind(record.event)
                    .bind(flip.user)
                    .bind(record.personal)
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(HEAD)
                    .bind(flip.tenant)
                    .bind(flip.user)
                    .bind(&record.hash[..])
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(LEAF)
                    .bind(flip.tenant)
                    .bind(leaf)
                    .bind(record.event)
                    .bind(&record.hash[..])
                    .bind(flip.at)
                    .bind(flip.user)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        if rows == Rows::Fewest {
            together(connection, flips, first, sizes).await?;
        }
        if rows != Rows::Change {
            found_by(connection, rows, flips, first, sizes).await?;
        }
        if let (Some(flip), true) = (flips.first(), rows != Rows::Change) {
            let grown = i64::try_from(flips.len()).unwrap_or(i64::MAX);
            sqlx::query(TREE).bind(flip.tenant).bind(grown).execute(&mut *connection).await?;
        }
        sqlx::query("COMMIT").execute(connection).await?;
        Ok(())
    }

    /// Empties the table of waiting events, as a sequencer would.
    pub async fn take_pending(&self, tenant: Uuid) -> Result<()> {
        let Self::Postgres(pool) = self else { return Ok(()) };
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT set_config('bailiwick.tenant', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM audit_pending WHERE tenant = $1")
            .bind(tenant)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Closes every connection.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(pool) => pool.close().await,
        }
        Ok(())
    }
}

type UserRow = (Uuid, String, String, String, String, i64);

fn other(status: &str) -> &'static str {
    if status == "active" { "disabled" } else { "active" }
}

async fn plain(c: &mut PgConnection, flip: Flip, record: Record) -> Result<()> {
    sqlx::query(EVENT)
        .bind(flip.tenant)
        .bind(record.event)
        .bind(&record.hash[..])
        .bind(record.bytes)
        .execute(&mut *c)
        .await?;
    sqlx::query(PERSONAL)
        .bind(flip.tenant)
        .bind(record.event)
        .bind(flip.user)
        .bind(record.personal)
        .execute(&mut *c)
        .await?;
    sqlx::query(PENDING)
        .bind(flip.tenant)
        .bind(record.event)
        .bind(flip.at)
        .bind(&SOURCE[..])
        .execute(&mut *c)
        .await?;
    sqlx::query(HEAD).bind(flip.tenant).bind(flip.user).bind(&record.hash[..]).execute(c).await?;
    Ok(())
}

async fn fewest(c: &mut PgConnection, flip: Flip, record: Record) -> Result<()> {
    sqlx::query(
        "WITH event AS (INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, $3, $4)),
              personal AS (INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES ($1, $2, $5, $6)),
              pending AS (INSERT INTO audit_pending (tenant, event, recorded_at, source) VALUES ($1, $2, $7, $8))
         INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) VALUES ($1, 'user', $5, 1, $3)
         ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = audit_head.revision + 1, hash = excluded.hash",
    )
    .bind(flip.tenant)
    .bind(record.event)
    .bind(&record.hash[..])
    .bind(record.bytes)
    .bind(flip.user)
    .bind(record.personal)
    .bind(flip.at)
    .bind(&SOURCE[..])
    .execute(c)
    .await?;
    Ok(())
}

/// The records of a batch, one statement a table: the way in which the store itself writes them.
async fn together(c: &mut SqliteConnection, flips: &[Flip], first: i64, sizes: Sizes) -> Result<()> {
    let id = |id: Uuid| id.simple().to_string();
    let (mut events, mut personal, mut heads, mut leaves) = (vec![], vec![], vec![], vec![]);
    for (leaf, flip) in (first..).zip(flips) {
        let record = Record::new(flip.event, sizes);
        let (event, user, hash) = (id(flip.event), id(flip.user), hex::encode(record.hash));
        events.push(serde_json::json!([event, hash, String::from_utf8_lossy(&record.bytes)]));
        personal.push(serde_json::json!([event, user, hex::encode(&record.personal)]));
        heads.push(serde_json::json!([user, hash]));
        leaves.push(serde_json::json!([leaf, event, hash, flip.at, user]));
    }
    let Some(flip) = flips.first() else { return Ok(()) };
    for (text, rows) in [
        (
            "INSERT INTO audit_event (tenant, id, hash, bytes)
             SELECT $1, unhex(value ->> 0), unhex(value ->> 1), CAST(value ->> 2 AS BLOB) FROM json_each($2)",
            events,
        ),
        (
            "INSERT INTO audit_personal (tenant, event, subject, sealed)
             SELECT $1, unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2) FROM json_each($2)",
            personal,
        ),
        (
            "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash)
             SELECT $1, 'user', unhex(value ->> 0), 1, unhex(value ->> 1) FROM json_each($2) WHERE true
             ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = audit_head.revision + 1, hash = excluded.hash",
            heads,
        ),
        (
            "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
             SELECT $1, value ->> 0, unhex(value ->> 1), unhex(value ->> 2), value ->> 3, 'user', unhex(value ->> 4), 'user.disabled', 'ok', 'user',
                    unhex(value ->> 4), 1
             FROM json_each($2)",
            leaves,
        ),
    ] {
        sqlx::query(text).bind(flip.tenant).bind(serde_json::Value::Array(rows).to_string()).execute(&mut *c).await?;
    }
    Ok(())
}
