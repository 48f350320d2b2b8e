//! Searching a large audit log: every filter, every pair of them, and the page; what an event takes on the disk; and how that changes
//! while the log grows tenfold.

use std::{collections::BTreeMap, num::NonZeroUsize, time::Instant};

use bailiwick_domain::{rule::ByJob, search, zone::Zone};
use bailiwick_store::{
    DatabaseKind, Permit,
    audit::{self, Place},
    bench,
};

use crate::{
    Result,
    events::{ACTORS, DENIED, ENTITIES, Log, SOURCES},
    growth::Growth,
    latency::Latencies,
    recording::CONNECTIONS,
    report::{Line, Met, Section},
    service::{app, ask},
    stage::{Open, Stage, Tenant},
};

/// Bars: milliseconds of a search in the store, of a page, and octets of an event.
const P50: f64 = 2.0;
const P99: f64 = 50.0;
const PAGE: f64 = 100.0;
pub(crate) const OCTETS: [(DatabaseKind, f64); 2] =
    [(DatabaseKind::Sqlite, 600.0), (DatabaseKind::Postgres, 900.0)];
/// How much slower a log of ten times the size may be.
const SLOWER: f64 = 1.15;

/// Searches for each filter and pair.
const SEARCHES: usize = 60;
const PAGES: usize = 100;

/// Both databases: searching the log, and then recording into it.
pub(crate) async fn measure(events: u64) -> Result<Vec<Section>> {
    let mut body = String::from("| database | events | filter | p50 ms | p99 ms |\n|---|---|---|---|---|\n");
    let mut figures = Figures::default();
    let mut growth = Growth::new(events);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let stage = Stage::new(kind, CONNECTIONS).await?;
        let tenant = stage.open.tenant().await?;
        let mut log = Log::of_a_year(stage.open.store.now(), events);
        let mut medians: Vec<BTreeMap<String, f64>> = Vec::new();
        for size in [events / 10, events] {
            log.grow(&stage.open, &tenant, size).await?;
            let found = filters(&stage.open, &tenant, &mut log, size).await?;
            for (name, latencies) in &found {
                let (p50, p99) = (latencies.quantile(0.5), latencies.quantile(0.99));
                body.push_str(&format!("| {kind:?} | {size} | {name} | {p50:.2} | {p99:.2} |\n"));
                if size == events {
                    figures.p50 = figures.p50.max(p50);
                    figures.p99 = figures.p99.max(p99);
                }
            }
            medians.push(
                found.iter().map(|(name, latencies)| (name.clone(), latencies.quantile(0.5))).collect(),
            );
        }
        figures.slower = figures.slower.max(slower(&medians));
        let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
        for path in [
            "/audit",
            "/audit?q=outcome%3Adenied+action%3Auser.*",
            "/audit?q=payroll+-outcome%3Aok&range=30d",
        ] {
            ask(&app, &tenant, path, PAGES / 10).await?;
            let took = ask(&app, &tenant, path, PAGES).await?.quantile(0.99);
            body.push_str(&format!("| {kind:?} | {events} | page {path} | | {took:.2} |\n"));
            figures.page = figures.page.max(took);
        }
        let octets = bench::octets(&stage.open.store).await? as f64 / events.max(1) as f64;
        let bar = OCTETS.iter().find(|(of, _)| *of == kind).map_or(0.0, |(_, bar)| *bar);
        figures.octets.push((format!("{kind:?} {octets:.0}"), octets <= bar));
        growth.measure(kind, stage, tenant).await?;
    }
    body.push_str(&format!(
        "\n{ACTORS} actors and {SOURCES} sources of whom few do most, {ENTITIES} things, one event in {DENIED} denied, a year; {SEARCHES} searches \
         for each filter and pair with other values each time, drawn from the events themselves; each is the resolving of the line and the first page.\n"
    ));
    let searched = Section { title: "Searching the audit log".into(), lines: figures.lines(events), body };
    Ok(vec![searched, growth.section()])
}

/// What the bars are held against.
#[derive(Default)]
struct Figures {
    p50: f64,
    p99: f64,
    page: f64,
    slower: f64,
    octets: Vec<(String, bool)>,
}

impl Figures {
    fn lines(self, events: u64) -> Vec<Line> {
        let line = |what: String, bar: &str, figure: String, met, close| Line {
            what,
            bar: bar.to_owned(),
            figure,
            met: Met::of(met),
            close,
        };
        vec![
            line(
                format!("search of {events} events in the store, the slowest filter or pair: p50"),
                "≤ 2 ms",
                format!("{:.2} ms", self.p50),
                self.p50 <= P50,
                "larger blocks of leaves, so that a common term has fewer sets",
            ),
            line(
                format!("search of {events} events in the store, the slowest filter or pair: p99"),
                "≤ 50 ms",
                format!("{:.1} ms", self.p99),
                self.p99 <= P99,
                "a smaller bound of what one page looks at",
            ),
            line(
                format!("page of a search of {events} events: p99"),
                "≤ 100 ms",
                format!("{:.1} ms", self.page),
                self.page <= PAGE,
                "counting and drawing less of what is found",
            ),
            line(
                format!(
                    "search of {events} events against a tenth of them: the median of how the filters change"
                ),
                "≤ 15 % slower",
                format!("{:+.0} %", (self.slower - 1.0) * 100.0),
                self.slower <= SLOWER,
                "larger blocks of leaves, so that a common term has fewer sets",
            ),
            line(
                "octets of an event on the disk, with every index and its sealed values".to_owned(),
                "≤ 600 on SQLite, ≤ 900 on PostgreSQL",
                self.octets.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("; "),
                self.octets.iter().all(|(_, met)| *met),
                "ids of tenants as small numbers, one copy of a hash where there are three, and larger blocks of leaves",
            ),
        ]
    }
}

/// The median over the filters of how many times slower each became.
fn slower(medians: &[BTreeMap<String, f64>]) -> f64 {
    let [small, large] = medians else { return 1.0 };
    let ratios: Vec<_> = small
        .iter()
        .filter_map(|(name, before)| large.get(name).map(|after| after / before.max(f64::EPSILON)))
        .collect();
    crate::latency::median(&ratios)
}

/// Each filter alone and each pair of them, warm.
async fn filters(
    open: &Open,
    tenant: &Tenant,
    log: &mut Log,
    size: u64,
) -> Result<BTreeMap<String, Latencies>> {
    let job: Permit<ByJob> = open.job(tenant);
    let mut found: BTreeMap<String, Latencies> = BTreeMap::new();
    // The first rounds are for the caches.
    for round in 0..SEARCHES + 3 {
        let all = log.conditions(size)?;
        for (place, (name, text)) in all.iter().enumerate() {
            let singles = std::iter::once((name.to_string(), text.clone()));
            let pairs = all
                .iter()
                .skip(place + 1)
                .map(|(other, more)| (format!("{name}, {other}"), format!("{text} {more}")));
            for (name, text) in singles.chain(pairs) {
                let query = search::parse(&text)?.query;
                let began = Instant::now();
                let mut view = open.store.read(&job).await?;
                let sought =
                    audit::resolve(&mut view, &query, &Zone::UTC).await?.map_err(|wrong| wrong.text)?;
                audit::search(&mut view, &sought, Place::Newest).await?;
                drop(view);
                if round >= 3 {
                    found.entry(name).or_default().add(began.elapsed());
                }
            }
        }
    }
    Ok(found)
}
