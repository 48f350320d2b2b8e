//! What a thing was at a past moment, of one with very many revisions.

use std::time::Instant;

use bailiwick_domain::{
    rule::RecordEvents,
    time::{Span, Timestamp},
};
use bailiwick_ops::audit::ingest::{Ask, record};
use bailiwick_store::{
    DatabaseKind, Permit,
    audit::{self, Moment, keep_images},
};
use serde_json::Value;

use crate::{
    Result,
    events::Numbers,
    fill,
    latency::Latencies,
    product::Product,
    report::{Line, Met, Section},
    stage::{Open, Stage, Tenant},
};

/// Milliseconds.
const BAR: f64 = 5.0;
/// What is asked about, and events of other things between two of its revisions.
const THING: (&str, &str) = ("app.plan", "PL-1");
const BETWEEN: u64 = 9;
/// Revisions in one body.
const AT_ONCE: u64 = 50;

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (revisions, reads) = if quick { (1_000, 60) } else { (10_000, 1_000) };
    let mut body =
        String::from("| database | moment | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let stage = Stage::new(kind, 8).await?;
        let tenant = stage.open.tenant().await?;
        let lived = live(&stage.open, &tenant, revisions).await?;
        let mut all = Latencies::default();
        for which in [Which::Instant, Which::Revision, Which::Newest] {
            let latencies = read(&stage.open, &tenant, &lived, which, reads).await?;
            let (p50, p99, slowest) =
                (latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0));
            body.push_str(&format!("| {kind:?} | {} | {p50:.2} | {p99:.2} | {slowest:.2} |\n", which.name()));
            all.merge(latencies);
        }
        let (p50, p99) = (all.quantile(0.5), all.quantile(0.99));
        figures.push(format!("{kind:?} {p99:.2} ms (p50 {p50:.2} ms)"));
        met &= p99 <= BAR;
        stage.open.store.close().await;
    }
    body.push_str(&format!(
        "\n{revisions} revisions, {BETWEEN} events of other things between two of them, images kept as the running service keeps them; {reads} reads for \
         each kind of moment, one after the other.\n"
    ));
    Ok(Section {
        title: "What a thing was".into(),
        lines: vec![Line {
            what: format!("a thing with {revisions} revisions as it stood at a moment, in the store: p99"),
            bar: "≤ 5 ms".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "images of a thing nearer to each other, so that fewer records are read, hashed and followed",
        }],
        body,
    })
}

/// Which moments are asked for.
#[derive(Clone, Copy)]
enum Which {
    Instant,
    Revision,
    Newest,
}

impl Which {
    const fn name(self) -> &'static str {
        match self {
            Self::Instant => "any instant of its life",
            Self::Revision => "any revision",
            Self::Newest => "now",
        }
    }
}

/// The life of the thing.
struct Lived {
    revisions: u64,
    begin: Timestamp,
    end: Timestamp,
}

/// Records the life of the thing between events of others, as a product sends them, and keeps the images that are due.
async fn live(open: &Open, tenant: &Tenant, revisions: u64) -> Result<Lived> {
    let key = fill::recording_key(open, tenant).await?;
    let mut product = Product::new("life");
    let mut begin = None;
    for first in (0..revisions).step_by(usize::try_from(AT_ONCE)?) {
        let mut events = Vec::new();
        for revision in first..(first + AT_ONCE).min(revisions) {
            events.push(product.of(THING, revision)?);
            for _ in 0..BETWEEN {
                events.push(product.event()?);
            }
        }
        let permit: Permit<RecordEvents> = open.program(&key).await?;
        let body = Value::Array(events).to_string().into_bytes();
        record(&open.store, permit, body.into(), Ask { whole: true, included: false }).await?;
        begin.get_or_insert_with(|| open.store.now());
    }
    open.settle().await?;
    while keep_images(&open.store).await? > 0 {}
    let end = open.store.now();
    Ok(Lived { revisions, begin: begin.unwrap_or(end), end })
}

async fn read(open: &Open, tenant: &Tenant, lived: &Lived, which: Which, reads: usize) -> Result<Latencies> {
    let job = open.job(tenant);
    let id = audit::id_of(THING.0, THING.1).ok_or("the thing has no id")?;
    let life = lived.end.micros().saturating_sub(lived.begin.micros()).unsigned_abs().max(1);
    let mut numbers = Numbers(13);
    let mut latencies = Latencies::default();
    // The first ones are for the caches.
    for round in 0..reads + reads / 10 {
        let moment = match which {
            Which::Instant => {
                let after = i64::try_from(numbers.below(life))?;
                Moment::At(Timestamp::from_micros(lived.begin.micros().saturating_add(after)))
            }
            Which::Revision => Moment::Revision(i64::try_from(numbers.below(lived.revisions) + 1)?),
            Which::Newest => Moment::At(lived.end + Span::hours(1)),
        };
        let began = Instant::now();
        let mut view = open.store.read(&job).await?;
        let stood = audit::as_of(&mut view, THING.0, id, moment).await?;
        drop(view);
        let took = began.elapsed();
        if !stood.known || !stood.faults.is_empty() {
            return Err(format!("{moment:?} is not told: {:?}", stood.faults).into());
        }
        if round >= reads / 10 {
            latencies.add(took);
        }
    }
    Ok(latencies)
}
