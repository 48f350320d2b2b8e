//! Full verification: the proof alone, and through each database.

use std::path::Path;

use bailiwick_domain::rule::ByJob;
use bailiwick_proof::verify::{StoredEvent, Verifier};
use bailiwick_store::{
    DatabaseKind, Permit,
    bench::{self, Log as Stored},
};
use serde_json::{Value, json};

use crate::{
    Result,
    clock::{Elapsed, Stopwatch},
    events::Log,
    fill,
    latency::median,
    machine,
    report::{Line, Met, Section},
    stage::{Open, Stage, Tenant},
};

const ROUNDS: usize = 5;
const BAR: f64 = 500_000.0;
/// Events a second by the clock, on every core.
const TOGETHER: f64 = 1_000_000.0;
/// How much more memory a larger log may take and still be said to take no more.
const CONSTANT: f64 = 1.25;

/// Logs of two sizes on both databases, and the smaller one in memory; and one of so many events as a year leaves, if a number is
/// given.
pub(crate) async fn measure(quick: bool, events: Option<u64>) -> Result<Section> {
    let sizes: [u64; 2] = if quick { [5_000, 20_000] } else { [100_000, 1_000_000] };
    let mut body = String::from(
        "| verified | events | events/s | events/s of processor time | peak memory |\n|---|---|---|---|---|\n",
    );
    let (mut memory, mut through, mut together) = (Vec::new(), Vec::new(), Vec::new());
    let mut alone = f64::NAN;
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let stage = Stage::new(kind, 8).await?;
        let tenant = stage.open.tenant().await?;
        let mut people = fill::people(&stage.open, &tenant, 2000).await?;
        for (step, size) in sizes.into_iter().enumerate() {
            fill::log(&stage.open, &tenant, &mut people, size).await?;
            if kind == DatabaseKind::Sqlite && step == 0 {
                let (row, rate) = in_memory(&stage.open, &tenant).await?;
                body.push_str(&row);
                alone = rate;
            }
            let seen = in_child(&stage).await?;
            body.push_str(&seen.row(&format!("all of it, {kind:?}")));
            memory.push(seen.peak);
            if step == 1 {
                through.push(seen.events as f64 / seen.took.cpu);
                together.push((kind, seen));
            }
        }
        stage.open.store.close().await;
    }
    let small: Vec<_> = memory.iter().step_by(2).copied().collect();
    if let Some(events) = events {
        together.clear();
        for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
            let seen = year(kind, events).await?;
            body.push_str(&seen.row(&format!("all of it, {kind:?}, a year's events")));
            together.push((kind, seen));
        }
    }
    let slowest = through.iter().copied().fold(alone, f64::min);
    let growth = memory.chunks(2).map(|pair| pair.last().unwrap_or(&0.0) / pair.first().unwrap_or(&1.0));
    let growth = growth.fold(0.0_f64, f64::max);
    let figure = match through.as_slice() {
        [sqlite, postgres] => format!(
            "{} k proof alone; {} k through SQLite, {} k through PostgreSQL; memory ×{growth:.2} from {} to {} events",
            thousands(alone),
            thousands(*sqlite),
            thousands(*postgres),
            sizes[0],
            sizes[1]
        ),
        _ => String::new(),
    };
    Ok(Section {
        title: "Verification".into(),
        lines: vec![
            Line {
                what: "full verification, events/s/core, memory constant".into(),
                bar: "≥ 500 k, constant".into(),
                figure,
                met: Met::of(slowest >= BAR && growth <= CONSTANT),
                close: "through a database: what it takes the database itself to find each leaf and its event and to put them together",
            },
            at_once(&together, &small)?,
        ],
        body,
    })
}

/// The largest logs, by the clock. `small` is the memory that a small log took, by database.
fn at_once(together: &[(DatabaseKind, Seen)], small: &[f64]) -> Result<Line> {
    let cores = std::thread::available_parallelism()?;
    let events = together.iter().map(|(_, seen)| seen.events).max().unwrap_or(0);
    let (mut figures, mut met) = (Vec::new(), true);
    for ((kind, seen), small) in together.iter().zip(small) {
        let (rate, growth) = (seen.events as f64 / seen.took.wall, seen.peak / small);
        figures.push(format!("{kind:?} {} k, memory ×{growth:.2}", thousands(rate)));
        met &= rate >= TOGETHER && growth <= CONSTANT;
    }
    Ok(Line {
        what: format!(
            "full verification of {events} events by the clock, {cores} cores, events/s, memory constant"
        ),
        bar: "≥ 1,000 k, constant".into(),
        figure: figures.join("; "),
        met: Met::of(met),
        close: "less work for the database in finding and putting together what is read; reading and checking share the cores already",
    })
}

