//! The writer by itself, and what only shows from inside.
#![allow(clippy::unwrap_used, reason = "tests")]

use bailiwick_vault::entropy::SeededEntropy;
use tempfile::TempDir;

use super::*;
use crate::PoolOptions;

/// Nobody waits as long; whoever would, hangs.
const NEVER: Duration = Duration::from_secs(600);

/// A writer over a file with one table, `noted (n)`.
struct Scene {
    group: Arc<GroupCommit>,
    tenant: TenantId,
    options: SqliteConnectOptions,
    _folder: TempDir,
}

impl Scene {
    async fn set(patience: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("notes.db").display());
        let options = PoolOptions::new(url).sqlite().unwrap().unwrap();
        let group = GroupCommit::open(&options, patience).await.unwrap();
        let now = bailiwick_domain::time::Timestamp::from_micros(0);
        let scene =
            Self { group, options, _folder: folder, tenant: TenantId::new(now, &SeededEntropy::new(1)) };
        let mut turn = scene.turn().await.unwrap();
        sqlx::query("CREATE TABLE noted (n INTEGER)").execute(turn.connection()).await.unwrap();
        turn.finish(Vec::new()).await.unwrap();
        scene
    }

    async fn turn(&self) -> Result<Turn> {
        self.group.turn(self.tenant).await
    }

    /// A turn in which `n` was written.
    async fn noting(&self, n: i64) -> Turn {
        let mut turn = self.turn().await.unwrap();
        sqlx::query("INSERT INTO noted (n) VALUES ($1)").bind(n).execute(turn.connection()).await.unwrap();
        turn
    }

    /// What is on disk, as another process sees it.
    async fn noted(&self) -> Vec<i64> {
        use sqlx::Connection;
        let mut other = SqliteConnection::connect_with(&self.options).await.unwrap();
        sqlx::query_scalar("SELECT n FROM noted ORDER BY n").fetch_all(&mut other).await.unwrap()
    }

    /// Waits until so many callers queue for the writer.
    async fn queue_of(&self, callers: usize) {
        while self.group.waiting.load(Ordering::SeqCst) != callers {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn caller_is_told_that_the_writer_is_busy_and_nothing_is_left_behind() {
    let scene = Scene::set(Duration::from_millis(1)).await;
    let held = scene.noting(1).await;
    // However long these take: the writer is not let go of before they have given up.
    for _ in 0..3 {
        assert!(matches!(scene.turn().await, Err(Error::Busy)));
    }
    assert_eq!(scene.group.waiting.load(Ordering::SeqCst), 0);
    held.finish(Vec::new()).await.unwrap();
    scene.noting(2).await.finish(Vec::new()).await.unwrap();
    assert_eq!(scene.noted().await, [1, 2]);
}

#[tokio::test]
async fn change_whose_successor_gives_up_waiting_is_committed_all_the_same() {
    let scene = Arc::new(Scene::set(NEVER).await);
    let held = scene.noting(1).await;
    let successor = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move { scene.turn().await.map(drop) }
    });
    scene.queue_of(1).await;
    // Sees somebody waiting and leaves the commit to them, who then go away.
    let finished = tokio::spawn(held.finish(Vec::new()));
    successor.abort();
    finished.await.unwrap().unwrap();
    assert_eq!(scene.noted().await, [1]);
}

#[tokio::test]
async fn batch_whose_commit_panics_is_undone_and_its_callers_are_told() {
    let scene = Arc::new(Scene::set(NEVER).await);
    scene.noting(1).await.finish(Vec::new()).await.unwrap();
    let first = scene.noting(2).await;
    let second = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move {
            let mut turn = scene.noting(3).await;
            turn.guard.as_mut().unwrap().panics = true;
            turn.finish(Vec::new()).await
        }
    });
    scene.queue_of(1).await;
    // Both in one batch: the first sees the second waiting, and the second commits for both.
    assert!(matches!(first.finish(Vec::new()).await, Err(Error::Busy)));
    assert!(matches!(second.await.unwrap(), Err(Error::Busy)));
    scene.group.writer.lock().await.panics = false;
    scene.noting(4).await.finish(Vec::new()).await.unwrap();
    assert_eq!(scene.noted().await, [1, 4], "nothing of the batch that panicked came along");
}

#[tokio::test]
async fn turn_that_is_given_up_after_a_panic_keeps_nothing_of_what_was_open() {
    let scene = Scene::set(NEVER).await;
    let mut turn = scene.noting(1).await;
    turn.guard.as_mut().unwrap().panics = true;
    assert!(turn.finish(Vec::new()).await.is_err());
    let mut writer = Arc::clone(&scene.group.writer).lock_owned().await;
    writer.panics = false;
    // A caller that went away before it had looked at what it found.
    drop(Turn { group: Arc::clone(&scene.group), guard: Some(writer), stage: Stage::Opening });
    scene.noting(2).await.undo().await;
    scene.group.close().await;
    assert_eq!(scene.noted().await, [0; 0]);
}

#[tokio::test]
async fn full_disk_is_told_as_such_and_the_writer_goes_on_once_there_is_room() {
    let scene = Scene::set(NEVER).await;
    let mut turn = scene.noting(1).await;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(turn.connection()).await.unwrap();
    turn.finish(Vec::new()).await.unwrap();
    let mut turn = scene.turn().await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
        .execute(turn.connection())
        .await
        .unwrap();
    let large = "INSERT INTO noted (n) WITH RECURSIVE r (n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM r WHERE n < 100000) SELECT n FROM r";
    let full = sqlx::query(large).execute(turn.connection()).await.map_err(Error::from);
    assert!(matches!(full, Err(Error::Full)), "{full:?}");
    turn.undo().await;
    assert_eq!(scene.noted().await, [1], "nothing is half-written");
    let mut turn = scene.turn().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1000000").execute(turn.connection()).await.unwrap();
    sqlx::query(large).execute(turn.connection()).await.unwrap();
    turn.finish(Vec::new()).await.unwrap();
    assert_eq!(scene.noted().await.len(), 1 + 99_001);
}
