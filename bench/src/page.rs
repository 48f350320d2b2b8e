//! The security page of a large tenant, while its log grows.

use std::num::NonZeroUsize;

use bailiwick_store::DatabaseKind;

use crate::{
    Result, fill,
    report::{Line, Met, Section},
    service::{app, ask},
    stage::Stage,
};

const BAR: f64 = 10.0;

/// What one database came to.
struct Grown {
    /// The p99 at each size of the log, in milliseconds.
    p99: Vec<f64>,
    rows: String,
}

/// Both databases, three sizes of the log.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (people, keys, requests) = if quick { (500, 200, 50) } else { (10_000, 5_000, 1_000) };
    let sizes: [u64; 3] = if quick { [2_000, 4_000, 8_000] } else { [20_000, 100_000, 1_000_000] };
    let mut body =
        String::from("| database | events | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|\n");
    let (mut figures, mut met) = (Vec::new(), true);
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let grown = grow(kind, people, keys, requests, &sizes).await?;
        body.push_str(&grown.rows);
        let (first, last) =
            (grown.p99.first().copied().unwrap_or(f64::NAN), grown.p99.last().copied().unwrap_or(f64::NAN));
        figures.push(format!(
            "{kind:?} {last:.1} ms (×{:.2} from {} to {} events)",
            last / first,
            sizes[0],
            sizes[2]
        ));
        // Independent: the whole growth costs less than the spread from one hundred requests to the next.
        met &= last <= BAR && last <= first * 1.5;
    }
    body.push_str(&format!(
        "\n{people} users, of whom seven in ten have an authenticator, {keys} API keys; {requests} requests one after the other at each size.\n"
    ));
    Ok(Section {
        title: "The security page".into(),
        lines: vec![Line {
            what: "security page, tenant with 10,000 users, 5,000 keys, 1,000,000 events: server time p99, independent of the number of events".into(),
            bar: "≤ 10 ms".into(),
            figure: figures.join("; "),
            met: Met::of(met),
            close: "counts of users and factors kept by the changes that move them, in place of counting rows for each page",
        }],
        body,
    })
}

async fn grow(
    kind: DatabaseKind,
    people: usize,
    keys: usize,
    requests: usize,
    sizes: &[u64],
) -> Result<Grown> {
    let stage = Stage::new(kind, 8).await?;
    let tenant = stage.open.tenant().await?;
    let mut users = fill::people(&stage.open, &tenant, people).await?;
    fill::keys(&stage.open, &tenant, keys).await?;
    let app = app(&stage.open, kind, NonZeroUsize::MIN).await?;
    let mut grown = Grown { p99: Vec::new(), rows: String::new() };
    for size in sizes {
        fill::log(&stage.open, &tenant, &mut users, *size).await?;
        ask(&app, &tenant, "/security", requests / 10).await?;
        let latencies = ask(&app, &tenant, "/security", requests).await?;
        let (p50, p99, slowest) =
            (latencies.quantile(0.5), latencies.quantile(0.99), latencies.quantile(1.0));
        grown.rows.push_str(&format!("| {kind:?} | {size} | {p50:.2} | {p99:.2} | {slowest:.2} |\n"));
        grown.p99.push(p99);
    }
    stage.open.store.close().await;
    Ok(grown)
}
