//! A hundred permissions in one question: about a user, a session, and a key.

use std::{num::NonZeroUsize, time::Instant};

use bailiwick_store::DatabaseKind;
use bailiwick_web::bootstrap::App;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    Result, fill,
    latency::Latencies,
    listening::Listening,
    recording::CONNECTIONS,
    report::{Line, Met, Section},
    service::app,
    stage::Stage,
};

const PATH: &str = "/v1/authorize";
/// Permissions in a question.
const BATCH: usize = 100;
/// Milliseconds.
const BAR: f64 = 0.2;

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let requests = if quick { 100 } else { 3_000 };
    let mut body =
        String::from("| database | asked about | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let mut worst: f64 = 0.0;
        for (name, latencies) in found(kind, requests).await? {
            let (p50, p99, slowest) =
                (latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0));
            body.push_str(&format!("| {kind:?} | {name} | {p50:.3} | {p99:.3} | {slowest:.3} |\n"));
            worst = worst.max(p50);
        }
        figures.push(format!("{kind:?} {:.0} µs", worst * 1e3));
        met &= worst <= BAR;
    }
    body.push_str(&format!(
        "\n{BATCH} permissions in each question, {requests} questions one after the other; the figure above is the slowest kind's median.\n"
    ));
    Ok(Section {
        title: "Asking for permissions".into(),
        lines: vec![Line {
            what: format!("`authorize` of {BATCH} permissions, server time, median"),
            bar: "≤ 200 µs".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "what a user has remembered as keys are; on PostgreSQL one statement is four words with the database",
        }],
        body,
    })
}

async fn found(kind: DatabaseKind, requests: usize) -> Result<Vec<(&'static str, Latencies)>> {
    let stage = Stage::new(kind, CONNECTIONS).await?;
    let tenant = stage.open.tenant().await?;
    let listening = Listening::begin(&stage.open.store).await?;
    let (_, asker) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "access:check").await?;
    let (_, key) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "user:read").await?;
    let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
    let catalogue = stage.open.store.catalogue();
    let names: Vec<_> = catalogue.iter().map(|(permission, _)| catalogue.name(permission)).collect();
    let permissions: Vec<_> = names.iter().cycle().take(BATCH).collect();
    let mut all = Vec::new();
    for (name, subject) in [
        ("a user", json!({"user": tenant.owner.to_string()})),
        ("a session", json!({"session": tenant.token})),
        ("a key", json!({"key": key})),
    ] {
        let question = json!({"subject": subject, "permissions": permissions}).to_string().into();
        asked(&app, &asker, &question, requests / 10).await?;
        all.push((name, asked(&app, &asker, &question, requests).await?));
    }
    drop(listening);
    stage.open.store.close().await;
    Ok(all)
}

/// Asks one question after the other, as a program with a key.
async fn asked(app: &App, key: &str, question: &Bytes, requests: usize) -> Result<Latencies> {
    let bearer = format!("Bearer {key}");
    let mut latencies = Latencies::default();
    for _ in 0..requests {
        let request = Request::post(PATH)
            .header("host", "localhost")
            .header("authorization", &bearer)
            .header("content-type", "application/json")
            .body(Full::new(question.clone()))?;
        let began = Instant::now();
        let answer = app.clone().oneshot(request).await?;
        let status = answer.status();
        let answer = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        latencies.add(began.elapsed());
        let answer: Value = serde_json::from_slice(&answer)?;
        let answers = answer.get("answers").and_then(Value::as_array).map_or(0, Vec::len);
        if status != StatusCode::OK || answers != BATCH {
            return Err(format!("POST {PATH} answered {status}: {answer}").into());
        }
    }
    Ok(latencies)
}
