//! Searching a large audit log: every filter, every pair of them, and the page; what an event takes on the disk; and how that changes
//! while the log grows tenfold.

use std::{collections::BTreeMap, num::NonZeroUsize, time::Instant};

use bailiwick_domain::{
    rule::ByJob,
    search::{self, SOURCE},
    time::{Span, Timestamp},
    zone::Zone,
};
use bailiwick_store::{
    DatabaseKind, Permit,
    audit::{self, Place},
    bench::{self, Made},
};
use uuid::Uuid;

use crate::{
    Result,
    latency::Latencies,
    report::{Line, Met, Section},
    service::{app, ask},
    stage::{Open, Stage, Tenant},
};

/// Bars: milliseconds of a search in the store, of a page, and octets of an event.
const P50: f64 = 2.0;
const P99: f64 = 50.0;
const PAGE: f64 = 100.0;
const OCTETS: [(DatabaseKind, f64); 2] = [(DatabaseKind::Sqlite, 600.0), (DatabaseKind::Postgres, 900.0)];
/// How much slower a log of ten times the size may be.
const SLOWER: f64 = 1.15;

/// Events in one transaction.
const CHUNK: u64 = 4_000;
/// Searches for each filter and pair.
const SEARCHES: usize = 60;
const PAGES: usize = 100;
/// Who acts, from how many sources, and on how many things.
const ACTORS: u64 = 2_000;
const SOURCES: u64 = 5_000;
const ENTITIES: u64 = 200_000;
/// One event in so many is denied, and one in so many is the first of its request.
const DENIED: u64 = 50;
const OF_REQUEST: u64 = 3;

const KINDS: [(&str, &[&str]); 8] = [
    ("session", &["session.created", "session.ended"]),
    ("sign_in_attempt", &["sign_in.accepted", "sign_in.refused"]),
    ("user", &["user.created", "user.role_changed", "user.renamed", "user.disabled", "user.enabled"]),
    ("invitation", &["user.invited", "invitation.accepted", "invitation.revoked", "invitation.expired"]),
    ("api_key", &["api_key.created", "api_key.revoked"]),
    ("grant", &["permission.granted", "permission.denied", "permission.reset"]),
    ("team", &["team.created", "team.changed", "team.dissolved"]),
    ("policy", &["policy.updated"]),
];
const WORDS: [&str; 24] = [
    "auditor",
    "coordinator",
    "manager",
    "planner",
    "nightshift",
    "payroll",
    "roster",
    "incident",
    "medication",
    "transport",
    "budget",
    "consent",
    "review",
    "escalated",
    "approved",
    "withdrawn",
    "weekend",
    "quarterly",
    "onboarding",
    "handover",
    "respite",
    "therapy",
    "equipment",
    "complaint",
];

/// Numbers that are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// Small numbers more often than large ones, as few people do most.
    fn skewed(&mut self, bound: u64) -> u64 {
        let bound = self.below(bound) + 1;
        self.below(bound)
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> Result<T> {
        let place = usize::try_from(self.below(of.len() as u64))?;
        of.get(place).copied().ok_or_else(|| "nothing to choose from".into())
    }
}

fn id(space: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0193_a7c2_7b1e_7000 + space, 0x8000_0000_0000_0000 | number)
}

/// Both databases.
pub(crate) async fn measure(events: u64) -> Result<Section> {
    let mut body = String::from("| database | events | filter | p50 ms | p99 ms |\n|---|---|---|---|---|\n");
    let mut figures = Figures::default();
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let stage = Stage::new(kind, 8).await?;
        let tenant = stage.open.tenant().await?;
        let mut log = Log {
            numbers: Numbers(7),
            there: 0,
            begin: stage.open.store.now() - Span::days(365),
            whole: events,
        };
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
        stage.open.store.close().await;
    }
    body.push_str(&format!(
        "\n{ACTORS} actors and {SOURCES} sources of whom few do most, {ENTITIES} things, one event in {DENIED} denied, a year; {SEARCHES} searches \
         for each filter and pair with other values each time, drawn from the events themselves; each is the resolving of the line and the first page.\n"
    ));
    Ok(Section { title: "Searching the audit log".into(), lines: figures.lines(events), body })
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
                "the octets of an event compressed with a dictionary, and ids of tenants as small numbers",
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

/// The log that is filled.
struct Log {
    numbers: Numbers,
    there: u64,
    begin: Timestamp,
    /// Events that fill the year.
    whole: u64,
}

impl Log {
    async fn grow(&mut self, open: &Open, tenant: &Tenant, size: u64) -> Result<()> {
        let job: Permit<ByJob> = open.job(tenant);
        while self.there < size {
            let count = CHUNK.min(size - self.there);
            let events = (0..count).map(|_| self.event()).collect::<Result<Vec<_>>>()?;
            bench::write(&open.store, &job, &events).await?;
            if self.there % 200_000 < CHUNK {
                open.settle().await?;
                println!("        {} events", self.there);
            }
        }
        open.settle().await
    }

    fn event(&mut self) -> Result<Made> {
        let number = self.there;
        self.there += 1;
        // What one request does lies together.
        let request = number / OF_REQUEST;
        let mut shared = Numbers(request);
        let actor = shared.skewed(ACTORS);
        let source = shared.skewed(SOURCES);
        let (entity_type, actions) = self.numbers.one_of(&KINDS)?;
        let action = self.numbers.one_of(actions)?;
        let words = format!("{} {}", self.numbers.one_of(&WORDS)?, self.numbers.one_of(&WORDS)?);
        let year = 365 * 86_400_i64;
        let second = i64::try_from(
            u128::from(number) * u128::from(year.unsigned_abs()) / u128::from(self.whole.max(1)),
        )?;
        Ok(Made {
            at: self.begin + Span::seconds(second),
            actor: id(1, actor),
            action,
            entity_type,
            entity: id(2, self.numbers.skewed(ENTITIES)),
            denied: self.numbers.below(DENIED) == 0,
            request: id(3, request),
            source: tag(source),
            change: ("/note", words),
        })
    }

    /// What somebody could look for, with values of some event.
    fn conditions(&mut self, size: u64) -> Result<Vec<(&'static str, String)>> {
        let request = self.numbers.below(size) / OF_REQUEST;
        let mut shared = Numbers(request);
        let (actor, source) = (shared.skewed(ACTORS), shared.skewed(SOURCES));
        let (kind, actions) = self.numbers.one_of(&KINDS)?;
        let action = self.numbers.one_of(actions)?;
        let noun = action.split('.').next().unwrap_or_default();
        let days = self.numbers.below(300) + 10;
        let source: String = tag(source).iter().map(|octet| format!("{octet:02x}")).collect();
        Ok(vec![
            ("actor", format!("actor:{}", id(1, actor))),
            ("type", format!("entity:{kind}/")),
            ("entity", format!("entity:{kind}/{}", id(2, self.numbers.skewed(ENTITIES)))),
            ("action", format!("action:{action}")),
            ("prefix", format!("action:{noun}.*")),
            (
                "outcome",
                if self.numbers.below(2) == 0 { "outcome:denied".into() } else { "outcome:ok".into() },
            ),
            ("not outcome", "-outcome:ok".to_owned()),
            ("time", format!("before:{days}d after:{}d", days + 30)),
            ("source", format!("source:{source}")),
            ("request", format!("request:{}", id(3, request))),
            ("text", self.numbers.one_of(&WORDS)?.to_owned()),
        ])
    }
}

fn tag(source: u64) -> [u8; SOURCE] {
    source.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
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
