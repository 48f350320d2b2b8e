//! Servers over one PostgreSQL database, which tell each other what to forget.
//!
//! Each server that remembers keys has a row with a lease, and one connection on which it listens. A change that decides about keys
//! gets the next number once it is committed, with its tenant beside it, and wakes the others up. Each of them forgets what it has of
//! that tenant, and only then writes into its row that it has come so far. The changer waits for that. A server that does not answer in
//! time loses its row, so that it can prolong its lease no more, and its last lease is waited for: by then it has stopped using
//! what it remembers by its own clock, which began earlier.

use std::{sync::Arc, time::Duration};

use bailiwick_domain::ids::TenantId;
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{Entries, entries::instant};
use crate::{Error, Result, Store, pool::Pool};

/// For how long a server may use what it remembers after the database last heard from it.
pub const LEASE: Duration = Duration::from_secs(3);
/// How often it lets the database hear from it. What this leaves of the lease is room for a slow answer.
const RENEW: Duration = Duration::from_millis(500);
/// How long a changer waits for a server before it takes its row away.
const PATIENCE: Duration = Duration::from_secs(1);
/// Changes are kept for so long, for servers to catch up; whoever is behind further begins anew.
const KEPT_SECONDS: i64 = 60;

const CHANNEL: &str = "bailiwick_keys";

