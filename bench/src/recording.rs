//! A tenant whose product records events: the complete service on a socket of this machine, and programs with the tenant's key.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bailiwick_domain::{
    ids::EventId,
    product::{self, Context},
    rule::{ByJob, RecordEvents},
};
use bailiwick_store::{
    DatabaseKind, Permit, Store,
    audit::{
        self,
        ingest::{Batch, Ingested, Outcome, included, ingest, prepare},
    },
    bench, intake,
};
use http::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    Result,
    clock::Stopwatch,
    fill,
    latency::Latencies,
    load::{Round, drive, drive_each},
    product::Product,
    sequencing::Sequencing,
    stage::{Stage, Tenant},
    wire::{Program, Served},
};

/// Events in one body of several.
pub(crate) const BATCH: usize = 100;
/// Connections to PostgreSQL, as many as the service has unless it is told otherwise.
pub(crate) const CONNECTIONS: u32 = 16;
/// How long until it is looked again whether an event has its place.
const LOOK: Duration = Duration::from_millis(2);

/// When a request is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answered {
    /// Once its events are on disk.
    Durable,
    /// Once they have their places in the tree, with the proofs.
    Included,
}

impl Answered {
    const fn path(self) -> &'static str {
        match self {
            Self::Durable => "/v1/audit/events",
            Self::Included => "/v1/audit/events?wait=included",
        }
    }
}

/// A tenant, its log, and who records into it.
pub(crate) struct Recording {
    pub(crate) stage: Stage,
    pub(crate) tenant: Tenant,
    key: String,
    product: Product,
    programs: Vec<Program>,
    served: Served,
    /// Answers that came without places that were waited for.
    late: usize,
}

impl Recording {
    /// A new tenant in a database of its own, and so many programs.
    pub(crate) async fn new(kind: DatabaseKind, programs: usize) -> Result<Self> {
        let stage = Stage::new(kind, CONNECTIONS).await?;
        let tenant = stage.open.tenant().await?;
        Self::over(stage, tenant, kind, programs).await
    }

    /// A tenant that is there already.
    pub(crate) async fn over(
        stage: Stage,
        tenant: Tenant,
        kind: DatabaseKind,
        programs: usize,
    ) -> Result<Self> {
        let key = fill::recording_key(&stage.open, &tenant).await?;
        let served = Served::start(&stage.open, kind).await?;
        let mut connected = Vec::with_capacity(programs);
        for _ in 0..programs {
            connected.push(Program::connect(&served, &key).await?);
        }
        stage.open.settle().await?;
        Ok(Self { stage, tenant, key, product: Product::new("plans"), programs: connected, served, late: 0 })
    }

    /// How many events of the log have their place.
    pub(crate) async fn leaves(&self) -> Result<i64> {
        let mut view = self.stage.open.store.read(&self.job()).await?;
        Ok(audit::total(&mut view).await?)
    }

    /// How many octets the database takes on the disk, and how many events of the log have their place.
    pub(crate) async fn size(&self) -> Result<(i64, i64)> {
        Ok((bench::octets(&self.stage.open.store).await?, self.leaves().await?))
    }

    /// The server's own permit in this tenant.
    pub(crate) fn job(&self) -> Permit<ByJob> {
        self.stage.open.job(&self.tenant)
    }

    /// How many requests were answered without the places that they waited for, because those took too long.
    pub(crate) const fn late(&self) -> usize {
        self.late
    }

    /// So many bodies of [`BATCH`] events, each program with one on its way at a time. The round lasts until all are answered
    /// and every event has its place in the tree.
    pub(crate) async fn batches(&mut self, bodies: usize, answered: Answered) -> Result<Round> {
        let bodies = (0..bodies).map(|_| self.product.batch(BATCH)).collect::<Result<Vec<_>>>()?;
        let events = bodies.len() * BATCH;
        let sequencing = Sequencing::begin(&self.stage.open.store);
        let watch = Stopwatch::start();
        let sent = self.send(bodies, answered.path(), StatusCode::OK).await;
        sequencing.end().await?;
        Ok(Round { latencies: sent?.latencies, ..Round::of(events, watch) })
    }

    /// So many events, one in a body. The round lasts until all are answered; the sequencer works beside it.
    pub(crate) async fn singles(&mut self, events: usize) -> Result<Round> {
        let bodies = (0..events).map(|_| self.product.single()).collect::<Result<Vec<_>>>()?;
        let sequencing = Sequencing::begin(&self.stage.open.store);
        let sent = self.send(bodies, Answered::Durable.path(), StatusCode::CREATED).await;
        sequencing.end().await?;
        sent
    }

