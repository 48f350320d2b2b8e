//! Whether a key is good, from memory: over HTTP against a handler that checks nothing, and within the process.

use std::{hint::black_box, sync::Arc};

use axum::{Json, Router, extract::State, routing::post};
use bailiwick_domain::{
    entity::Browser,
    permission::{Permission, PermissionSet},
    rule::VerifyKey,
};
use bailiwick_ops::api_keys::{self, Asked};
use bailiwick_store::{DatabaseKind, Permit};
use http::StatusCode;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Result,
    clock::Stopwatch,
    compare::Comparison,
    fill,
    latency::median,
    listening::Listening,
    load::{Round, drive_each},
    recording::CONNECTIONS,
    report::{Line, Met, Section},
    stage::{Open, Stage},
    wire::{Program, Served},
};

/// Where it is asked.
pub(crate) const PATH: &str = "/v1/keys/verify";
/// Connections, each with a question on its way.
const CLIENTS: usize = 64;
/// Bars.
const SHARE: f64 = 0.85;
const LATER: f64 = 2.0;
const MICROSECONDS: f64 = 2.0;
/// Rounds within the process.
const ROUNDS: usize = 7;

/// How much is asked.
struct Scale {
    passes: usize,
    requests: usize,
    checks: usize,
}

/// What one database came to.
struct Found {
    kind: DatabaseKind,
    comparison: Comparison,
    /// The p99 by that of the bare handler, in each pass.
    later: Vec<f64>,
    /// Microseconds of a check within the process.
    within: f64,
}

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let scale = if quick {
        Scale { passes: 2, requests: 2_000, checks: 20_000 }
    } else {
        Scale { passes: 9, requests: 20_000, checks: 500_000 }
    };
    let mut all = Vec::new();
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        all.push(found(kind, &scale).await?);
    }
    let body = all.iter().map(|found| found.body(&scale)).collect::<Vec<_>>().join("\n");
    Ok(Section { title: "Checking a key".into(), lines: lines(&all), body })
}

async fn found(kind: DatabaseKind, scale: &Scale) -> Result<Found> {
    let stage = Stage::new(kind, CONNECTIONS).await?;
    let tenant = stage.open.tenant().await?;
    let listening = Listening::begin(&stage.open.store).await?;
    let (_, asker) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "access:check").await?;
    let (_, asked) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "user:read").await?;
    let question = question(&asked);
    let ours = Served::start(&stage.open, kind).await?;
    let (_, answer) = Program::connect(&ours, &asker).await?.send(PATH, question.clone()).await?;
    let bare = Served::bare(bare(&answer)?).await?;
    let mut programs = [connected(&ours, &asker).await?, connected(&bare, &asker).await?];
    let mut comparison =
        Comparison::new(&["`keys/verify`, from memory", "a bare handler of the same question and answer"]);
    let mut later = Vec::new();
    for pass in 0..=scale.passes {
        let mut by_place = [f64::NAN; 2];
        for contestant in comparison.order(pass) {
            let Some(theirs) = programs.get_mut(contestant) else { continue };
            let round = round(theirs, scale.requests, &question, &answer).await?;
            if let Some(place) = by_place.get_mut(contestant) {
                *place = round.latencies.quantile(0.99);
            }
            // The first pass warms up: connections, caches.
            if pass > 0 {
                comparison.note(contestant, round);
            }
        }
        if pass > 0 {
            later.push(by_place[0] / by_place[1]);
        }
        println!("        {kind:?}: pass {pass} of {}: {:.2}", scale.passes, comparison.ratio(1));
    }
    let within = within(&stage.open, &asker, &asked, scale.checks).await?;
    drop((programs, ours, bare, listening));
    stage.open.store.close().await;
    Ok(Found { kind, comparison, later, within })
}

/// The question whether a key is good for reading users.
pub(crate) fn question(key: &str) -> Bytes {
    json!({"key": key, "scopes": ["user:read"]}).to_string().into()
}

async fn connected(served: &Served, key: &str) -> Result<Vec<Program>> {
    let mut programs = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        programs.push(Program::connect(served, key).await?);
    }
    Ok(programs)
}

