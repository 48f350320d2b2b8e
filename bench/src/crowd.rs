//! Two hundred people who sign in at once, and what another request and the memory notice of it.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bailiwick_ops::enrolment;
use bailiwick_store::DatabaseKind;
use bailiwick_vault::password::PasswordHasher;
use bailiwick_web::bootstrap::App;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Result, fill,
    latency::{Latencies, median},
    machine,
    report::{Line, Met, Section},
    service::{Visitor, app, ask, hasher},
    stage::{PASSWORD, Stage, Tenant},
};

/// People who sign in at once.
const CROWD: usize = 200;
/// The page of somebody else.
const PATH: &str = "/account";
/// The other request's p99 beside the crowd, by its p99 alone.
const SLOWER: f64 = 2.0;
/// The whole process at its peak, in megabytes; two hundred hashes at once would take four thousand.
const MEMORY: f64 = 256.0;

/// Runs [`child`] and reads what it found.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let program = std::env::current_exe()?;
    let mut command = std::process::Command::new(program);
    command.arg("crowd").args(quick.then_some("--short"));
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let seen: Value = serde_json::from_slice(&output.stdout)?;
    let number =
        |name: &str| seen.get(name).and_then(Value::as_f64).ok_or_else(|| format!("{name} is missing"));
    let (ratio, alone, beside) = (number("ratio")?, number("alone")?, number("beside")?);
    let (rest, peak) = (number("rest_mb")?, number("peak_mb")?);
    Ok(Section {
        title: "Two hundred sign-ins at once".into(),
        lines: vec![
            Line {
                what: "another request's p99 while 200 people sign in, by its p99 alone, SQLite".into(),
                bar: "≤ 2".into(),
                figure: format!("{ratio:.2} ({alone:.1} ms alone, {beside:.1} ms beside them)"),
                met: Met::of(ratio <= SLOWER),
                close: "fewer hashes at once: they stand back behind those that answer requests, and share the caches with them all the same",
            },
            Line {
                what: "resident memory at its peak while 200 people sign in".into(),
                bar: "≤ 256 MB".into(),
                figure: format!("{peak:.1} MB ({rest:.1} MB before)"),
                met: Met::of(peak <= MEMORY),
                close: "fewer hashes at once, or places for those who wait that hold less",
            },
        ],
        body: format!(
            "{} rounds of {} requests alone and as many beside the crowd, in turns; hashes of 19 MiB at once: {}; {:.0} sign-ins were answered, each with a session.\n",
            number("rounds")?,
            number("requests")?,
            number("hashes")?,
            number("sign_ins")?
        ),
    })
}

/// The process of [`measure`].
pub(crate) async fn child(short: bool) -> Result<()> {
    let (rounds, requests) = if short { (2, 50) } else { (7, 400) };
    let stage = Stage::new(DatabaseKind::Sqlite, 8).await?;
    let tenant = stage.open.tenant().await?;
    let addresses = people(&stage, &tenant).await?;
    let hashes = PasswordHasher::usual_permits();
    let app = app(&stage.open, DatabaseKind::Sqlite, hashes).await?;
    ask(&app, &tenant, PATH, requests).await?;
    let rest = machine::memory("VmRSS", "self")?;
    let (mut ratios, mut sign_ins) = (Vec::new(), 0);
    let (mut alone, mut beside) = (Latencies::default(), Latencies::default());
    for round in 0..rounds {
        let mut by_place = [f64::NAN; 2];
        for place in 0..2 {
            // Each time the other one begins.
            if (round + place) % 2 == 0 {
                let waits = ask(&app, &tenant, PATH, requests).await?;
                by_place[0] = waits.quantile(0.99);
                alone.merge(waits);
            } else {
                let crowd = Crowd::gather(&app, &addresses).await?;
                let waits = ask(&app, &tenant, PATH, requests).await?;
                sign_ins += crowd.leave().await?;
                by_place[1] = waits.quantile(0.99);
                beside.merge(waits);
            }
        }
        ratios.push(by_place[1] / by_place[0]);
    }
    let peak = machine::memory("VmHWM", "self")?;
    stage.open.store.close().await;
    println!(
        "{}",
        json!({
            "ratio": median(&ratios), "alone": alone.quantile(0.99), "beside": beside.quantile(0.99), "rest_mb": rest, "peak_mb": peak,
            "rounds": rounds, "requests": requests, "hashes": hashes, "sign_ins": sign_ins
        })
    );
    Ok(())
}

/// The addresses of people who have a password.
async fn people(stage: &Stage, tenant: &Tenant) -> Result<Vec<String>> {
    let people = fill::people(&stage.open, tenant, CROWD).await?;
    let (job, hasher) = (stage.open.job(tenant), hasher(NonZeroUsize::MIN));
    for person in &people {
        enrolment::set_password(&stage.open.store, &hasher, &job, person.id, PASSWORD.into()).await?;
    }
    Ok(people.into_iter().map(|person| person.email).collect())
}

/// People each of whom signs in again as soon as they are in.
struct Crowd {
    over: Arc<AtomicBool>,
    tasks: JoinSet<Result<usize>>,
}

impl Crowd {
    /// Lets everybody begin, and returns once all of them are on their way.
    async fn gather(app: &App, addresses: &[String]) -> Result<Self> {
        let visitor = Visitor::new(app).await?;
        let (over, on_their_way) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for address in addresses {
            let (app, visitor) = (app.clone(), visitor.clone());
            let (over, on_their_way) = (Arc::clone(&over), Arc::clone(&on_their_way));
            tasks.spawn(again_and_again(app, visitor, address.clone(), over, on_their_way));
        }
        while on_their_way.load(Ordering::Relaxed) < addresses.len() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Self { over, tasks })
    }

    /// Lets everybody finish, and says how often they got in.
    async fn leave(mut self) -> Result<usize> {
        self.over.store(true, Ordering::Relaxed);
        let mut sign_ins = 0;
        while let Some(done) = self.tasks.join_next().await {
            sign_ins += done??;
        }
        Ok(sign_ins)
    }
}

async fn again_and_again(
    app: App,
    visitor: Visitor,
    address: String,
    over: Arc<AtomicBool>,
    on_their_way: Arc<AtomicUsize>,
) -> Result<usize> {
    let mut sign_ins = 0;
    on_their_way.fetch_add(1, Ordering::Relaxed);
    while !over.load(Ordering::Relaxed) {
        visitor.signs_in(&app, &address).await?;
        sign_ins += 1;
    }
    Ok(sign_ins)
}
