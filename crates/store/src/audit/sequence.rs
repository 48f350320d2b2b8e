//! The sequencer on PostgreSQL: gives committed events their place in the tree. On SQLite the writer does it by itself.
//!
//! Pending events are a set, not a cursor: whatever commits late is taken the next time. One process at a time holds the
//! lease, an advisory lock on a connection of its own, so it ends with the process that held it.

use bailiwick_domain::ids::TenantId;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use uuid::Uuid;

use super::{integrate::integrate, search::Waiting};
use crate::{DatabaseKind, Error, Result, conn::Driver, pool::Pool, store::Store};

/// Events of one tenant at most in one transaction.
const BATCH: i64 = 4096;
/// Tenants at most in one round.
const TENANTS: i64 = 256;
/// The advisory lock of the sequencer: "bailiwick" and 1.
const LEASE: i64 = 0x6261_696c_6977_0001;

/// Puts committed events into their trees.
pub struct Sequencer {
    store: Store,
    lease: Option<PoolConnection<Postgres>>,
}

impl Sequencer {
    /// A sequencer that does not hold the lease yet.
    pub const fn new(store: Store) -> Self {
        Self { store, lease: None }
    }

    /// One round: every tenant with pending events, up to a bound. Returns how many events found their place; none if
    /// another process holds the lease, or on SQLite, where nothing is ever pending.
    pub async fn run(&mut self) -> Result<usize> {
        let shared = std::sync::Arc::clone(&self.store.shared);
        let Pool::Postgres(pool) = &shared.pool else { return Ok(0) };
        if !self.lead(pool).await? {
            return Ok(0);
        }
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT set_config('bailiwick.job', 'on', true)").execute(&mut *transaction).await?;
        let tenants: Vec<Uuid> = sqlx::query_scalar("SELECT DISTINCT tenant FROM audit_pending LIMIT $1")
            .bind(TENANTS)
            .fetch_all(&mut *transaction)
            .await?;
        transaction.rollback().await?;
        let mut placed = 0;
        let mut failed = None;
        for tenant in tenants {
            // One log that cannot be extended does not hold up the others; the first failure is the answer.
            match self.tenant(pool, TenantId::from(tenant)).await {
                Ok(events) => placed += events,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(placed), Err)
    }

    /// Runs rounds until nothing is pending.
    pub async fn drain(&mut self) -> Result<()> {
        if self.store.kind() == DatabaseKind::Postgres {
            while self.run().await? > 0 {}
        }
        Ok(())
    }

    /// Whether this process holds the lease, as far as it knows. On SQLite there is none to hold.
    pub const fn leads(&self) -> bool {
        self.lease.is_some()
    }

    /// Gives the lease up, for another process to take at once.
    pub async fn release(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        let released = sqlx::query("SELECT pg_advisory_unlock($1)").bind(LEASE).execute(&mut *lease).await;
        if released.is_err() {
            // The lock ends with the connection, which must not go back to the pool with it.
            drop(lease.detach());
        }
    }

    async fn lead(&mut self, pool: &PgPool) -> Result<bool> {
        if let Some(lease) = &mut self.lease {
            // The lock lives as long as its connection does.
            if sqlx::query("SELECT 1").execute(&mut **lease).await.is_ok() {
                return Ok(true);
            }
            // Whatever is left of the connection must not go back to the pool with the lock.
            drop(self.lease.take().map(PoolConnection::detach));
        }
        let mut connection = pool.acquire().await?;
        let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LEASE)
            .fetch_one(&mut *connection)
            .await?;
        if held {
            self.lease = Some(connection);
        }
        Ok(held)
    }

    async fn tenant(&self, pool: &PgPool, tenant: TenantId) -> Result<usize> {
        let mut transaction = pool.begin().await?;
        sqlx::query("SELECT set_config('bailiwick.tenant', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut *transaction)
            .await?;
        let rows: Vec<Waiting> = sqlx::query_as(
            "SELECT e.id, p.recorded_at, p.source, p.owner, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
             WHERE p.tenant = $1 ORDER BY p.recorded_at, p.event LIMIT $2",
        )
        .bind(tenant.uuid())
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
        let leaves = rows.into_iter().map(Waiting::leaf).collect::<Result<Vec<_>>>()?;
        integrate(&mut Driver::Postgres(&mut transaction), tenant, &leaves).await?;
        let ids: Vec<Uuid> = leaves.iter().map(|leaf| leaf.event).collect();
        let times: Vec<i64> = leaves.iter().map(|leaf| leaf.recorded_at).collect();
        let taken = sqlx::query(
            "DELETE FROM audit_pending p USING unnest($2::bigint[], $3::uuid[]) AS done (at, event)
             WHERE p.tenant = $1 AND p.recorded_at = done.at AND p.event = done.event",
        )
        .bind(tenant.uuid())
        .bind(times)
        .bind(ids)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if usize::try_from(taken).ok() != Some(leaves.len()) {
            return Err(Error::Busy);
        }
        transaction.commit().await?;
        Ok(leaves.len())
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            // Closing the connection ends the lock; returning it to the pool would keep it.
            drop(lease.detach());
        }
    }
}