/// So many questions, each answered as the first one was.
async fn round(
    programs: &mut Vec<Program>,
    requests: usize,
    question: &Bytes,
    answer: &Bytes,
) -> Result<Round> {
    let (question, answer) = (question.clone(), answer.clone());
    let (round, came_back) =
        drive_each(std::mem::take(programs), requests, move |mut program: Program, _| {
            let (question, answer) = (question.clone(), answer.clone());
            async move {
                match program.send(PATH, question).await? {
                    (StatusCode::OK, body) if body == answer => Ok(program),
                    (status, body) => {
                        Err(format!("another answer: {status} {}", String::from_utf8_lossy(&body)).into())
                    }
                }
            }
        })
        .await?;
    *programs = came_back;
    Ok(round)
}

/// Microseconds of a check by the clock, within the process.
async fn within(open: &Open, asker: &str, asked: &str, checks: usize) -> Result<f64> {
    let permit: Permit<VerifyKey> = open.program(asker).await?;
    let scopes = PermissionSet::of(&[Permission::USER_READ]);
    let asked = Asked { key: asked, scopes, address: None, agent: Browser::Program };
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for _ in 0..checks {
            let verified = api_keys::verify(&open.store, &permit, black_box(asked)).await?;
            if verified.fault.is_some() {
                return Err("a good key was refused".into());
            }
        }
        rounds.push(watch.elapsed().wall / checks as f64 * 1e6);
    }
    Ok(median(&rounds))
}

#[derive(Deserialize)]
struct Question {
    key: String,
    scopes: Vec<String>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Answer {
    valid: bool,
    fault: Option<String>,
    key: Key,
}

#[derive(Clone, Deserialize, Serialize)]
struct Key {
    id: String,
    tenant: String,
    name: String,
    prefix: String,
    environment: String,
    owner: Option<String>,
    scopes: Vec<String>,
    expires_at: Option<String>,
    rotating: bool,
}

/// A handler that reads the same question and writes the same answer, and does nothing in between.
fn bare(answer: &[u8]) -> Result<Router> {
    let answer: Arc<Answer> = Arc::new(serde_json::from_slice(answer)?);
    Ok(Router::new().route(PATH, post(bare_answer)).with_state(answer))
}

async fn bare_answer(State(answer): State<Arc<Answer>>, Json(question): Json<Question>) -> Json<Answer> {
    black_box((question.key, question.scopes));
    Json(Answer::clone(&answer))
}

impl Found {
    fn body(&self, scale: &Scale) -> String {
        format!(
            "{:?}: {CLIENTS} connections, {} passes of {} questions for each contestant.\n\n{}\nWithin the process: {:.2} µs for each check by the clock, median of {ROUNDS} rounds of {}, one after the other.\n",
            self.kind,
            scale.passes,
            scale.requests,
            self.comparison.table("questions", "`keys/verify`"),
            self.within,
            scale.checks,
        )
    }
}

fn lines(all: &[Found]) -> Vec<Line> {
    let each = |figure: &dyn Fn(&Found) -> String| {
        all.iter().map(|found| format!("{:?} {}", found.kind, figure(found))).collect::<Vec<_>>().join("; ")
    };
    vec![
        Line {
            what: format!("`keys/verify` over HTTP, from memory, {CLIENTS} connections, by a bare handler"),
            bar: "≥ 0.85".into(),
            figure: each(&|found| {
                format!("{:.2} ({:.0}/s)", found.comparison.ratio(1), found.comparison.rate(0))
            }),
            met: Met::of(all.iter().all(|found| found.comparison.ratio(1) >= SHARE)),
            close: "fewer layers in front of the handler that each take the request apart and put it together again, and a task of its own for each change alone",
        },
        Line {
            what: "p99 of `keys/verify` over HTTP by that of the bare handler".into(),
            bar: "≤ 2".into(),
            figure: each(&|found| {
                format!(
                    "{:.2} ({:.1} ms and {:.1} ms)",
                    median(&found.later),
                    found.comparison.wait(0, 0.99),
                    found.comparison.wait(1, 0.99)
                )
            }),
            met: Met::of(all.iter().all(|found| median(&found.later) <= LATER)),
            close: "the same: what is between the connection and the handler",
        },
        Line {
            what: "`keys/verify` within the process".into(),
            bar: "≤ 2 µs".into(),
            figure: each(&|found| format!("{:.2} µs", found.within)),
            met: Met::of(all.iter().all(|found| found.within <= MICROSECONDS)),
            close: "locks that are not shared by all who ask, for what is remembered and for the uses that are noted",
        },
    ]
}
