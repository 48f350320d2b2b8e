//! How many 700-octet events one core verifies in a second: `cargo run --release -p bailiwick-proof --example throughput`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints and looks at the clock"
)]

use std::{error::Error, hint::black_box, time::Instant};

use bailiwick_proof::{
    Hash, canonical, event, leaf_hash,
    verify::{StoredEvent, Verifier},
};
use serde_json::json;

const EVENTS: usize = 200_000;
const ROUNDS: u32 = 5;
const TENANT: &str = "01930000-0000-7000-8000-000000000000";

struct Row {
    id: String,
    hash: Hash,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut heads: Vec<(String, u64, Option<Hash>)> =
        (0..1000).map(|number| (format!("01930000-0000-7000-a000-{number:012}"), 0, None)).collect();
    let mut rows = Vec::with_capacity(EVENTS);
    for number in 0..EVENTS {
        let place = number % heads.len();
        let Some((entity, revision, prev)) = heads.get_mut(place) else { continue };
        *revision += 1;
        let row = row(number, entity, *revision, *prev)?;
        *prev = Some(row.hash);
        rows.push(row);
    }
    let octets: usize = rows.iter().map(|row| row.bytes.len()).sum();
    println!("{} events of {} octets, best of {ROUNDS} rounds, one core", rows.len(), octets / rows.len());

    measure("hash", &rows, |row| leaf_hash(&row.bytes) == row.hash);
    measure("scan", &rows, |row| event::scan(&row.bytes).is_ok());
    measure("hash and scan", &rows, |row| {
        leaf_hash(&row.bytes) == row.hash && event::scan(&row.bytes).is_ok()
    });

    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut verifier = Verifier::new(TENANT, &[7; 32]);
        for (leaf, row) in (0..).zip(&rows) {
            verifier.event(&StoredEvent {
                leaf_index: Some(leaf),
                id: &row.id,
                hash: row.hash,
                bytes: &row.bytes,
            })?;
        }
        for (entity, revision, hash) in &heads {
            verifier.head("invitation", entity, *revision, &hash.unwrap_or(Hash([0; 32])))?;
        }
        black_box(verifier.finish()?);
        best = best.min(start.elapsed().as_secs_f64());
    }
    report("full verification", rows.len(), best);
    Ok(())
}

fn measure(name: &str, rows: &[Row], work: impl Fn(&Row) -> bool) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let good = rows.iter().filter(|row| work(black_box(row))).count();
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(good, rows.len());
    }
    report(name, rows.len(), best);
}

fn report(name: &str, events: usize, seconds: f64) {
    println!("{name:<18} {:>9.0} events/s", events as f64 / seconds);
}

fn row(number: usize, entity: &str, revision: u64, prev: Option<Hash>) -> Result<Row, Box<dyn Error>> {
    let id = format!("01930000-0000-7000-9000-{number:012}");
    let commit = leaf_hash(id.as_bytes());
    let mut value = json!({
        "action": "invitation.created",
        "actor": {"auth": "session", "credential": null, "id": entity, "kind": "user"},
        "changes": [{"after": {"commit": commit}, "before": null, "op": "add", "path": "/address"}],
        "entity": {"id": entity, "revision": revision, "type": "invitation"},
        "id": id,
        "occurred_at": "2026-01-02T03:04:05.000006Z",
        "outcome": "ok",
        "prev": prev,
        "reason": "",
        "recorded_at": "2026-01-02T03:04:05.000007Z",
        "request": null,
        "source": {"agent": "browser", "ip": null},
        "tenant": TENANT,
        "v": 1,
    });
    let short = 700_usize.saturating_sub(canonical::to_bytes(&value)?.len());
    if let Some(reason) = value.pointer_mut("/reason") {
        *reason = json!("x".repeat(short));
    }
    let bytes = canonical::to_bytes(&value)?;
    Ok(Row { id, hash: leaf_hash(&bytes), bytes })
}
