//! A whole sign-in against the hash in it.

use std::{num::NonZeroUsize, time::Instant};

use bailiwick_store::DatabaseKind;
use bailiwick_vault::password::{Password, Verdict};

use crate::{
    Result,
    latency::Latencies,
    report::{Line, Met, Section},
    service::{Visitor, app, hasher},
    stage::{OWNER, PASSWORD, Stage},
};

const BAR: f64 = 1.10;

/// Both contestants of one database.
#[derive(Default)]
struct Turns {
    hash: Latencies,
    sign_in: Latencies,
}

impl Turns {
    fn ratio(&self) -> f64 {
        self.sign_in.quantile(0.5) / self.hash.quantile(0.5)
    }
}

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let turns = if quick { 10 } else { 200 };
    let mut body = String::from(
        "| database | hash alone, p50 · p99 ms | whole sign-in, p50 · p99 ms | sign-in by hash |\n|---|---|---|---|\n",
    );
    let (mut figures, mut slowest) = (Vec::new(), 0.0_f64);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let of = on(kind, turns).await?;
        let ratio = of.ratio();
        body.push_str(&format!(
            "| {kind:?} | {:.2} · {:.2} | {:.2} · {:.2} | {ratio:.3} |\n",
            of.hash.quantile(0.5),
            of.hash.quantile(0.99),
            of.sign_in.quantile(0.5),
            of.sign_in.quantile(0.99)
        ));
        let more = of.sign_in.quantile(0.5) - of.hash.quantile(0.5);
        figures.push(format!("{kind:?} {:+.1} % ({more:.2} ms)", (ratio - 1.0) * 100.0));
        slowest = slowest.max(ratio);
    }
    body.push_str(&format!("\n{turns} turns each, one after the other.\n"));
    Ok(Section {
        title: "Signing in".into(),
        lines: vec![Line {
            what: "what a sign-in adds to the hash of the password itself".into(),
            bar: "≤ 10 %".into(),
            figure: figures.join("; "),
            met: Met::of(slowest <= BAR),
            close: "fewer statements before and after the hash, and the disk's own time for the commit",
        }],
        body,
    })
}

async fn on(kind: DatabaseKind, turns: usize) -> Result<Turns> {
    let stage = Stage::new(kind, 8).await?;
    stage.open.tenant().await?;
    let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
    let visitor = Visitor::new(&app).await?;
    let alone = hasher(NonZeroUsize::MIN);
    let password = Password::presented(PASSWORD.to_owned())?;
    let stored = alone.hash(&password).await?;
    let mut found = Turns::default();
    // The first turns warm up: connections, prepared statements, the thread that hashes.
    let warm = turns.div_ceil(10);
    for turn in 0..warm + turns {
        let mut hash = None;
        let mut sign_in = None;
        for place in 0..2 {
            if (turn + place).is_multiple_of(2) {
                let began = Instant::now();
                let verdict = alone.verify(&password, Some(&stored)).await?;
                hash = Some(began.elapsed());
                if verdict == Verdict::Mismatch {
                    return Err("the right password was found wrong".into());
                }
            } else {
                sign_in = Some(visitor.signs_in(&app, OWNER).await?);
            }
        }
        if let (Some(hash), Some(sign_in), true) = (hash, sign_in, turn >= warm) {
            found.hash.add(hash);
            found.sign_in.add(sign_in);
        }
    }
    stage.open.store.close().await;
    Ok(found)
}
