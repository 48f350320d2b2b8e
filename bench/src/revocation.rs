//! A key that is revoked on one server while another one is asked about it: nobody is admitted there once the call has returned.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bailiwick_domain::{
    entity::Browser,
    permission::{Permission, PermissionSet},
    rule::{RevokeApiKey, VerifyKey},
};
use bailiwick_ops::api_keys::{self, Asked};
use bailiwick_store::{DatabaseKind, Permit, Store};
use http::StatusCode;
use hyper::body::Bytes;
use serde_json::json;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    Result, fill,
    key_checks::PATH,
    latency::Latencies,
    listening::Listening,
    recording::CONNECTIONS,
    report::{Line, Met, Section},
    stage::{Open, Stage, Tenant},
    wire::{Program, Served},
};

/// Who asks the other server within its process, and over HTTP with the very key that is revoked.
const WITHIN: usize = 4;
const PROGRAMS: usize = 4;
/// How long until all of them were admitted.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long they ask before the key is revoked, and afterwards.
const BEFORE: Duration = Duration::from_millis(20);
const AFTER: Duration = Duration::from_millis(20);

/// When somebody asked, and whether they were admitted.
type Seen = Vec<(Instant, bool)>;

/// What those who ask in one round share.
#[derive(Default)]
struct Round {
    over: AtomicBool,
    /// How many of them were admitted at least once.
    let_in: AtomicUsize,
}

impl Round {
    fn note(&self, seen: &mut Seen, asked: Instant, admitted: bool) {
        if admitted && !seen.iter().any(|(_, before)| *before) {
            self.let_in.fetch_add(1, Ordering::Relaxed);
        }
        seen.push((asked, admitted));
    }
}

/// What all rounds came to.
#[derive(Default)]
struct Found {
    admitted: usize,
    /// Questions that were asked once the revoking call had returned, and how many of them were admitted all the same.
    asked_after: usize,
    admitted_after: usize,
    revoking: Latencies,
}

/// On PostgreSQL alone: over SQLite there is one server.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let rounds = if quick { 5 } else { 300 };
    let stage = Stage::new(DatabaseKind::Postgres, CONNECTIONS).await?;
    let tenant = stage.open.tenant().await?;
    let (url, folder) = stage.place();
    let second = Open::over(url, folder, CONNECTIONS).await?;
    let listening = [Listening::begin(&stage.open.store).await?, Listening::begin(&second.store).await?];
    let served = Served::start(&second, DatabaseKind::Postgres).await?;
    let mut found = Found::default();
    for _ in 0..rounds {
        round(&stage, &second, &served, &tenant, &mut found).await?;
    }
    drop((served, listening));
    second.store.close().await;
    stage.open.store.close().await;
    Ok(section(rounds, &found))
}

async fn round(
    stage: &Stage,
    second: &Open,
    served: &Served,
    tenant: &Tenant,
    found: &mut Found,
) -> Result<()> {
    let (id, text) = fill::key_of(&stage.open, tenant, Some(tenant.owner), "access:check").await?;
    let revoking: Permit<RevokeApiKey> = stage.open.permit(tenant).await?;
    let permit: Arc<Permit<VerifyKey>> = Arc::new(second.permit(tenant).await?);
    let round = Arc::new(Round::default());
    let mut askers = JoinSet::new();
    for _ in 0..WITHIN {
        askers.spawn(within(second.store.clone(), Arc::clone(&permit), text.clone(), Arc::clone(&round)));
    }
    for _ in 0..PROGRAMS {
        let program = Program::connect(served, &text).await?;
        askers.spawn(over_http(program, text.clone(), Arc::clone(&round)));
    }
    let everybody = async {
        while round.let_in.load(Ordering::Relaxed) < WITHIN + PROGRAMS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, everybody).await.map_err(|_| "somebody was not let in with a good key")?;
    tokio::time::sleep(BEFORE).await;
    let began = Instant::now();
    api_keys::revoke(&stage.open.store, &revoking, id).await?;
    let returned = Instant::now();
    tokio::time::sleep(AFTER).await;
    round.over.store(true, Ordering::Relaxed);
    found.revoking.add(returned - began);
    while let Some(seen) = askers.join_next().await {
        for (asked, admitted) in seen?? {
            found.admitted += usize::from(admitted);
            found.asked_after += usize::from(asked > returned);
            found.admitted_after += usize::from(asked > returned && admitted);
        }
    }
    Ok(())
}

async fn within(
    store: Store,
    permit: Arc<Permit<VerifyKey>>,
    text: String,
    round: Arc<Round>,
) -> Result<Seen> {
    let address = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
    let scopes = PermissionSet::of(&[Permission::ACCESS_CHECK]);
    let mut seen = Seen::new();
    while !round.over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let question = Asked { key: &text, scopes, address, agent: Browser::Program };
        let verified = api_keys::verify(&store, &permit, question).await?;
        round.note(&mut seen, asked, verified.fault.is_none());
        // A remembered key is answered without any wait, and others have to come to their turns.
        tokio::task::yield_now().await;
    }
    Ok(seen)
}

/// With the key itself, about itself: once it is revoked, it opens nothing either.
async fn over_http(mut program: Program, text: String, round: Arc<Round>) -> Result<Seen> {
    let question: Bytes = json!({"key": text, "scopes": ["access:check"]}).to_string().into();
    let mut seen = Seen::new();
    while !round.over.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let (status, answer) = program.ask(PATH, question.clone()).await?;
        let admitted = match status {
            StatusCode::OK => answer.starts_with(b"{\"valid\":true"),
            StatusCode::UNAUTHORIZED => false,
            _ => return Err(format!("another answer: {status} {}", String::from_utf8_lossy(&answer)).into()),
        };
        round.note(&mut seen, asked, admitted);
    }
    Ok(seen)
}

fn section(rounds: usize, found: &Found) -> Section {
    let Found { admitted, asked_after, admitted_after, revoking } = found;
    let (p50, p99, slowest) = (revoking.quantile(0.5), revoking.quantile(0.99), revoking.quantile(1.0));
    Section {
        title: "Revoking a key".into(),
        lines: vec![Line {
            what: "admitted by a second server once the call that revokes a key has returned, PostgreSQL"
                .into(),
            bar: "0".into(),
            figure: format!(
                "{admitted_after} of {asked_after} questions; the call took p50 {p50:.1} ms, p99 {p99:.1} ms"
            ),
            met: Met::of(*admitted_after == 0 && *asked_after > 0),
            close: "nothing may be remembered that the second server has not been told of: a fault",
        }],
        body: format!(
            "{rounds} keys, each revoked on one server while {WITHIN} callers ask a second one within its process and {PROGRAMS} programs over HTTP with the key \
             itself. Before and during the call {admitted} questions were admitted; {asked_after} were asked after it had returned, and {admitted_after} of them were admitted. \
             The call, with its record on disk and every server told: p50 {p50:.1} ms, p99 {p99:.1} ms, slowest {slowest:.1} ms.\n"
        ),
    }
}
