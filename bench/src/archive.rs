//! What an event takes in the archive: a log of a year, archived into a folder by the release binary as it is shipped.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bailiwick_domain::{
    clock::Clock,
    time::{Span, Timestamp},
};
use bailiwick_store::audit::archive::{Segment, segments};

use crate::{
    Result,
    binary::{Server, install},
    clock::SystemClock,
    events::Log,
    report::{Line, Met, Section},
    stage::{Open, Tenant},
};

/// Octets of an event.
const BAR: f64 = 130.0;
/// Segments that are looked at.
const SEGMENTS: i64 = 10_000;
/// How long the archive may take: so long, and for each event so much more.
const PATIENCE: Duration = Duration::from_secs(120);
const AN_EVENT: Duration = Duration::from_micros(500);
const LOOK: Duration = Duration::from_millis(500);

/// A clock that is a year behind: what is an hour old is archived, and a log of a year begins with its tenant.
struct LastYear;

impl Clock for LastYear {
    fn now(&self) -> Timestamp {
        SystemClock.now() - Span::days(366)
    }
}

/// An installation over SQLite; the archive of another database has the same octets in it.
pub(crate) async fn measure(binary: Option<&Path>, events: u64) -> Result<Section> {
    let Some(binary) = binary else { return Ok(missing("no binary was named: `--binary FILE`")) };
    let folder = tempfile::Builder::new().prefix("bailiwick-bench-").tempdir()?;
    if let Err(why) = install(binary, folder.path())? {
        return Ok(missing(&why));
    }
    let url = format!("sqlite:{}", folder.path().join("data").join("bailiwick.db").display());
    let open = Open::at(&url, folder.path(), 2, Arc::new(LastYear)).await?;
    let (id, owner) = open.found().await?;
    let tenant = Tenant { id, owner, token: String::new() };
    Log::of_a_year(SystemClock.now(), events).grow(&open, &tenant, events).await?;
    // A first run signs the log; the second finds something to archive from its first moment on.
    stop(start(binary, folder.path(), Vec::new()).await?).await?;
    let archive = format!("audit.archive={}", folder.path().join("archive").display());
    let began = Instant::now();
    let server = match start(binary, folder.path(), vec![archive]).await {
        Ok(server) => server,
        Err(why) => {
            open.store.close().await;
            return Ok(missing(&format!(
                "the binary archives nothing, as one that was built without the feature `columnar` ({why})"
            )));
        }
    };
    let archived = archived(&open, &tenant, events).await;
    let took = began.elapsed();
    stop(server).await?;
    open.store.close().await;
    let archived = archived?;
    let octets: i64 = archived.iter().map(|segment| segment.octets).sum();
    let inside: i64 = archived.iter().map(|segment| segment.size - segment.first).sum();
    let each = octets as f64 / inside.max(1) as f64;
    Ok(Section {
        title: "The archive".into(),
        lines: vec![line(format!("{each:.0}"), Met::of(each <= BAR))],
        body: format!(
            "{inside} events; segments: {}, {:.1} MB together with manifests and tiles; {:.0} s from the start of the process until all of it was read back, \
             checked and noted.\n",
            archived.len(),
            octets as f64 / 1e6,
            took.as_secs_f64()
        ),
    })
}

/// Starts the binary over the installation and waits until it serves.
async fn start(binary: &Path, folder: &Path, settings: Vec<String>) -> Result<Server> {
    let (binary, folder) = (binary.to_owned(), folder.to_owned());
    tokio::task::spawn_blocking(move || {
        let settings: Vec<_> = settings.iter().map(String::as_str).collect();
        let mut server = Server::start(&binary, &folder, &settings)?;
        server.ready()?;
        Ok(server)
    })
    .await?
}

/// Tells it to stop and waits for its end.
async fn stop(server: Server) -> Result<()> {
    Ok(tokio::task::spawn_blocking(move || drop(server)).await?)
}

/// Waits until the whole log is archived: noted, and so read back and checked.
async fn archived(open: &Open, tenant: &Tenant, events: u64) -> Result<Vec<Segment>> {
    let job = open.job(tenant);
    let patience = PATIENCE + AN_EVENT * u32::try_from(events)?;
    let began = Instant::now();
    loop {
        let (found, _) = segments(&mut open.store.read(&job).await?, SEGMENTS).await?;
        let size = found.iter().map(|segment| segment.size).max().unwrap_or(0);
        if size.unsigned_abs() >= events {
            return Ok(found);
        }
        if began.elapsed() > patience {
            return Err(format!("after {} s the archive has {size} events", patience.as_secs()).into());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn line(figure: String, met: Met) -> Line {
    Line {
        what: "octets of an event in the archive".into(),
        bar: "≤ 130".into(),
        figure,
        met,
        close: "what is left are the octets themselves, of which two hashes and an id of each event cannot be packed at all, and the columns that repeat ids of people and things",
    }
}

fn missing(why: &str) -> Section {
    Section {
        title: "The archive".into(),
        lines: vec![line("not measured".into(), Met::Unknown)],
        body: format!("Not measured: {why}\n"),
    }
}
