//! The connection behind the turns, and the transaction that is open on it.

use std::collections::HashSet;

use bailiwick_domain::ids::TenantId;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    Error, Result,
    audit::{Draft, flush_sqlite},
};

/// What a caller is told once its change is on disk, or undone.
pub(super) type Outcome = Result<()>;

/// How far a turn has come: what there is to clean up if its caller goes away now.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    /// The savepoint may or may not be open, and that of the turn before may or may not be released.
    Opening,
    /// The savepoint is open.
    Working,
}

/// The one connection that writes.
pub(super) struct Writer {
    /// `None` once closed.
    connection: Option<SqliteConnection>,
    /// The open transaction.
    batch: Option<Batch>,
    /// Set while a task settles or cleans up. Found set, that task panicked, and nobody knows what is open.
    unsettled: bool,
    /// Tenants of a batch whose records could not be written. Until one of their changes is through they have their
    /// commits to themselves, so that a log that cannot be extended holds up nobody else.
    apart: HashSet<TenantId>,
    #[cfg(test)]
    pub(super) panics: bool,
}

/// The changes of one transaction.
#[derive(Default)]
struct Batch {
    changes: usize,
    /// The savepoint of the last of these changes is still open.
    savepoint: bool,
    /// Records of the batch, in the order of the changes.
    drafts: Vec<Draft>,
    /// Callers whose change is done but not committed.
    done: Vec<oneshot::Sender<Outcome>>,
}

impl Writer {
    pub(super) async fn open(options: &SqliteConnectOptions) -> Result<Self> {
        Ok(Self {
            connection: Some(SqliteConnection::connect_with(options).await?),
            batch: None,
            unsettled: false,
            apart: HashSet::new(),
            #[cfg(test)]
            panics: false,
        })
    }

    pub(super) const fn connection(&mut self) -> Option<&mut SqliteConnection> {
        self.connection.as_mut()
    }

    /// Whether changes are done that nobody has committed yet.
    pub(super) const fn is_open(&self) -> bool {
        self.batch.is_some()
    }

    /// Records of a thing among those of the open batch.
    pub(super) fn waiting(&self, tenant: TenantId, kind: &str, id: Uuid) -> i64 {
        let drafts = self.batch.iter().flat_map(|batch| &batch.drafts);
        let of_it = drafts.filter(|draft| {
            draft.entity_id == id && draft.tenant == tenant && draft.entity_type.as_ref() == kind
        });
        i64::try_from(of_it.count()).unwrap_or(i64::MAX)
    }

    /// Whether the open batch must be committed before `tenant` may write.
    pub(super) fn keeps_apart(&self, tenant: TenantId) -> bool {
        self.batch.is_some() && self.apart.contains(&tenant)
    }

    /// Opens the savepoint of a turn.
    pub(super) async fn begin(&mut self) -> Result<()> {
        if self.unsettled {
            self.abandon(None).await;
        }
        let open = match &self.batch {
            None => "BEGIN IMMEDIATE; SAVEPOINT turn",
            Some(Batch { savepoint: true, .. }) => "RELEASE turn; SAVEPOINT turn",
            Some(_) => "SAVEPOINT turn",
        };
        self.run(open).await?;
        self.batch.get_or_insert_default();
        Ok(())
    }

    /// Takes a finished change into the batch. Says whether the batch takes no further one.
    pub(super) fn keep(&mut self, drafts: Vec<Draft>, told: oneshot::Sender<Outcome>) -> bool {
        let apart = drafts.iter().any(|draft| self.apart.contains(&draft.tenant));
        let batch = self.batch.get_or_insert_default();
        batch.drafts.extend(drafts);
        batch.changes += 1;
        batch.savepoint = true;
        batch.done.push(told);
        apart || batch.changes >= super::BATCH
    }

