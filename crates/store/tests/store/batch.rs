//! Group commit on SQLite: many changes in one commit, each of them on its own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, User, UserStatus},
    role::Role,
    rule::ByJob,
};
use bailiwick_store::{Error, Event, Permit, Result, Scope, Store, accounts, users};
use bailiwick_testkit::{Db, Tenant, cancel_after};
use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Duration, timeout},
};

use crate::{
    raw, raw_rows,
    support::{numbers::Numbers, raw::Raw},
};

/// Nothing here takes as long; whoever does hangs.
const HANGS: Duration = Duration::from_secs(120);

/// Creates a user called `name`, or fails after having done so.
async fn create(store: &Store, permit: &Permit<ByJob>, name: &str, fail: bool) -> Result<()> {
    store
        .change(permit, async |tx| {
            let user = User {
                id: store.new_id(),
                email: format!("{name}@acme.example"),
                name: name.to_owned(),
                role: Role::Auditor.into(),
                status: UserStatus::Active,
                created_at: tx.now(),
                time_zone: None,
            };
            let written = users::insert(tx, user).await?;
            let event = Event::new("user.created", &written)?;
            if fail { Err(Error::Conflict("after the write")) } else { Ok(tx.record(event, ())) }
        })
        .await
}

/// The names of all users beside the owner.
async fn names(db: &Db) -> Vec<String> {
    let mut raw = Raw::service(db).await;
    let rows: Vec<(String,)> =
        raw_rows!(raw, "SELECT name FROM users WHERE name NOT LIKE 'Olive%' ORDER BY name");
    rows.into_iter().map(|(name,)| name).collect()
}

/// Holds the writer until told to go on, so that whoever comes meanwhile waits and lands in one batch.
async fn hold(
    db: &Db,
    acme: &Tenant,
    waiting: usize,
) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (go, wait) = oneshot::channel::<()>();
    let (held, holds) = oneshot::channel::<()>();
    let (store, permit) = (db.store.clone(), acme.job());
    let holder = tokio::spawn(async move {
        store
            .change(&permit, async |tx| {
                held.send(()).unwrap();
                wait.await.unwrap();
                let user = User {
                    id: store.new_id(),
                    email: "holder@acme.example".into(),
                    name: format!("holder of {waiting}"),
                    role: Role::Auditor.into(),
                    status: UserStatus::Active,
                    created_at: tx.now(),
                    time_zone: None,
                };
                let written = users::insert(tx, user).await?;
                let event = Event::new("user.created", &written)?;
                Ok::<_, Error>(tx.record(event, ()))
            })
            .await
    });
    holds.await.unwrap();
    (go, holder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_128_changes_at_once_is_kept_or_undone_by_itself() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    let (go, holder) = hold(&db, &acme, 128).await;
    let mut tasks = JoinSet::new();
    for n in 0..128 {
        let (store, permit) = (db.store.clone(), acme.job());
        tasks.spawn(async move { (n, create(&store, &permit, &format!("n{n:03}"), n % 5 == 0).await) });
    }
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    let outcomes = timeout(HANGS, tasks.join_all()).await.expect("nobody hangs");
    holder.await.unwrap().unwrap();
    for (n, outcome) in &outcomes {
        assert_eq!(outcome.is_err(), n % 5 == 0, "{n}: {outcome:?}");
    }
    let mut expected: Vec<_> = (0..128).filter(|n| n % 5 != 0).map(|n| format!("n{n:03}")).collect();
    expected.insert(0, "holder of 128".into());
    assert_eq!(names(&db).await, expected);
    db.sign().await;
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_neither_hang_others_nor_lose_what_was_acknowledged() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    let cancelled = Arc::new(AtomicUsize::new(0));
    let mut numbers = Numbers::new(7);
    let mut acknowledged = Vec::new();
    for round in 0..60 {
        let mut tasks = JoinSet::new();
        for n in 0..24 {
            let (store, permit) = (db.store.clone(), acme.job());
            // Every third stays to the end; the others leave after a random number of steps.
            let polls = if n % 3 == 0 { usize::MAX } else { 1 + numbers.below(8) };
            let fail = numbers.below(10) == 0;
            let cancelled = Arc::clone(&cancelled);
            tasks.spawn(async move {
                let name = format!("r{round:02}n{n:02}");
                let outcome = cancel_after(polls, create(&store, &permit, &name, fail)).await;
                match outcome {
                    None => {
                        cancelled.fetch_add(1, Ordering::SeqCst);
                        None
                    }
                    Some(outcome) => {
                        assert_eq!(
                            outcome.is_err(),
                            fail,
                            "{name}: somebody else's leaving is no error of this one: {outcome:?}"
                        );
                        outcome.ok().map(|()| name)
                    }
                }
            });
        }
        acknowledged
            .extend(timeout(HANGS, tasks.join_all()).await.expect("nobody hangs").into_iter().flatten());
    }
    assert!(cancelled.load(Ordering::SeqCst) > 300, "{} callers went away", cancelled.load(Ordering::SeqCst));
    // One more, which waits for whatever the others left behind.
    create(&db.store, &acme.job(), "z-last", false).await.unwrap();
    let present = names(&db).await;
    for name in &acknowledged {
        assert!(present.contains(name), "{name} was acknowledged and is gone");
    }
    // Nothing came through without its record, whether or not its caller stayed to hear of it.
    let mut raw = Raw::service(&db).await;
    let recorded = raw.number("SELECT count(*) FROM audit_leaf WHERE action = 'user.created'").await;
    assert_eq!(recorded, i64::try_from(present.len() + 1).unwrap());
    db.sign().await;
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_commit_is_an_error_to_every_change_of_the_batch_and_to_no_other() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    create(&db.store, &acme.job(), "before", false).await.unwrap();
    let mut raw = Raw::owner(&db).await;
    // Stands in for a full disk: writing the batch's records fails.
    raw!(raw, "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END").unwrap();
    let (go, holder) = hold(&db, &acme, 20).await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let (store, permit) = (db.store.clone(), acme.job());
        tasks.spawn(async move { create(&store, &permit, &format!("n{n}"), false).await });
    }
    go.send(()).unwrap();
    for outcome in timeout(HANGS, tasks.join_all()).await.expect("nobody hangs") {
        assert!(matches!(outcome, Err(Error::Busy)), "{outcome:?}");
    }
    assert!(matches!(holder.await.unwrap(), Err(Error::Busy)));
    assert_eq!(names(&db).await, ["before"]);
    raw!(raw, "DROP TRIGGER full").unwrap();
    create(&db.store, &acme.job(), "after", false).await.unwrap();
    assert_eq!(names(&db).await, ["after", "before"]);
    db.sign().await;
    db.verify().await.unwrap();
}

