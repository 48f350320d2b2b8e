//! Group commit on SQLite: callers take the one writer in turn, each inside its own savepoint of one open transaction.
//!
//! Whoever finds nobody waiting, or the batch full, writes the audit log for all of the batch, commits, and wakes them;
//! nobody is answered before the commit is on disk. An error rolls back its own savepoint only. A caller that goes away
//! in the middle (its client hung up) is cleaned up after by a task that owns its turn, so the batch is never left
//! hanging.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::{
    Error, Result,
    audit::{Draft, flush_sqlite},
};

/// Changes at most in one commit.
const BATCH: usize = 256;

type Outcome = std::result::Result<(), CommitFailed>;

/// The commit of the batch failed; every change in it was undone.
#[derive(Clone, Copy, Debug)]
struct CommitFailed;

/// The writer and the queue for it.
pub(crate) struct GroupCommit {
    writer: Arc<Mutex<Writer>>,
    /// Callers that want the writer or are about to.
    waiting: AtomicUsize,
}

struct Writer {
    /// `None` once closed.
    connection: Option<SqliteConnection>,
    /// A transaction is open, with this many changes in it.
    batch: Option<usize>,
    /// Records of the batch, in the order of the changes.
    drafts: Vec<Draft>,
    /// Callers whose change is done but not committed.
    done: Vec<oneshot::Sender<Outcome>>,
}

impl GroupCommit {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Arc<Self>> {
        let connection = SqliteConnection::connect_with(options).await?;
        let writer =
            Writer { connection: Some(connection), batch: None, drafts: Vec::new(), done: Vec::new() };
        Ok(Arc::new(Self { writer: Arc::new(Mutex::new(writer)), waiting: AtomicUsize::new(0) }))
    }

    /// Waits for the writer and opens a savepoint.
    pub(crate) async fn turn(self: &Arc<Self>) -> Result<Turn> {
        let mut place = InQueue::take(self);
        let guard = Arc::clone(&self.writer).lock_owned().await;
        place.leave();
        let mut turn = Turn { group: Arc::clone(self), guard: Some(guard), stage: Stage::Opening };
        turn.open().await?;
        Ok(turn)
    }