    /// Undoes what a turn left behind. Says whether the rest of the batch still stands.
    pub(super) async fn clean_up(&mut self, stage: Stage) -> bool {
        let known = !std::mem::replace(&mut self.unsettled, true);
        let stands = known
            && match stage {
                // Nothing was written in the savepoint, so whatever one there is holds only what is to stay.
                Stage::Opening => {
                    drop(self.run("RELEASE turn").await);
                    self.batch.is_some() && self.in_transaction().await
                }
                // Fails if the whole transaction is gone: SQLite rolls that back by itself on a full disk, for example.
                Stage::Working => self.run("ROLLBACK TO turn; RELEASE turn").await.is_ok(),
            };
        match &mut self.batch {
            Some(batch) if stands => {
                batch.savepoint = false;
                self.unsettled = false;
            }
            _ => self.abandon(None).await,
        }
        stands
    }

    /// Writes the batch's records, commits and tells everybody.
    ///
    /// From here on the batch is this function's alone: should it panic, its callers are told that their changes failed,
    /// and the next turn rolls back whatever is open.
    pub(super) async fn commit(&mut self) {
        if self.unsettled {
            return self.abandon(None).await;
        }
        let Some(Batch { savepoint, drafts, done, .. }) = self.batch.take() else { return };
        self.unsettled = true;
        let tenants: HashSet<TenantId> = drafts.iter().map(|draft| draft.tenant).collect();
        match self.write(savepoint, drafts).await {
            Ok(()) => {
                self.unsettled = false;
                if !self.apart.is_empty() {
                    self.apart.retain(|tenant| !tenants.contains(tenant));
                }
                for told in done {
                    // Nobody listening: the caller went away after its change was done.
                    drop(told.send(Ok(())));
                }
            }
            Err(error) => {
                tracing::error!(%error, cause = ?std::error::Error::source(&error), "a batch of changes was not committed");
                self.batch = Some(Batch { done, ..Batch::default() });
                self.apart.extend(tenants);
                self.abandon(Some(error)).await;
            }
        }
    }

    /// Commits what is open and closes the connection.
    pub(super) async fn close(&mut self) {
        self.commit().await;
        if let Some(connection) = self.connection.take() {
            // Closing checkpoints the write-ahead log; if that fails the log is still there and is read at the next start.
            drop(connection.close().await);
        }
    }

    async fn write(&mut self, savepoint: bool, drafts: Vec<Draft>) -> Result<()> {
        // Fails if the transaction is gone, and then no record may be written outside it.
        if savepoint {
            self.run("RELEASE turn").await?;
        }
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        flush_sqlite(connection, drafts).await.map_err(misplaced)?;
        #[cfg(test)]
        assert!(!self.panics, "as the test wants it");
        self.run("COMMIT").await
    }

    /// Rolls everything back and tells everybody: the only one the cause, several that the same change may succeed, and all of
    /// them that the disk is full.
    async fn abandon(&mut self, cause: Option<Error>) {
        self.unsettled = true;
        // Fails where SQLite has rolled back by itself, which is what is wanted.
        drop(self.run("ROLLBACK").await);
        let done = self.batch.take().map(|batch| batch.done).unwrap_or_default();
        self.unsettled = false;
        let full = matches!(cause, Some(Error::Full));
        let mut cause = cause.filter(|_| done.len() == 1);
        for told in done {
            let otherwise = if full { Error::Full } else { Error::Busy };
            drop(told.send(Err(cause.take().unwrap_or(otherwise))));
        }
    }

    /// Whether the batch's transaction is still open: only then does SQLite refuse to begin another.
    async fn in_transaction(&mut self) -> bool {
        self.connection.is_some() && self.run("BEGIN").await.is_err()
    }

    async fn run(&mut self, text: &'static str) -> Result<()> {
        let connection = self.connection.as_mut().ok_or_else(closed)?;
        sqlx::query(text).execute(connection).await?;
        Ok(())
    }
}

/// Records that meet others in their places, or a tenant without a tree, are no answer to anybody's request: somebody wrote
/// past the store.
fn misplaced(error: Error) -> Error {
    match error {
        Error::NotFound | Error::Conflict(_) => Error::Corrupt("a tenant's audit log".into()),
        error => error,
    }
}

fn closed() -> Error {
    Error::Sql(sqlx::Error::PoolClosed)
}
