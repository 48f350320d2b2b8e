#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{SyncSender, sync_channel},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::timeout};

use super::*;
use crate::password::PasswordCost;

fn threads(most: usize) -> Arc<Threads> {
    Arc::new(Threads::new(most, Memory::of(&PasswordCost::INSECURE)))
}

/// Has a thread begin something that goes on until it is let go, and returns once it has begun.
async fn held(threads: &Arc<Threads>) -> (SyncSender<()>, JoinHandle<Result<(), PasswordError>>) {
    let (go, wait) = sync_channel::<()>(1);
    let (begin, began) = oneshot::channel();
    let threads = Arc::clone(threads);
    let caller = tokio::spawn(async move {
        let work = move |_: &mut Memory| {
            begin.send(()).unwrap();
            wait.recv().map_err(|_| PasswordError::Stopped)
        };
        threads.run((), work).await
    });
    began.await.unwrap();
    (go, caller)
}

/// Waits until no thread is left; without an end where one stays.
fn ended(shared: &Weak<Shared>) {
    while shared.strong_count() > 0 {
        thread::yield_now();
    }
}

/// Fills the memory as a hash would, and says where it is.
fn fill(memory: &mut Memory) -> Result<Option<usize>, PasswordError> {
    memory.hash(&PasswordCost::INSECURE.params()?, b"correct horse battery", &[7; 16])?;
    Ok(memory.place())
}

#[tokio::test]
async fn every_hash_of_a_thread_finds_its_memory_wiped_and_in_its_place() {
    let threads = threads(1);
    let first = threads.run((), fill).await.unwrap();
    for _ in 0..3 {
        let found = threads.run((), |memory: &mut Memory| Ok(memory.is_clean())).await;
        assert_eq!(found, Ok(true));
        assert_eq!(threads.run((), fill).await, Ok(first));
    }
}

#[tokio::test]
async fn no_more_threads_begin_than_there_is_work_for() {
    let threads = threads(3);
    assert_eq!(threads.shared.lock().threads, 0);
    let (go, caller) = held(&threads).await;
    let (also_go, other) = held(&threads).await;
    assert_eq!(threads.shared.lock().threads, 2);
    for go in [go, also_go] {
        go.send(()).unwrap();
    }
    for caller in [caller, other] {
        caller.await.unwrap().unwrap();
    }
    let mut more = Vec::new();
    for _ in 0..6 {
        more.push(tokio::spawn({
            let threads = Arc::clone(&threads);
            async move { threads.run((), |_| Ok(())).await }
        }));
    }
    for caller in more {
        caller.await.unwrap().unwrap();
    }
    assert!(threads.shared.lock().threads <= 3);
}

#[tokio::test]
async fn a_caller_that_has_gone_away_is_left_out_and_the_next_is_served() {
    let threads = threads(1);
    let (go, caller) = held(&threads).await;
    let served = Arc::new(AtomicBool::new(false));
    let waiting = threads.run((), {
        let served = Arc::clone(&served);
        move |_| {
            served.store(true, SeqCst);
            Ok(())
        }
    });
    // Handed on, and given up before the only thread is free.
    assert!(timeout(Duration::ZERO, waiting).await.is_err());
    assert_eq!(threads.shared.lock().jobs.len(), 1);
    go.send(()).unwrap();
    caller.await.unwrap().unwrap();
    threads.run((), |_| Ok(())).await.unwrap();
    assert!(!served.load(SeqCst));
}

#[tokio::test]
async fn work_that_panics_takes_no_thread_along_and_lets_go_of_what_it_held() {
    let threads = threads(1);
    let thread = threads.run((), |_| Ok(thread::current().id())).await.unwrap();
    let held = Arc::new(());
    let panics = |memory: &mut Memory| -> Result<(), PasswordError> {
        fill(memory)?;
        panic!("as the test wants it");
    };
    assert_eq!(threads.run(Arc::clone(&held), panics).await, Err(PasswordError::Stopped));
    assert_eq!(Arc::strong_count(&held), 1);
    let after = threads.run((), |memory: &mut Memory| Ok((thread::current().id(), memory.is_clean()))).await;
    assert_eq!(after, Ok((thread, true)));
}

#[tokio::test]
async fn threads_end_with_whoever_began_them() {
    let idle = threads(2);
    idle.run((), fill).await.unwrap();
    let shared = Arc::downgrade(&idle.shared);
    drop(idle);
    ended(&shared);

    let busy = threads(1);
    let (go, caller) = held(&busy).await;
    let held = Arc::new(());
    let waiting = busy.run(Arc::clone(&held), |_| Ok(()));
    assert!(timeout(Duration::ZERO, waiting).await.is_err());
    let shared = Arc::downgrade(&busy.shared);
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(busy);
    assert_eq!(Arc::strong_count(&held), 1, "what nobody waits for is let go of at once");
    go.send(()).unwrap();
    ended(&shared);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn hashes_stand_back_and_nobody_else_does() {
    let own = || rustix::process::getpriority_process(None);
    let before = own().unwrap();
    let theirs = threads(1).run((), move |_| Ok(own().unwrap())).await.unwrap();
    assert_eq!(theirs, (before + NICER).min(19));
    assert_eq!(own().unwrap(), before);
}