/// A log of so many events as a year leaves, verified.
async fn year(kind: DatabaseKind, events: u64) -> Result<Seen> {
    let stage = Stage::new(kind, 8).await?;
    let tenant = stage.open.tenant().await?;
    Log::of_a_year(stage.open.store.now(), events).grow(&stage.open, &tenant, events).await?;
    stage.open.sign().await?;
    let seen = in_child(&stage).await?;
    stage.open.store.close().await;
    Ok(seen)
}

fn thousands(rate: f64) -> String {
    format!("{:.0}", rate / 1000.0)
}

/// The proof alone: events already in memory.
async fn in_memory(open: &Open, tenant: &Tenant) -> Result<(String, f64)> {
    let permit: Permit<ByJob> = open.job(tenant);
    let log = bench::stored(&open.store, &permit).await?;
    let name = tenant.id.to_string();
    let (mut rates, mut walls) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        walk(&log, &name)?;
        let took = watch.elapsed();
        rates.push(log.events.len() as f64 / took.cpu);
        walls.push(log.events.len() as f64 / took.wall);
    }
    let rate = median(&rates);
    let octets = log.events.iter().map(|event| event.bytes.len()).sum::<usize>() / log.events.len().max(1);
    let row = format!(
        "| proof alone, {octets} octets an event | {} | {:.0} | {rate:.0} | – |\n",
        log.events.len(),
        median(&walls)
    );
    Ok((row, rate))
}

fn walk(log: &Stored, tenant: &str) -> Result<()> {
    let mut verifier = Verifier::new(tenant, &[7; 32]);
    for event in &log.events {
        verifier.event(&StoredEvent {
            leaf_index: Some(event.leaf),
            id: &event.id,
            hash: event.hash,
            bytes: &event.bytes,
        })?;
    }
    for (kind, id, revision, hash) in &log.heads {
        verifier.head(kind, id, *revision, hash)?;
    }
    verifier.finish()?;
    Ok(())
}

/// What a process of its own reported.
struct Seen {
    events: u64,
    took: Elapsed,
    peak: f64,
}

impl Seen {
    fn row(&self, name: &str) -> String {
        let events = self.events as f64;
        format!(
            "| {name} | {} | {:.0} | {:.0} | {:.1} MB |\n",
            self.events,
            events / self.took.wall,
            events / self.took.cpu,
            self.peak
        )
    }
}

/// Verifies in a process of its own, so that its peak of memory is that of the verification.
async fn in_child(stage: &Stage) -> Result<Seen> {
    let (url, folder) = stage.place();
    let program = std::env::current_exe()?;
    let output = tokio::task::spawn_blocking({
        let (url, folder) = (url.to_owned(), folder.to_owned());
        move || std::process::Command::new(program).arg("verify").arg(url).arg(folder).output()
    })
    .await??;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let seen: Value = serde_json::from_slice(&output.stdout)?;
    let number =
        |name: &str| seen.get(name).and_then(Value::as_f64).ok_or_else(|| format!("{name} is missing"));
    Ok(Seen {
        events: seen.get("events").and_then(Value::as_u64).ok_or("events is missing")?,
        took: Elapsed { wall: number("wall")?, cpu: number("cpu")? },
        peak: number("peak_mb")?,
    })
}

/// The process of [`in_child`].
pub(crate) async fn child(url: &str, folder: &Path) -> Result<()> {
    let open = Open::over(url, folder, 2).await?;
    let watch = Stopwatch::start();
    let events = open.verify().await?;
    let took = watch.elapsed();
    let peak = machine::memory("VmHWM", "self")?;
    println!("{}", json!({"events": events, "wall": took.wall, "cpu": took.cpu, "peak_mb": peak}));
    open.store.close().await;
    Ok(())
}
