//! Whether a key is good, asked for the first time, among very many.

use std::time::Instant;

use bailiwick_store::{DatabaseKind, bench};
use bailiwick_vault::{
    api_key::{ApiKey, Brand, Environment},
    token::TokenHash,
};
use http::StatusCode;

use crate::{
    Result, fill,
    key_checks::{PATH, question},
    latency::Latencies,
    recording::CONNECTIONS,
    report::{Line, Met, Section},
    stage::{Open, Stage, Tenant},
    wire::{Program, Served},
};

const BAR: f64 = 2.0;
/// Keys in one transaction.
const CHUNK: usize = 10_000;

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (keys, questions) = if quick { (20_000, 200) } else { (1_000_000, 5_000) };
    let mut body =
        String::from("| database | keys | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let latencies = found(kind, keys, questions).await?;
        let (p50, p99, slowest) =
            (latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0));
        body.push_str(&format!("| {kind:?} | {keys} | {p50:.2} | {p99:.2} | {slowest:.2} |\n"));
        figures.push(format!("{kind:?} {p99:.2} ms (p50 {p50:.2} ms)"));
        met &= p99 <= BAR;
    }
    body.push_str(&format!(
        "\n{questions} keys, evenly among all, each asked about once, one after the other.\n"
    ));
    Ok(Section {
        title: "Checking one of very many keys".into(),
        lines: vec![Line {
            what: format!("`keys/verify` over HTTP, first question about a key, {keys} keys stored: p99"),
            bar: "≤ 2 ms".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "fewer words with the database for one statement: on PostgreSQL a transaction begins, is told whose rows it may see, and ends",
        }],
        body,
    })
}

async fn found(kind: DatabaseKind, keys: usize, questions: usize) -> Result<Latencies> {
    let stage = Stage::new(kind, CONNECTIONS).await?;
    let tenant = stage.open.tenant().await?;
    let (_, asker) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "access:check").await?;
    let texts = many(&stage.open, &tenant, keys, keys / questions).await?;
    stage.open.settle().await?;
    // A server that has begun just now: neither it nor its connections remember anything.
    let (url, folder) = stage.place();
    let fresh = Open::over(url, folder, CONNECTIONS).await?;
    let served = Served::start(&fresh, kind).await?;
    let mut program = Program::connect(&served, &asker).await?;
    for _ in 0..20 {
        program.send(PATH, question(&asker)).await?;
    }
    let mut latencies = Latencies::default();
    for text in &texts {
        let question = question(text);
        let began = Instant::now();
        let (status, answer) = program.send(PATH, question).await?;
        latencies.add(began.elapsed());
        if status != StatusCode::OK || !answer.starts_with(b"{\"valid\":true") {
            return Err(format!("another answer: {status} {}", String::from_utf8_lossy(&answer)).into());
        }
    }
    drop((program, served));
    fresh.store.close().await;
    stage.open.store.close().await;
    Ok(latencies)
}

/// Stores so many keys and gives the text of each `every`-th.
async fn many(open: &Open, tenant: &Tenant, count: usize, every: usize) -> Result<Vec<String>> {
    let (store, job) = (&open.store, open.job(tenant));
    let brand = Brand::default();
    let mut texts = Vec::new();
    for begin in (0..count).step_by(CHUNK) {
        let mut hashes: Vec<TokenHash> = Vec::with_capacity(CHUNK);
        for number in begin..(begin + CHUNK).min(count) {
            let key = ApiKey::generate(&brand, Environment::Live, None, store.entropy());
            hashes.push(key.hash());
            if number.is_multiple_of(every.max(1)) {
                texts.push(key.expose().to_owned());
            }
        }
        bench::keys::api_keys(store, &job, &hashes).await?;
        if begin.is_multiple_of(100_000) {
            println!("        {begin} keys");
        }
    }
    Ok(texts)
}