    async fn send(&mut self, bodies: Vec<Bytes>, path: &'static str, right: StatusCode) -> Result<Round> {
        let (requests, bodies) = (bodies.len(), Arc::new(bodies));
        let programs = std::mem::take(&mut self.programs);
        let late = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&late);
        let (round, programs) = drive_each(programs, requests, move |mut program: Program, number| {
            let (bodies, late) = (Arc::clone(&bodies), Arc::clone(&counted));
            async move {
                let body = bodies.get(number).cloned().ok_or("there is no such body")?;
                match program.send(path, body).await? {
                    (StatusCode::ACCEPTED, _) => late.fetch_add(1, Ordering::Relaxed),
                    (status, _) if status == right => 0,
                    (status, _) => return Err(format!("POST {path} answered {status}").into()),
                };
                Ok(program)
            }
        })
        .await?;
        self.programs = programs;
        self.late += late.load(Ordering::Relaxed);
        Ok(round)
    }

    /// So many single events, read and prepared and handed to the store's group commit by `callers` at a time, within this process:
    /// no connection, no request, no key to look up.
    pub(crate) async fn handed_over(&mut self, callers: usize, events: usize) -> Result<Round> {
        let values = (0..events).map(|_| self.product.event()).collect::<Result<Vec<_>>>()?;
        let permit: Arc<Permit<RecordEvents>> = Arc::new(self.stage.open.program(&self.key).await?);
        let (store, values) = (self.stage.open.store.clone(), Arc::new(values));
        let sequencing = Sequencing::begin(&store);
        let round = drive(callers, events, move |number| {
            let (store, permit, values) = (store.clone(), Arc::clone(&permit), Arc::clone(&values));
            async move {
                let value = values.get(number).ok_or("there is no such event")?;
                hand_over(&store, &permit, value).await
            }
        })
        .await;
        sequencing.end().await?;
        round
    }

    /// How long after its answer an event has its place in the tree, at full load: of single events that `probes` further programs
    /// send one after the other, while so many bodies of [`BATCH`] events are recorded.
    pub(crate) async fn lag(&mut self, probes: &mut [Product], bodies: usize) -> Result<Latencies> {
        let bodies = (0..bodies).map(|_| self.product.batch(BATCH)).collect::<Result<Vec<_>>>()?;
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        let sequencing = Sequencing::begin(&self.stage.open.store);
        for (place, product) in probes.iter_mut().enumerate() {
            let program = Program::connect(&self.served, &self.key).await?;
            // Beforehand, and more than any of them comes to send.
            let events = (0..bodies.len()).map(|_| product.single()).collect::<Result<Vec<_>>>()?;
            let (store, job, over) = (self.stage.open.store.clone(), self.job(), Arc::clone(&over));
            tasks.spawn(async move {
                probe(&store, &job, program, events, &over)
                    .await
                    .map_err(|error| format!("probe {place}: {error}"))
            });
        }
        let sent = self.send(bodies, Answered::Durable.path(), StatusCode::OK).await;
        over.store(true, Ordering::Relaxed);
        let mut latencies = Latencies::default();
        while let Some(waits) = tasks.join_next().await {
            latencies.merge(waits??);
        }
        sequencing.end().await?;
        sent?;
        Ok(latencies)
    }
}

async fn hand_over(store: &Store, permit: &Arc<Permit<RecordEvents>>, sent: &Value) -> Result<()> {
    let tenant = permit.tenant().ok_or("the key is of no organisation")?;
    let settings = intake::remembered(store, permit).await?;
    let refused = |faults: Vec<_>| format!("the event is refused: {faults:?}");
    let event = product::read(sent, &Context { tenant, now: store.now() }).map_err(refused)?;
    let judged = settings.redaction.judge(&event).map_err(refused)?;
    let prepared = prepare(store, permit, event, judged, sent)?;
    let batch = Batch { events: vec![prepared], whole: true, revision: settings.revision };
    match ingest(store, permit, batch).await? {
        Ingested::Done(outcomes) => match outcomes.as_slice() {
            [Outcome::Stored { again: false, .. }] => Ok(()),
            other => Err(format!("the event was not stored: {other:?}").into()),
        },
        Ingested::Stale => Err("the settings have changed".into()),
    }
}

async fn probe(
    store: &Store,
    job: &Permit<ByJob>,
    mut program: Program,
    events: Vec<Bytes>,
    over: &AtomicBool,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for event in events {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let (_, answer) = program.send(Answered::Durable.path(), event).await?;
        let answered = Instant::now();
        let answer: Value = serde_json::from_slice(&answer)?;
        let id: EventId =
            answer.get("id").and_then(Value::as_str).ok_or("an answer without an id")?.parse()?;
        while included(&mut store.read(job).await?, &[id]).await?.iter().any(|one| one.proof.is_none()) {
            tokio::time::sleep(LOOK).await;
        }
        latencies.add(answered.elapsed());
    }
    Ok(latencies)
}
