//! Recording into a log of a year, against recording into one of a tenth of its events.

use bailiwick_store::DatabaseKind;

use crate::{
    Result,
    compare::Comparison,
    events::Log,
    recording::{Answered, BATCH, CONNECTIONS, Recording},
    report::{Line, Met, Section},
    stage::{Stage, Tenant},
};

/// Programs that record at a time.
const CLIENTS: usize = 16;
/// How much slower the whole log may be.
const SLOWER: f64 = 1.15;

/// What recording into large logs came to.
pub(crate) struct Growth {
    events: u64,
    figures: Vec<(String, bool)>,
    body: String,
}

impl Growth {
    /// For logs of so many events.
    pub(crate) const fn new(events: u64) -> Self {
        Self { events, figures: Vec::new(), body: String::new() }
    }

    /// Records into this log, which has that many, and in turns into one of a tenth. Both end with it.
    pub(crate) async fn measure(&mut self, kind: DatabaseKind, stage: Stage, tenant: Tenant) -> Result<()> {
        let (passes, bodies) = if self.events < 100_000 { (2, 8) } else { (7, 80) };
        let tenth = self.events / 10;
        let mut whole = Recording::over(stage, tenant, kind, CLIENTS).await?;
        let beside = Stage::new(kind, CONNECTIONS).await?;
        let tenant = beside.open.tenant().await?;
        Log::of_a_year(beside.open.store.now(), tenth).grow(&beside.open, &tenant, tenth).await?;
        let mut small = Recording::over(beside, tenant, kind, CLIENTS).await?;
        let mut comparison = Comparison::new(&["into a log of a tenth of the events", "into the whole log"]);
        for pass in 0..=passes {
            for contestant in comparison.order(pass) {
                let log = if contestant == 0 { &mut small } else { &mut whole };
                let round = log.batches(bodies, Answered::Durable).await?;
                // The first pass warms up: connections, prepared statements, caches.
                if pass > 0 {
                    comparison.note(contestant, round);
                }
            }
        }
        let slower = comparison.ratio(1);
        self.figures.push((format!("{kind:?} {:+.0} %", (slower - 1.0) * 100.0), slower <= SLOWER));
        self.body.push_str(&format!(
            "{kind:?}, {} events and {tenth}; {passes} passes of {} events each, {CLIENTS} programs over HTTP, bodies of {BATCH}:\n\n{}\n",
            self.events,
            bodies * BATCH,
            comparison.table("events", "a tenth")
        ));
        small.stage.open.store.close().await;
        whole.stage.open.store.close().await;
        Ok(())
    }

    /// The bar and what was found.
    pub(crate) fn section(self) -> Section {
        Section {
            title: "Recording into a large log".into(),
            lines: vec![Line {
                what: format!(
                    "recording over HTTP into a log of {} events against one of a tenth of them",
                    self.events
                ),
                bar: "≤ 15 % slower".into(),
                figure: self.figures.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("; "),
                met: Met::of(self.figures.iter().all(|(_, met)| *met)),
                close: "keys and heads of things in the order in which they come, so that new rows lie together; a larger cache of pages",
            }],
            body: self.body,
        }
    }
}
