//! The load driver: so many writers, each of which asks for the next change once its own is on disk.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use crate::{Result, clock::Stopwatch, latency::Latencies};

/// What one round of load came to.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// Changes a second.
    pub(crate) rate: f64,
    /// Processor time of this process for each, in microseconds.
    pub(crate) cost: f64,
    /// How long a caller waited for each.
    pub(crate) latencies: Latencies,
}

impl Round {
    /// A round whose changes were not waited for one by one.
    pub(crate) fn of(changes: usize, watch: Stopwatch) -> Self {
        let (took, changes) = (watch.elapsed(), changes as f64);
        Self { rate: changes / took.wall, cost: took.cpu / changes * 1e6, latencies: Latencies::default() }
    }
}

/// Makes `changes` changes with `writers` at a time; `change` is given the number of the change, from 0.
pub(crate) async fn drive<F, W>(writers: usize, changes: usize, change: F) -> Result<Round>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send + 'static,
{
    let (round, _) = drive_each(vec![(); writers], changes, move |(), number| change(number)).await?;
    Ok(round)
}

/// As [`drive`], by writers who have something of their own, which `change` is given and gives back; so does this.
pub(crate) async fn drive_each<C, F, W>(writers: Vec<C>, changes: usize, change: F) -> Result<(Round, Vec<C>)>
where
    C: Send + 'static,
    F: Fn(C, usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<C>> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let watch = Stopwatch::start();
    let tasks: Vec<_> = writers
        .into_iter()
        .map(|mut writer| {
            let (next, change) = (Arc::clone(&next), change.clone());
            tokio::spawn(async move {
                let mut latencies = Latencies::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= changes {
                        return Ok::<_, Box<dyn std::error::Error + Send + Sync>>((latencies, writer));
                    }
                    let began = Instant::now();
                    writer = change(writer, number).await?;
                    latencies.add(began.elapsed());
                }
            })
        })
        .collect();
    let (mut latencies, mut writers) = (Latencies::default(), Vec::with_capacity(tasks.len()));
    for task in tasks {
        let (waits, writer) = task.await??;
        latencies.merge(waits);
        writers.push(writer);
    }
    Ok((Round { latencies, ..Round::of(changes, watch) }, writers))
}