/// Tells the other servers that something of a tenant has changed, and waits until each has forgotten it or may not use it any more.
pub(super) async fn tell(store: &Store, tenant: TenantId) -> Result<()> {
    let Pool::Postgres(pool) = &store.shared.pool else { return Ok(()) };
    let mut connection = pool.acquire().await?;
    if !others(&mut connection).await? {
        return Ok(());
    }
    let number: (i64,) = sqlx::query_as(
        "WITH number AS (UPDATE key_cache_change_count SET changes = changes + 1 RETURNING changes),
              noted AS (INSERT INTO key_cache_change (number, changed, at) SELECT changes, $1, extract(epoch FROM clock_timestamp())::bigint FROM number)
         SELECT changes FROM number",
    )
    .bind(tenant.uuid())
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(&mut *connection).await?;
    let begun = instant();
    let mut pause = Duration::from_millis(1);
    while behind(&mut connection, number.0).await? {
        if instant().saturating_duration_since(begun) >= PATIENCE {
            return outlive(&mut connection, number.0).await;
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether any server remembers anything. One that begins just now begins empty, and reads what is committed already.
async fn others(connection: &mut PgConnection) -> Result<bool> {
    let found: (bool,) =
        sqlx::query_as("SELECT EXISTS (SELECT FROM key_cache_node)").fetch_one(connection).await?;
    Ok(found.0)
}

/// Whether some server with a lease has not come as far as this change.
async fn behind(connection: &mut PgConnection, number: i64) -> Result<bool> {
    let found: (bool,) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM key_cache_node WHERE seen < $1 AND lease_until > extract(epoch FROM clock_timestamp()) * 1000)",
    )
    .bind(number)
    .fetch_one(connection)
    .await?;
    Ok(found.0)
}

/// Takes the rows of those that did not answer, and waits until the last of their leases is over.
async fn outlive(connection: &mut PgConnection, number: i64) -> Result<()> {
    let left: Vec<(i64,)> = sqlx::query_as(
        "DELETE FROM key_cache_node WHERE seen < $1 RETURNING lease_until - (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    )
    .bind(number)
    .fetch_all(connection)
    .await?;
    let longest = left.into_iter().map(|(millis,)| millis).max().unwrap_or(0).max(0);
    tracing::warn!("a server did not say in time that it forgot a key; its lease is waited for");
    // One more for what was cut off.
    sleep(Duration::from_millis(longest.unsigned_abs() + 1)).await;
    Ok(())
}

/// This server's part in it: keeps its lease, and forgets what the others say. Without it running, nothing is remembered on PostgreSQL.
pub struct KeyNode {
    store: Store,
    id: Uuid,
    /// The changes that were heard of; nothing while there is no row.
    seen: Option<i64>,
    listener: Option<PgListener>,
}

impl KeyNode {
    /// A server that has no lease yet.
    pub fn new(store: Store) -> Self {
        let id = store.new_id();
        Self { store, id, seen: None, listener: None }
    }

    /// Takes or prolongs the lease, forgets what has changed, and waits for the next change, half a second at most. On SQLite there is
    /// nothing to do. Says how many changes were heard of.
    ///
    /// # Errors
    /// Those of the database; everything is forgotten then, and the next round begins anew.
    pub async fn round(&mut self) -> Result<usize> {
        let shared = Arc::clone(&self.store.shared);
        let Pool::Postgres(pool) = &shared.pool else {
            sleep(RENEW).await;
            return Ok(0);
        };
        match self.listen(pool, &shared.key_cache).await {
            Ok(heard) => Ok(heard),
            Err(error) => {
                self.give_up();
                Err(error)
            }
        }
    }

    async fn listen(&mut self, pool: &PgPool, entries: &Entries) -> Result<usize> {
        if self.listener.is_none() {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            self.listener = Some(listener);
        }
        let begun = instant();
        let heard = match self.seen {
            None => {
                self.seen = Some(self.register(entries).await?);
                // Whoever read a key before the row was there may have read what was changed since, and nobody told this server.
                entries.forget_all();
                0
            }
            Some(seen) => match self.renew(seen, entries).await? {
                Some(now) => {
                    self.seen = Some(now);
                    usize::try_from(now - seen).unwrap_or(0)
                }
                // Somebody took the row away because this server did not answer in time.
                None => {
                    self.give_up();
                    return Ok(0);
                }
            },
        };
        entries.lease(begun, LEASE);
        let Some(listener) = self.listener.as_mut() else { return Ok(heard) };
        match timeout(RENEW, listener.try_recv()).await {
            // Nothing happened, or something did: the next round looks.
            Err(_) | Ok(Ok(Some(_))) => {}
            // The connection broke, and what was said meanwhile was not heard.
            Ok(Ok(None)) => self.give_up(),
            Ok(Err(error)) => return Err(error.into()),
        }
        Ok(heard)
    }

    fn connection(&mut self) -> Result<&mut PgListener> {
        self.listener.as_mut().ok_or(Error::Busy)
    }

    /// Begins with nothing remembered, at the newest change.
    async fn register(&mut self, entries: &Entries) -> Result<i64> {
        entries.give_up();
        let id = self.id;
        let listener = self.connection()?;
        sqlx::query("DELETE FROM key_cache_node WHERE lease_until < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 60000")
            .execute(&mut *listener)
            .await?;
        sqlx::query(
            "DELETE FROM key_cache_change WHERE at < extract(epoch FROM clock_timestamp())::bigint - $1",
        )
        .bind(KEPT_SECONDS)
        .execute(&mut *listener)
        .await?;
        let (seen,): (i64,) = sqlx::query_as(
            "INSERT INTO key_cache_node (id, seen, lease_until)
             SELECT $1, changes, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $2 FROM key_cache_change_count
             ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, lease_until = excluded.lease_until RETURNING seen",
        )
        .bind(id)
        .bind(millis(LEASE))
        .fetch_one(&mut *listener)
        .await?;
        Ok(seen)
    }

    /// Forgets what has changed since, and then says so. Nothing where the row is gone.
    async fn renew(&mut self, seen: i64, entries: &Entries) -> Result<Option<i64>> {
        let id = self.id;
        let listener = self.connection()?;
        let (newest,): (i64,) =
            sqlx::query_as("SELECT changes FROM key_cache_change_count").fetch_one(&mut *listener).await?;
        if newest > seen {
            let changed: Vec<(Uuid,)> =
                sqlx::query_as("SELECT changed FROM key_cache_change WHERE number > $1 AND number <= $2")
                    .bind(seen)
                    .bind(newest)
                    .fetch_all(&mut *listener)
                    .await?;
            if i64::try_from(changed.len()).is_ok_and(|found| found == newest - seen) {
                for (tenant,) in changed {
                    entries.forget(tenant.into());
                }
            } else {
                // Some of it is not kept any more.
                entries.forget_all();
            }
        }
        let told = sqlx::query(
            "UPDATE key_cache_node SET seen = $2, lease_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $3 WHERE id = $1",
        )
        .bind(id)
        .bind(newest)
        .bind(millis(LEASE))
        .execute(&mut *listener)
        .await?;
        Ok((told.rows_affected() == 1).then_some(newest))
    }

    fn give_up(&mut self) {
        self.seen = None;
        self.listener = None;
        self.store.shared.key_cache.give_up();
    }
}

impl Drop for KeyNode {
    /// Whoever stops listening remembers nothing. On SQLite nobody listens.
    fn drop(&mut self) {
        if matches!(self.store.shared.pool, Pool::Postgres(_)) {
            self.store.shared.key_cache.give_up();
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
