//! Events of the product over HTTP, against bare inserts of what they leave behind and against the group commit alone.

use bailiwick_store::{
    DatabaseKind,
    bench::{Bare, Piece, pieces},
};
use uuid::Uuid;

use crate::{
    Result,
    clock::Stopwatch,
    compare::Comparison,
    latency::Latencies,
    load::Round,
    product::Product,
    recording::{Answered, BATCH, Recording},
    report::{Line, Met, Section},
    search::OCTETS,
    stage::Stage,
};

/// Programs that send batches, and that send single events.
const CLIENTS: usize = 16;
const SINGLE: usize = 256;
/// Programs that look how long their events wait for a place.
const PROBES: usize = 4;
/// One round of batches whose proofs are waited for is so many times shorter than the others.
const PROVED: usize = 5;
/// Events in a transaction of bare inserts: about as many as recording gathers at full load, and one batch.
const AT_ONCE: [i64; 2] = [1_000, 100];

/// Bars.
const SHARE: f64 = 0.7;
const RATE: f64 = 20_000.0;
const LAG: f64 = 500.0;
const SINGLES: f64 = 0.6;

/// How much is recorded.
struct Scale {
    passes: usize,
    /// Bodies in a round of batches.
    bodies: usize,
    /// Events in a round of single ones.
    singles: usize,
}

/// What one database came to.
struct Found {
    kind: DatabaseKind,
    batches: Comparison,
    lag: Latencies,
    singles: Comparison,
    verified: u64,
    /// Answers without the proofs that were waited for.
    late: usize,
    /// Octets of the disk for each event.
    octets: f64,
}

/// Both databases.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let scale = if quick {
        Scale { passes: 2, bodies: 20, singles: 512 }
    } else {
        Scale { passes: 9, bodies: 300, singles: 12_800 }
    };
    let mut all = Vec::new();
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        all.push(found(kind, &scale).await?);
    }
    let body = all.iter().map(|found| found.body(&scale)).collect::<Vec<_>>().join("\n");
    Ok(Section { title: "Recording events of the product".into(), lines: lines(&all), body })
}

/// Batches over HTTP and the same rows as bare inserts; how long events wait for their place; then single events.
async fn found(kind: DatabaseKind, scale: &Scale) -> Result<Found> {
    // Every contestant has a database of its own, so that each grows by what it writes itself.
    let mut ours = Recording::new(kind, CLIENTS).await?;
    let mut proved = Recording::new(kind, CLIENTS).await?;
    let mut theirs = Vec::new();
    for events in AT_ONCE {
        theirs.push(Theirs::new(kind, events).await?);
    }
    let mut comparison = Comparison::new(&[
        "over HTTP, until all is durable and in the tree",
        "bare inserts of the same rows, 1000 events a transaction",
        "bare inserts of the same rows, 100 events a transaction",
        "over HTTP, each answered with places and proofs",
    ]);
    let job = ours.job();
    let mut first = ours.leaves().await?;
    // What the others insert in a pass is what this one has recorded in the pass before.
    ours.batches(scale.bodies, Answered::Durable).await?;
    let (octets, events) = ours.size().await?;
    for pass in 0..=scale.passes {
        let size = ours.leaves().await?;
        for contestant in comparison.order(pass) {
            let round = match contestant {
                0 => ours.batches(scale.bodies, Answered::Durable).await?,
                3 => proved.batches(scale.bodies / PROVED, Answered::Included).await?,
                bare => {
                    let theirs = theirs.get_mut(bare - 1).ok_or("an unknown contestant")?;
                    let store = &ours.stage.open.store;
                    let pieces = pieces(store, &job, first, size, theirs.events).await?;
                    theirs.round(&pieces).await?
                }
            };
            // The first pass warms up: connections, prepared statements, caches.
            if pass > 0 {
                comparison.note(contestant, round);
            }
        }
        first = size;
        println!("        {kind:?}: pass {pass} of {}: {:.2}", scale.passes, comparison.ratio(1));
    }
    let mut probes: Vec<_> = (0..PROBES).map(|place| Product::new(format!("probe{place}"))).collect();
    let mut lag = Latencies::default();
    for _ in 0..scale.passes {
        lag.merge(ours.lag(&mut probes, scale.bodies).await?);
    }
    let (grown, size) = ours.size().await?;
    let octets = (grown - octets) as f64 / (size - events).max(1) as f64;
    let verified = ours.stage.open.verify().await?;
    for theirs in theirs {
        theirs.bare.close().await?;
    }
    ours.stage.open.store.close().await;
    proved.stage.open.store.close().await;
    let singles = singles(kind, scale).await?;
    Ok(Found { kind, batches: comparison, lag, singles, verified, late: proved.late(), octets })
}

/// Single events over HTTP and by the group commit alone.
async fn singles(kind: DatabaseKind, scale: &Scale) -> Result<Comparison> {
    let mut ours = Recording::new(kind, SINGLE).await?;
    let mut alone = Recording::new(kind, 0).await?;
    let mut comparison = Comparison::new(&[
        "single events over HTTP",
        "the same, handed to the group commit within the process",
    ]);
    for pass in 0..=scale.passes {
        for contestant in comparison.order(pass) {
            let round = if contestant == 0 {
                ours.singles(scale.singles).await?
            } else {
                alone.handed_over(SINGLE, scale.singles).await?
            };
            if pass > 0 {
                comparison.note(contestant, round);
            }
        }
        println!("        {kind:?}, single: pass {pass} of {}: {:.2}", scale.passes, comparison.ratio(1));
    }
    ours.stage.open.store.close().await;
    alone.stage.open.store.close().await;
    Ok(comparison)
}

