//! Full verification: the proof alone, and through each database.

use std::path::Path;

use bailiwick_domain::rule::ByJob;
use bailiwick_proof::verify::{StoredEvent, Verifier};
use bailiwick_store::{
    DatabaseKind, Permit,
    bench::{self, Log},
};
use serde_json::{Value, json};

use crate::{
    Result,
    clock::{Elapsed, Stopwatch},
    fill,
    latency::median,
    machine,
    report::{Line, Met, Section},
    stage::{Open, Stage, Tenant},
};

const ROUNDS: usize = 5;
const BAR: f64 = 500_000.0;

/// Logs of two sizes on both databases, and the smaller one in memory.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let sizes: [u64; 2] = if quick { [5_000, 20_000] } else { [100_000, 1_000_000] };
    let mut body = String::from(
        "| verified | events | events/s | events/s of processor time | peak memory |\n|---|---|---|---|---|\n",
    );
    let mut memory = Vec::new();
    let mut through = Vec::new();
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
            }
        }
        stage.open.store.close().await;
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
        lines: vec![Line {
            what: "full verification, events/s/core, memory constant".into(),
            bar: "≥ 500 k, constant".into(),
            figure,
            met: Met::of(slowest >= BAR && growth <= 1.25),
            close: "through a database: decoding of rows and the copy of each event's octets between the driver's thread and the verifier",
        }],
        body,
    })
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

fn walk(log: &Log, tenant: &str) -> Result<()> {
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