/// Every outcome of changes that were made at the same moment, most of them in one batch.
async fn at_once(
    db: &Db,
    acme: &Tenant,
    changes: impl IntoIterator<Item = (String, Permit<ByJob>)>,
) -> Vec<(String, Result<()>)> {
    let (go, holder) = hold(db, acme, 0).await;
    let mut tasks = JoinSet::new();
    for (name, permit) in changes {
        let store = db.store.clone();
        tasks.spawn(async move {
            let outcome = create(&store, &permit, &name, false).await;
            (name, outcome)
        });
    }
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    let outcomes = timeout(HANGS, tasks.join_all()).await.expect("nobody hangs");
    drop(holder.await.unwrap());
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_that_cannot_be_extended_fails_its_own_tenant_and_after_one_batch_nobody_else() {
    let db = Db::sqlite().await;
    let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
    let mut raw = Raw::tampering(&db).await;
    let edge: Vec<(Vec<u8>,)> =
        raw_rows!(raw, "SELECT frontier FROM audit_tree WHERE tenant = $1", globex.id().uuid());
    raw!(raw, "UPDATE audit_tree SET frontier = x'00' WHERE tenant = $1", globex.id().uuid()).unwrap();
    for round in 0..4 {
        let changes = (0..24).map(|n| {
            if n % 3 == 0 {
                (format!("globex-{round}-{n}"), globex.job())
            } else {
                (format!("acme-{round}-{n}"), acme.job())
            }
        });
        // The holder has the same address each time.
        raw!(raw, "DELETE FROM users WHERE email = 'holder@acme.example'").unwrap();
        for (name, outcome) in at_once(&db, &acme, changes).await {
            // Only the first round may have a batch in which both tenants are.
            if round > 0 || name.starts_with("globex") {
                assert_eq!(outcome.is_ok(), name.starts_with("acme"), "{name}: {outcome:?}");
            }
        }
    }
    // Alone, it is told what is wrong.
    let alone = create(&db.store, &globex.job(), "alone", false).await;
    assert!(matches!(alone, Err(Error::Corrupt(_))), "{alone:?}");
    raw!(raw, "UPDATE audit_tree SET frontier = $1 WHERE tenant = $2", edge[0].0.clone(), globex.id().uuid())
        .unwrap();
    create(&db.store, &globex.job(), "repaired", false).await.unwrap();
    let here = names(&db).await;
    assert_eq!(
        here.iter().filter(|name| name.starts_with("acme") && !name.starts_with("acme-0")).count(),
        3 * 16
    );
    assert!(!here.iter().any(|name| name.starts_with("globex")), "{here:?}");
    db.sign().await;
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn change_whose_record_cannot_be_written_fails_by_itself() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    let user = acme.add(Role::Auditor).await;
    let (go, holder) = hold(&db, &acme, 1).await;
    let mut good = JoinSet::new();
    for n in 0..12 {
        let (store, permit) = (db.store.clone(), acme.job());
        good.spawn(async move { create(&store, &permit, &format!("n{n:02}"), false).await });
    }
    let (store, permit) = (db.store.clone(), acme.job());
    let bad = tokio::spawn(async move {
        store
            .change(&permit, async |tx| {
                let factor = Factor {
                    id: store.new_id(),
                    user: user.id,
                    kind: FactorKind::Sso,
                    name: "Single sign-on".to_owned(),
                    state: FactorState::Verified,
                    // No number that an event may hold.
                    last_step: i64::MAX,
                    created_at: tx.now(),
                    verified_at: None,
                };
                let written = accounts::insert_factor(tx, factor, None).await?;
                let event = Event::new("factor.added", &written)?;
                Ok::<_, Error>(tx.record(event, ()))
            })
            .await
    });
    tokio::task::yield_now().await;
    go.send(()).unwrap();
    for outcome in timeout(HANGS, good.join_all()).await.expect("nobody hangs") {
        outcome.unwrap();
    }
    holder.await.unwrap().unwrap();
    let refused = bad.await.unwrap();
    assert!(matches!(refused, Err(Error::Proof(_))), "{refused:?}");
    let mut raw = Raw::owner(&db).await;
    assert_eq!(raw.number("SELECT count(*) FROM factor").await, 0);
    db.sign().await;
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_that_sqlite_rolls_back_by_itself_is_an_error_to_all_it_held() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    let mut raw = Raw::owner(&db).await;
    // What SQLite does of its own accord on a full disk or an I/O error, in the middle of one change.
    raw!(raw, "CREATE TRIGGER bomb BEFORE INSERT ON users WHEN NEW.name = 'bomb' BEGIN SELECT RAISE(ROLLBACK, 'disk I/O error'); END").unwrap();
    let (go, holder) = hold(&db, &acme, 1).await;
    let (store, permit) = (db.store.clone(), acme.job());
    let bomb = tokio::spawn(async move { create(&store, &permit, "bomb", false).await });
    // The bomb must wait behind the holder, so that both lie in one batch.
    let mut waited = 0;
    while waited < 1000 {
        tokio::task::yield_now().await;
        waited += 1;
    }
    go.send(()).unwrap();
    let (bomb, holder) = (bomb.await.unwrap(), holder.await.unwrap());
    assert!(bomb.is_err());
    // In one batch with the bomb the holder's change is gone and it was told so; otherwise it is there.
    assert_eq!(holder.is_ok(), names(&db).await == ["holder of 1"], "{holder:?}");
    create(&db.store, &acme.job(), "after", false).await.unwrap();
    assert!(names(&db).await.contains(&"after".to_owned()));
    db.sign().await;
    db.verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subject_key_of_a_batch_that_failed_is_not_used_again() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    let user = acme.add(Role::Auditor).await;
    let mut raw = Raw::owner(&db).await;
    // The user's key is forgotten, so that the next change of the user makes and stores another.
    raw!(raw, "DELETE FROM subject_key").unwrap();
    let store = db.another().await;
    let rename = |name: &'static str| {
        let (store, permit, id) = (store.clone(), acme.job(), user.id);
        async move {
            store
                .change(&permit, async |tx| {
                    let before = users::lock(tx, id).await?;
                    let after = User { name: name.into(), ..before.clone() };
                    let written = users::replace(tx, before, after).await?;
                    let event = Event::new("user.renamed", &written)?;
                    Ok::<_, Error>(tx.record(event, ()))
                })
                .await
        }
    };
    raw!(raw, "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END").unwrap();
    // Several at once: a second change of the batch finds the key that the first one stored, and must not trust it.
    let (one, two, three) = tokio::join!(rename("One"), rename("Two"), rename("Three"));
    assert!(one.is_err() && two.is_err() && three.is_err());
    raw!(raw, "DROP TRIGGER full").unwrap();
    rename("Four").await.unwrap();
    let fresh = db.another().await;
    let permit: Permit<ByJob> = acme.job();
    let mut view = fresh.read(&permit).await.unwrap();
    let sought = bailiwick_store::audit::Sought::default().action("user.renamed");
    let newest = bailiwick_store::audit::Place::Newest;
    let event =
        bailiwick_store::audit::search(&mut view, &sought, newest).await.unwrap().items.remove(0).event;
    let values = bailiwick_store::audit::revealed(&mut view, &[event]).await.unwrap();
    assert!(values.values().any(|value| value == "Four"), "{values:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_commits_what_is_open_and_refuses_what_comes_later() {
    let db = Db::sqlite().await;
    let acme = db.tenant("acme").await;
    create(&db.store, &acme.job(), "kept", false).await.unwrap();
    db.store.close().await;
    assert!(create(&db.store, &acme.job(), "late", false).await.is_err());
    assert_eq!(names(&db).await, ["kept"]);
}
