//! A large upload, and what the memory of the server notices of it.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    num::NonZeroUsize,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use bailiwick_ops::documents::{Cabinet, MOST_PART};
use bailiwick_store::DatabaseKind;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::{
    Result, fill,
    latency::Latencies,
    machine,
    report::{Line, Met, Section},
    service::with_documents,
    stage::Stage,
    wire::{Program, Served},
};

/// Mebibytes that the server may grow by.
const BAR: f64 = 32.0;
const MIB: u64 = 1 << 20;
/// Octets of the upload that comes before, with which the server has loaded whatever it needs.
const FIRST: u64 = 8 * MIB;

/// Uploads so many octets to a server in a process of its own, which keeps them in a folder that goes afterwards.
pub(crate) async fn measure(octets: u64) -> Result<Section> {
    let folder = tempfile::Builder::new().prefix("bailiwick-bench-").tempdir()?;
    let server = Server::start(folder.path()).await?;
    let mut program = Program::connect_to(server.address, &server.key).await?;
    upload(&mut program, "before", FIRST).await?;
    let process = server.child.id().to_string();
    // Where the system does not do so, the peak is that since its start, and never too small.
    let _ = machine::forget_peak(&process);
    let rest = machine::memory("VmRSS", &process)? / MEBI;
    let began = Instant::now();
    let parts = upload(&mut program, "large", octets).await?;
    let took = began.elapsed().as_secs_f64();
    let peak = machine::memory("VmHWM", &process)? / MEBI;
    drop((program, server));
    let (grown, mib) = (peak - rest, octets / MIB);
    Ok(Section {
        title: "A large upload".into(),
        lines: vec![Line {
            what: format!("growth of resident memory in an upload of {mib} MiB"),
            bar: "≤ 32 MiB".into(),
            figure: format!("{grown:.1} MiB (from {rest:.1} to {peak:.1})"),
            met: Met::of(grown <= BAR),
            close: "smaller parts, or parts that are sealed while they arrive",
        }],
        body: format!(
            "{mib} MiB over loopback in parts of {} MiB, one after the other, each sealed, on disk and noted before it is answered, with the digest of all; {:.0} MiB/s, a part p50 {:.1} ms, \
             p99 {:.1} ms. Memory is that of the server's process: at rest after an upload of {} MiB, and at its peak in this one.\n",
            MOST_PART as u64 / MIB,
            mib as f64 / took,
            parts.quantile(0.5),
            parts.quantile(0.99),
            FIRST / MIB
        ),
    })
}

/// Megabytes of 10^6 in a mebibyte.
const MEBI: f64 = 1.048_576;

/// Begins, sends part after part, finishes, and says how long the parts took.
async fn upload(program: &mut Program, name: &str, octets: u64) -> Result<Latencies> {
    let new = json!({"name": name, "octets": octets}).to_string();
    let (_, begun) = program.send("/v1/documents/uploads", new.into()).await?;
    let begun: Value = serde_json::from_slice(&begun)?;
    let id = begun.get("id").and_then(Value::as_str).ok_or("an upload without an id")?;
    let path = format!("/v1/documents/uploads/{id}");
    // No two parts are alike, though the same memory holds them all but for its beginning.
    let mut part: Vec<u8> = (0_u8..=255).cycle().take(MOST_PART).collect();
    let (mut at, mut latencies) = (0, Latencies::default());
    while at < octets {
        let length = (octets - at).min(MOST_PART as u64);
        part.iter_mut().zip(at.to_be_bytes()).for_each(|(to, from)| *to = from);
        let body = Bytes::copy_from_slice(part.get(..usize::try_from(length)?).unwrap_or(&part));
        let began = Instant::now();
        program.put(&path, &format!("bytes {at}-{}/{octets}", at + length - 1), body).await?;
        latencies.add(began.elapsed());
        at += length;
        if at.is_multiple_of(1024 * MIB) {
            println!("        {} MiB", at / MIB);
        }
    }
    program.send(&format!("{path}/finish"), Bytes::new()).await?;
    Ok(latencies)
}

/// The server, gone when dropped.
struct Server {
    child: std::process::Child,
    address: SocketAddr,
    key: String,
}

impl Server {
    async fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("upload").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("the server says nothing")?;
        let said = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let said: Value = serde_json::from_str(&said.await??)?;
        let text = |name: &str| said.get(name).and_then(Value::as_str).ok_or("the server did not begin");
        Ok(Self { address: text("address")?.parse()?, key: text("key")?.to_owned(), child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The process of [`measure`]: says where it listens and with which key, and serves until its input ends.
pub(crate) async fn child(folder: &Path) -> Result<()> {
    let stage = Stage::new(DatabaseKind::Sqlite, 8).await?;
    let tenant = stage.open.tenant().await?;
    let (_, key) = fill::key_of(&stage.open, &tenant, Some(tenant.owner), "document:write").await?;
    let cabinet = Cabinet::new(folder.join("documents"), u64::MAX, None);
    let app = with_documents(&stage.open, DatabaseKind::Sqlite, NonZeroUsize::MIN, cabinet).await?;
    let served = Served::app(app).await?;
    println!("{}", json!({"address": served.address().to_string(), "key": key}));
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    drop(served);
    stage.open.store.close().await;
    Ok(())
}