    /// Commits what is open and closes the connection.
    pub(crate) async fn close(&self) {
        let mut writer = self.writer.lock().await;
        if writer.batch.is_some() {
            writer.commit().await;
        }
        if let Some(connection) = writer.connection.take() {
            // Closing checkpoints the write-ahead log; if that fails the log is still there and is read at the next start.
            drop(connection.close().await);
        }
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

    fn leave(&mut self) {
        self.waiting = false;
        self.group.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        if !self.waiting {
            return;
        }
        self.leave();
        let group = Arc::clone(&self.group);
        tokio::spawn(async move {
            let mut writer = group.writer.lock().await;
            if writer.batch.is_some() && group.waiting.load(Ordering::SeqCst) == 0 {
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

/// How far a turn has come: what there is to clean up if its caller goes away now.
enum Stage {
    /// The savepoint may or may not be open.
    Opening,
    /// The savepoint is open.
    Working,
    /// The savepoint may or may not be released; if it is, these records belong to what it held.
    Releasing(Vec<Draft>),
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
        self.guard.as_mut().and_then(|w| w.connection.as_mut()).expect("a turn holds the writer")
    }

    async fn open(&mut self) -> Result<()> {
        let Some(writer) = self.guard.as_mut() else { return Err(Error::Busy) };
        if writer.batch.is_none() {
            let connection = writer.connection.as_mut().ok_or(Error::Sql(sqlx::Error::PoolClosed))?;
            sqlx::query("BEGIN IMMEDIATE").execute(connection).await?;
            writer.batch = Some(0);
        }
        let connection = writer.connection.as_mut().ok_or(Error::Sql(sqlx::Error::PoolClosed))?;
        sqlx::query("SAVEPOINT turn").execute(connection).await?;
        self.stage = Stage::Working;
        Ok(())
    }

    /// Keeps the change, and returns once it is on disk together with `drafts`.
    pub(crate) async fn finish(mut self, drafts: Vec<Draft>) -> Result<()> {
        self.stage = Stage::Releasing(drafts);
        sqlx::query("RELEASE turn").execute(self.connection()).await?;
        let Some(mut writer) = self.guard.take() else { return Err(Error::Busy) };
        if let Stage::Releasing(drafts) = std::mem::replace(&mut self.stage, Stage::Working) {
            writer.keep(drafts);
        }
        let (told, outcome) = oneshot::channel();
        writer.done.push(told);
        if writer.batch >= Some(BATCH) || self.group.waiting.load(Ordering::SeqCst) == 0 {
            // A task of its own: a caller that goes away during the commit must not leave the others without an answer.
            tokio::spawn(async move { writer.commit().await });
        } else {
            drop(writer);
        }
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(CommitFailed)) | Err(_) => Err(Error::Busy),
        }
    }

    /// Takes the change back and leaves the others of the batch as they are.
    pub(crate) async fn undo(mut self) {
        if let Some(task) = self.clean_up() {
            drop(task.await);
        }
    }

    /// Starts undoing; it is finished even if the caller goes away meanwhile.
    fn clean_up(&mut self) -> Option<tokio::task::JoinHandle<()>> {
        let mut guard = self.guard.take()?;
        let stage = std::mem::replace(&mut self.stage, Stage::Working);
        let group = Arc::clone(&self.group);
        // Without a runtime the process is ending, and SQLite undoes an open transaction by itself.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move { guard.clean_up(stage, &group).await }))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.clean_up());
    }
}

impl Writer {
    /// Counts a released change into the batch.
    fn keep(&mut self, drafts: Vec<Draft>) {
        self.drafts.extend(drafts);
        self.batch = Some(self.batch.unwrap_or(0) + 1);
    }

    async fn clean_up(&mut self, stage: Stage, group: &GroupCommit) {
        let undone = match self.connection.as_mut() {
            Some(c) => sqlx::query("ROLLBACK TO turn; RELEASE turn").execute(c).await.is_ok(),
            None => false,
        };
        if !undone {
            // There is no savepoint of that name. Either it was not opened yet or is released already, or the whole
            // transaction is gone: SQLite rolls that back by itself on a full disk, for example.
            let stands = self.batch.is_some() && self.in_transaction().await;
            match stage {
                Stage::Opening if stands => {}
                Stage::Releasing(drafts) if stands => self.keep(drafts),
                _ => return self.abandon().await,
            }
        }
        if group.waiting.load(Ordering::SeqCst) == 0 {
            self.commit().await;
        }
    }

    /// Whether the batch's transaction is still open: only then does SQLite refuse to begin another.
    async fn in_transaction(&mut self) -> bool {
        let Some(connection) = self.connection.as_mut() else { return false };
        sqlx::query("BEGIN").execute(connection).await.is_err()
    }

    /// Writes the batch's records, commits and tells everybody.
    async fn commit(&mut self) {
        let drafts = std::mem::take(&mut self.drafts);
        let committed = match self.connection.as_mut() {
            Some(connection) => async {
                flush_sqlite(connection, drafts).await?;
                sqlx::query("COMMIT").execute(connection).await?;
                Ok::<(), Error>(())
            }
            .await
            .inspect_err(|error| tracing::error!(%error, cause = ?std::error::Error::source(error), "a batch of changes was not committed")),
            None => Err(Error::Busy),
        };
        match committed {
            Ok(()) => {
                self.batch = None;
                for told in self.done.drain(..) {
                    // Nobody listening: the caller went away after its change was done.
                    let _ = told.send(Ok(()));
                }
            }
            Err(_) => self.abandon().await,
        }
    }

    async fn abandon(&mut self) {
        if let Some(connection) = self.connection.as_mut() {
            // Fails where SQLite has rolled back by itself, which is what is wanted.
            drop(sqlx::query("ROLLBACK").execute(connection).await);
        }
        self.batch = None;
        self.drafts.clear();
        for told in self.done.drain(..) {
            let _ = told.send(Err(CommitFailed));
        }
    }
}
