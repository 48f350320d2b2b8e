//! Reading new records for what is unusual about them. What that is, `domain::habit` says.
//!
//! A cursor for each log counts leaves. It moves on in the transaction that keeps what was learnt and what was noted, so that each
//! record is taken in once, whichever server does it and wherever one stops.

mod notes;
mod read;

use std::{collections::HashMap, net::IpAddr};

use bailiwick_domain::{
    habit::Habit,
    ids::{TenantId, UserId},
    rule::Rule,
    time::Timestamp,
    zone::Zone,
};
use uuid::Uuid;

pub use self::{
    notes::{anomalies, called_by_product, insert_anomaly},
    read::watched,
};
use crate::{
    Error, Permit, Result,
    conn::{Driver, on},
    lock::{execute, row},
    mail::find_tenants,
    store::{Quiet, Store},
    tx::{Scope, Tx},
};

/// Actors of the product of whom one tenant keeps habits at most. Those not seen for longest give way, [`ROOM`] at a time.
pub const PRODUCT_ACTORS: i64 = 10_000;
/// How many give way at once.
const ROOM: i64 = 1_000;

/// Tenants in one round at most.
const TENANTS: i64 = 256;

/// A record of a person, of a key that they made, or of an actor of the guarded product that such a key told of, as far as habits go.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its leaf.
    pub leaf: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The user or key, or what stands for the product's actor.
    pub actor: Uuid,
    /// The user, or whoever made the key.
    pub user: UserId,
    /// What was done.
    pub action: String,
    /// The kind of network that the session was opened from.
    pub network: Option<String>,
    /// The kind of device, or of program.
    pub device: Option<String>,
    /// The address; only where it was asked for and can be read.
    pub ip: Option<IpAddr>,
}

/// New records of one log, and what is known of whoever made them.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Where it begins; nothing where this log was never looked at.
    pub from: Option<i64>,
    /// Where the next one begins.
    pub next: i64,
    /// The records of people, of their keys and of the product's actors, in the order of their leaves.
    pub records: Vec<Record>,
    /// What each actor usually does, of those who were seen before.
    pub habits: HashMap<Uuid, Habit>,
    /// The clock of each person.
    pub zones: HashMap<UserId, Zone>,
}

/// What one actor usually does by now.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The user or key, or what stands for the product's actor.
    pub actor: Uuid,
    /// The user, or whoever made the key.
    pub user: UserId,
    /// The habit.
    pub habit: Habit,
}

/// Tenants with records that were not looked at, up to a bound.
pub async fn unwatched(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.tenant FROM audit_tree t LEFT JOIN audit_watch w ON w.tenant = t.tenant
             WHERE w.next_leaf IS NULL OR w.next_leaf < t.size ORDER BY t.tenant LIMIT $1",
        )
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Moves the cursor on; says whether it was still where the batch began.
pub async fn advance(tx: &mut Tx, batch: &Batch) -> Result<bool> {
    let tenant = tx.tenant();
    let moved = execute!(
        tx,
        "INSERT INTO audit_watch (tenant, next_leaf) VALUES ($1, $2)
         ON CONFLICT (tenant) DO UPDATE SET next_leaf = excluded.next_leaf WHERE audit_watch.next_leaf = $3",
        tenant.uuid(),
        batch.next,
        batch.from.unwrap_or(-1)
    )?;
    Ok(moved == 1)
}

/// Keeps what somebody usually does. Of somebody who is gone nothing is kept.
pub async fn keep(tx: &mut Tx, learnt: &[Watched]) -> Result<()> {
    if learnt.iter().any(|watched| stands_for_product(watched.actor)) {
        make_room(tx).await?;
    }
    for watched in learnt {
        keep_one(tx, watched).await?;
    }
    Ok(())
}

/// Whether an actor is one of the product's: a UUID of version 8 stands for each, and for nobody else.
pub fn stands_for_product(actor: Uuid) -> bool {
    actor.get_version_num() == 8
}

/// Forgets those of the product's actors who were not seen for longest, where there are too many.
async fn make_room(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant();
    let all: Option<(i64,)> = row!(tx, "SELECT count(*) FROM audit_habit WHERE tenant = $1", tenant.uuid())?;
    if all.is_none_or(|(all,)| all < PRODUCT_ACTORS) {
        return Ok(());
    }
    match tx.driver() {
        Driver::Sqlite(c) => {
            sqlx::query(
                "DELETE FROM audit_habit WHERE tenant = ?1
                 AND (SELECT count(*) FROM audit_habit WHERE tenant = ?1 AND substr(hex(actor), 13, 1) = '8') >= ?3
                 AND actor IN (SELECT actor FROM audit_habit WHERE tenant = ?1 AND substr(hex(actor), 13, 1) = '8'
                               ORDER BY json_extract(habit, '$.window.from') LIMIT ?2)",
            )
            .bind(tenant.uuid())
            .bind(ROOM)
            .bind(PRODUCT_ACTORS)
            .execute(c)
            .await?;
        }
        Driver::Postgres(c) => {
            sqlx::query(
                "DELETE FROM audit_habit WHERE tenant = $1
                 AND (SELECT count(*) FROM audit_habit WHERE tenant = $1 AND substr(actor::text, 15, 1) = '8') >= $3
                 AND actor = ANY (ARRAY(SELECT h.actor FROM audit_habit h WHERE h.tenant = $1 AND substr(h.actor::text, 15, 1) = '8'
                                        ORDER BY CAST(h.habit AS json) -> 'window' ->> 'from' NULLS FIRST LIMIT $2))",
            )
            .bind(tenant.uuid())
            .bind(ROOM)
            .bind(PRODUCT_ACTORS)
            .execute(c)
            .await?;
        }
    }
    Ok(())
}

async fn keep_one(tx: &mut Tx, watched: &Watched) -> Result<()> {
    let tenant = tx.tenant();
    let there: Option<(i64,)> = row!(
        tx,
        "SELECT created_at FROM users WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        watched.user.uuid()
    )?;
    if there.is_none() {
        return Ok(());
    }
    let habit = serde_json::to_string(&watched.habit).map_err(|error| Error::Corrupt(error.to_string()))?;
    execute!(
        tx,
        "INSERT INTO audit_habit (tenant, actor, user_id, habit) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, actor) DO UPDATE SET habit = excluded.habit",
        tenant.uuid(),
        watched.actor,
        watched.user.uuid(),
        habit.as_str()
    )?;
    Ok(())
}

/// Takes in a batch about which there is nothing to note. Not audited: a record of it would be one more to look at.
pub async fn pass<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    batch: &Batch,
    learnt: &[Watched],
) -> Result<()> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match take_in(&mut tx, batch, learnt).await {
        Ok(true) => store.commit_quietly(tx, Quiet::RecordsWatched).await,
        // Another server was quicker.
        Ok(false) => {
            store.undo(tx).await;
            Ok(())
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn take_in(tx: &mut Tx, batch: &Batch, learnt: &[Watched]) -> Result<bool> {
    if !advance(tx, batch).await? {
        return Ok(false);
    }
    keep(tx, learnt).await?;
    Ok(true)
}
