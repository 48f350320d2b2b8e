//! Group commit on SQLite: callers take the one writer in turn, each inside its own savepoint of one open transaction.
//! The savepoint of a finished turn is released together with the opening of the next one, or before the commit.
//!
//! Whoever finds nobody waiting, or the batch full, writes the audit log for all of the batch, commits, and wakes them;
//! nobody is answered before the commit is on disk. An error rolls back its own savepoint only. A caller that goes away
//! in the middle (its client hung up) is cleaned up after by a task that owns its turn, so the batch is never left
//! hanging.

mod batch;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bailiwick_domain::ids::TenantId;
use sqlx::{SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::timeout,
};
use uuid::Uuid;

use self::batch::{Stage, Writer};
use crate::{Error, Result, audit::Draft};

/// Changes at most in one commit.
const BATCH: usize = 256;

/// The writer and the queue for it.
pub(crate) struct GroupCommit {
    writer: Arc<Mutex<Writer>>,
    /// Callers that want the writer or are about to.
    waiting: AtomicUsize,
    /// How long each of them waits.
    patience: Duration,
}

impl GroupCommit {
    pub(crate) async fn open(options: &SqliteConnectOptions, patience: Duration) -> Result<Arc<Self>> {
        let writer = Arc::new(Mutex::new(Writer::open(options).await?));
        Ok(Arc::new(Self { writer, waiting: AtomicUsize::new(0), patience }))
    }

    /// Waits for the writer and opens a savepoint in which `tenant` may write. Busy if others do not let go of it in time.
    pub(crate) async fn turn(self: &Arc<Self>, tenant: TenantId) -> Result<Turn> {
        let mut place = InQueue::take(self);
        let locked = timeout(self.patience, Arc::clone(&self.writer).lock_owned()).await;
        let mut writer = locked.map_err(|_| Error::Busy)?;
        place.leave();
        if writer.keeps_apart(tenant) {
            // A task of its own, as for every commit.
            let committed = tokio::spawn(async move {
                writer.commit().await;
                writer
            });
            writer = committed.await.map_err(|_| Error::Busy)?;
        }
        let mut turn = Turn { group: Arc::clone(self), guard: Some(writer), stage: Stage::Opening };
        turn.open().await?;
        Ok(turn)
    }

    /// Commits what is open and closes the connection.
    pub(crate) async fn close(&self) {
        self.writer.lock().await.close().await;
    }

    fn nobody_waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }
}

/// A place in the queue. One that is given up commits for those who counted on its holder.
struct InQueue {
    group: Arc<GroupCommit>,
    waiting: bool,
}

impl InQueue {
    fn take(group: &Arc<GroupCommit>) -> Self {
        group.waiting.fetch_add(1, Ordering::SeqCst);
        Self { group: Arc::clone(group), waiting: true }
    }

    /// Says whether it was the last place.
    fn leave(&mut self) -> bool {
        self.waiting = false;
        self.group.waiting.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        // Whoever still waits will commit; and so will whoever has the writer, and looks at the queue when done.
        if !self.waiting || !self.leave() {
            return;
        }
        let group = Arc::clone(&self.group);
        tokio::spawn(async move {
            let mut writer = group.writer.lock().await;
            if writer.is_open() && group.nobody_waits() {
                writer.commit().await;
            }
        });
    }
}

/// One caller's time at the writer.
pub(crate) struct Turn {
    group: Arc<GroupCommit>,
    guard: Option<OwnedMutexGuard<Writer>>,
    stage: Stage,
}

impl Turn {
    /// The writer's connection.
    ///
    /// The guard is there until the turn is finished or undone, and both take the turn by value.
    #[allow(
        clippy::expect_used,
        reason = "the guard leaves only with the turn itself, and so does the connection with the pool"
    )]
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        self.guard.as_mut().and_then(|writer| writer.connection()).expect("a turn holds the writer")
    }

    /// Records of a thing that wait for the commit of this batch.
    pub(crate) fn waiting(&self, tenant: TenantId, kind: &str, id: Uuid) -> i64 {
        self.guard.as_ref().map_or(0, |writer| writer.waiting(tenant, kind, id))
    }

    async fn open(&mut self) -> Result<()> {
        self.guard.as_mut().ok_or(Error::Busy)?.begin().await?;
        self.stage = Stage::Working;
        Ok(())
    }

    /// Keeps the change, and returns once it is on disk together with `drafts`.
    pub(crate) async fn finish(mut self, drafts: Vec<Draft>) -> Result<()> {
        let Some(mut writer) = self.guard.take() else { return Err(Error::Busy) };
        let (told, outcome) = oneshot::channel();
        let full = writer.keep(drafts, told);
        if full || self.group.nobody_waits() {
            // A task of its own: a caller that goes away during the commit must not leave the others without an answer.
            tokio::spawn(async move { writer.commit().await });
        } else {
            drop(writer);
        }
        // Without an answer the task that was to give it panicked, and what it had open is rolled back.
        outcome.await.unwrap_or(Err(Error::Busy))
    }

    /// Takes the change back and leaves the others of the batch as they are.
    pub(crate) async fn undo(mut self) {
        if let Some(task) = self.clean_up() {
            drop(task.await);
        }
    }

    /// Starts undoing; it is finished even if the caller goes away meanwhile.
    fn clean_up(&mut self) -> Option<tokio::task::JoinHandle<()>> {
        let mut writer = self.guard.take()?;
        let stage = self.stage;
        let group = Arc::clone(&self.group);
        // Without a runtime the process is ending, and SQLite undoes an open transaction by itself.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move {
            if writer.clean_up(stage).await && group.nobody_waits() {
                writer.commit().await;
            }
        }))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.clean_up());
    }
}
