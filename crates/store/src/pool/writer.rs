//! Group commit on SQLite: callers take the one writer in turn, each inside its own savepoint of one open transaction.
//! The savepoint of a finished turn is released together with the opening of the next one, or before the commit.
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
    /// The savepoint of the last of these changes is still open.
    savepoint: bool,
    /// Records of the batch, in the order of the changes.
    drafts: Vec<Draft>,
    /// Callers whose change is done but not committed.
    done: Vec<oneshot::Sender<Outcome>>,
}

impl GroupCommit {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Arc<Self>> {
        let connection = SqliteConnection::connect_with(options).await?;
        let writer = Writer {
            connection: Some(connection),
            batch: None,
            savepoint: false,
            drafts: Vec::new(),
            done: Vec::new(),
        };
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
#[derive(Clone, Copy)]
enum Stage {
    /// The savepoint may or may not be open, and that of the turn before may or may not be released.
    Opening,
    /// The savepoint is open.
    Working,
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
        let open = match (writer.batch, writer.savepoint) {
            (None, _) => "BEGIN IMMEDIATE; SAVEPOINT turn",
            (Some(_), true) => "RELEASE turn; SAVEPOINT turn",
            (Some(_), false) => "SAVEPOINT turn",
        };
        let connection = writer.connection.as_mut().ok_or(Error::Sql(sqlx::Error::PoolClosed))?;
        sqlx::query(open).execute(connection).await?;
        writer.batch.get_or_insert(0);
        self.stage = Stage::Working;
        Ok(())
    }

    /// Keeps the change, and returns once it is on disk together with `drafts`.
    pub(crate) async fn finish(mut self, drafts: Vec<Draft>) -> Result<()> {
        let Some(mut writer) = self.guard.take() else { return Err(Error::Busy) };
        writer.drafts.extend(drafts);
        writer.batch = Some(writer.batch.map_or(1, |changes| changes + 1));
        writer.savepoint = true;
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
        let stage = self.stage;
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
    async fn clean_up(&mut self, stage: Stage, group: &GroupCommit) {
        let stands = match stage {
            // Nothing was written in the savepoint, so whatever one there is holds only what is to stay.
            Stage::Opening => {
                drop(self.run("RELEASE turn").await);
                self.batch.is_some() && self.in_transaction().await
            }
            // Fails if the whole transaction is gone: SQLite rolls that back by itself on a full disk, for example.
            Stage::Working => self.run("ROLLBACK TO turn; RELEASE turn").await.is_ok(),
        };
        if !stands {
            return self.abandon().await;
        }
        self.savepoint = false;
        if group.waiting.load(Ordering::SeqCst) == 0 {
            self.commit().await;
        }
    }

    /// Whether the batch's transaction is still open: only then does SQLite refuse to begin another.
    async fn in_transaction(&mut self) -> bool {
        self.connection.is_some() && self.run("BEGIN").await.is_err()
    }

    async fn run(&mut self, text: &'static str) -> Result<()> {
        let connection = self.connection.as_mut().ok_or(Error::Sql(sqlx::Error::PoolClosed))?;
        sqlx::query(text).execute(connection).await?;
        Ok(())
    }

    /// Writes the batch's records, commits and tells everybody.
    async fn commit(&mut self) {
        match self.write().await {
            Ok(()) => {
                self.batch = None;
                self.savepoint = false;
                for told in self.done.drain(..) {
                    // Nobody listening: the caller went away after its change was done.
                    let _ = told.send(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, cause = ?std::error::Error::source(&error), "a batch of changes was not committed");
                self.abandon().await;
            }
        }
    }

    async fn write(&mut self) -> Result<()> {
        // Fails if the transaction is gone, and then no record may be written outside it.
        if self.savepoint {
            self.run("RELEASE turn").await?;
        }
        let drafts = std::mem::take(&mut self.drafts);
        let connection = self.connection.as_mut().ok_or(Error::Busy)?;
        flush_sqlite(connection, drafts).await?;
        self.run("COMMIT").await
    }

    async fn abandon(&mut self) {
        if let Some(connection) = self.connection.as_mut() {
            // Fails where SQLite has rolled back by itself, which is what is wanted.
            drop(sqlx::query("ROLLBACK").execute(connection).await);
        }
        self.batch = None;
        self.savepoint = false;
        self.drafts.clear();
        for told in self.done.drain(..) {
            let _ = told.send(Err(CommitFailed));
        }
    }
}
