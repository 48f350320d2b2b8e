//! A whole sign-in against the hash in it.

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use bailiwick_domain::role::Role;
use bailiwick_ops::{
    enrolment,
    users::{self, NewUser},
};
use bailiwick_store::DatabaseKind;
use bailiwick_vault::password::{Password, PasswordHasher, Verdict};

use crate::{
    Result,
    latency::Latencies,
    report::{Line, Met, Section},
    service::{Visitor, app, hasher},
    stage::{PASSWORD, Stage, Tenant},
};

const BAR: f64 = 1.10;
/// People who sign in by turns: none of them comes to so many sessions that the oldest has to go.
const PEOPLE: usize = 8;
/// Between one contestant and the next. The thread of a hash wipes its memory once it has answered, which is no part of either.
const PAUSE: Duration = Duration::from_millis(10);

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
    body.push_str(&format!("\n{turns} turns each, one after the other, of {PEOPLE} people.\n"));
    Ok(Section {
        title: "Signing in".into(),
        lines: vec![Line {
            what: "what a sign-in adds to the hash of the password itself".into(),
            bar: "≤ 10 %".into(),
            figure: figures.join("; "),
            met: Met::of(slowest <= BAR),
            close: "the disk's own time for the one commit, before which nobody is answered; beside it the statements in its transaction, which hold whatever the hash has found against what has changed meanwhile",
        }],
        body,
    })
}

async fn on(kind: DatabaseKind, turns: usize) -> Result<Turns> {
    let stage = Stage::new(kind, 8).await?;
    let tenant = stage.open.tenant().await?;
    let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
    let visitor = Visitor::new(&app).await?;
    let alone = hasher(NonZeroUsize::MIN);
    let addresses = people(&stage, &tenant, &alone).await?;
    let password = Password::presented(PASSWORD.to_owned())?;
    let stored = alone.hash(&password).await?;
    let mut found = Turns::default();
    // The first turns warm up: connections, prepared statements, the thread that hashes.
    let warm = turns.div_ceil(10);
    for (turn, address) in (0..warm + turns).zip(addresses.iter().cycle()) {
        let mut hash = None;
        let mut sign_in = None;
        for place in 0..2 {
            tokio::time::sleep(PAUSE).await;
            if (turn + place).is_multiple_of(2) {
                let began = Instant::now();
                let verdict = alone.verify(&password, Some(&stored)).await?;
                hash = Some(began.elapsed());
                if verdict == Verdict::Mismatch {
                    return Err("the right password was found wrong".into());
                }
            } else {
                sign_in = Some(visitor.signs_in(&app, address).await?);
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

/// The addresses of people who have a password and nothing besides.
async fn people(stage: &Stage, tenant: &Tenant, hasher: &PasswordHasher) -> Result<Vec<String>> {
    let (store, job) = (&stage.open.store, stage.open.job(tenant));
    let mut addresses = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let email = format!("auditor-{number}@bench.example");
        let new = NewUser { email: email.clone(), name: format!("Auditor {number}"), role: Role::Auditor };
        let person = users::create(store, &job, new).await?;
        enrolment::set_password(store, hasher, &job, person.id, PASSWORD.into()).await?;
        addresses.push(email);
    }
    Ok(addresses)
}