/// A database of the same schema, into which rows are inserted without the store.
struct Theirs {
    bare: Bare,
    tenant: Uuid,
    events: i64,
    _stage: Stage,
}

impl Theirs {
    async fn new(kind: DatabaseKind, events: i64) -> Result<Self> {
        let stage = Stage::new(kind, 2).await?;
        let tenant = stage.open.tenant().await?.id.uuid();
        stage.open.settle().await?;
        stage.open.store.close().await;
        let bare = Bare::open(&stage.options(2)).await?;
        Ok(Self { bare, tenant, events, _stage: stage })
    }

    async fn round(&mut self, pieces: &[Piece]) -> Result<Round> {
        let watch = Stopwatch::start();
        for piece in pieces {
            self.bare.record(self.tenant, piece).await?;
        }
        Ok(Round::of(pieces.iter().map(Piece::events).sum(), watch))
    }
}

impl Found {
    fn body(&self, scale: &Scale) -> String {
        let Scale { passes, bodies, singles } = scale;
        format!(
            "{:?}, batches: {CLIENTS} programs, bodies of {BATCH} events, {passes} passes of {} events for each contestant, a fifth of that where proofs are \
             waited for ({} answers came without them); the log was verified afterwards ({} events).\n\n\
             {}\nFrom the answer to the place in the tree, at the same load, of {PROBES} further programs with single events: p50 {:.0} ms, p99 {:.0} ms, slowest {:.0} ms.\n\n\
             {:?}, single events: {SINGLE} programs, {passes} passes of {singles} events for each contestant.\n\n{}",
            self.kind,
            bodies * BATCH,
            self.late,
            self.verified,
            self.batches.table("events", "recording"),
            self.lag.quantile(0.5),
            self.lag.quantile(0.99),
            self.lag.quantile(1.0),
            self.kind,
            self.singles.table("events", "recording"),
        )
    }

    /// Whether an event takes as little of the disk as the bar says.
    fn small(&self) -> bool {
        OCTETS.iter().any(|(kind, most)| *kind == self.kind && self.octets <= *most)
    }

    /// Whether as many events a second are recorded as the bar says; unknown where not even bare inserts are as fast.
    fn fast(&self) -> Met {
        match (self.batches.rate(0) >= RATE, self.batches.rate(1) >= RATE) {
            (true, _) => Met::Yes,
            (false, true) => Met::No,
            (false, false) => Met::Unknown,
        }
    }
}

fn lines(all: &[Found]) -> Vec<Line> {
    let each = |figure: &dyn Fn(&Found) -> String| {
        all.iter().map(|found| format!("{:?} {}", found.kind, figure(found))).collect::<Vec<_>>().join("; ")
    };
    let fast: Vec<_> = all.iter().map(Found::fast).collect();
    vec![
        Line {
            what: format!(
                "recording over HTTP, {CLIENTS} programs, bodies of {BATCH}, durable and in the tree, by bare multi-row inserts of the same rows and indexes"
            ),
            bar: "≥ 0.7".into(),
            figure: each(&|found: &Found| {
                format!(
                    "{:.2} ({:.2} of one body a transaction)",
                    found.batches.ratio(1),
                    found.batches.ratio(2)
                )
            }),
            met: Met::of(all.iter().all(|found| found.batches.ratio(1) >= SHARE)),
            close: "whatever a profile of a round shows: reading and judging of JSON, hashing and sealing stand beside the rows themselves",
        },
        Line {
            what: "the same in events a second, where bare inserts are as fast".into(),
            bar: "≥ 20,000".into(),
            figure: each(&|found: &Found| {
                format!("{:.0} (bare {:.0})", found.batches.rate(0), found.batches.rate(1))
            }),
            met: if fast.contains(&Met::No) {
                Met::No
            } else if fast.contains(&Met::Yes) {
                Met::Yes
            } else {
                Met::Unknown
            },
            close: "fewer rows and octets for an event: what bare inserts cost bounds what recording can reach",
        },
        Line {
            what: "from the commit of an event to its place in the tree at full load: p99".into(),
            bar: "≤ 500 ms".into(),
            figure: each(&|found: &Found| format!("{:.0} ms", found.lag.quantile(0.99))),
            met: Met::of(all.iter().all(|found| found.lag.quantile(0.99) <= LAG)),
            close: "a sequencer that begins its next round at once while events wait",
        },
        Line {
            what: format!(
                "single events over HTTP, {SINGLE} programs, by the group commit alone in the same run"
            ),
            bar: "≥ 0.6".into(),
            figure: each(&|found: &Found| {
                format!("{:.2} ({:.0} events/s)", found.singles.ratio(1), found.singles.rate(0))
            }),
            met: Met::of(all.iter().all(|found| found.singles.ratio(1) >= SINGLES)),
            close: "whatever a profile of a request shows: its head, its key and its answer are all that stands beside the commit",
        },
        Line {
            what: "octets of an event of the product on the disk, with its key, every index and its sealed values".into(),
            bar: "≤ 600 on SQLite, ≤ 900 on PostgreSQL".into(),
            figure: each(&|found: &Found| format!("{:.0}", found.octets)),
            met: Met::of(all.iter().all(Found::small)),
            close: "the octets of an event compressed with a dictionary, and ids of tenants as small numbers",
        },
    ]
}
