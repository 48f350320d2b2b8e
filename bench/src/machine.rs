//! The machine that was measured on.

use std::{fs, path::Path};

use bailiwick_domain::clock::Clock;
use bailiwick_store::{DatabaseKind, bench};

use crate::{Result, clock::SystemClock, stage::Stage};

/// Rows of the table that heads the report.
pub(crate) async fn describe(binary: Option<&Path>) -> Result<Vec<(&'static str, String)>> {
    let mut rows = vec![
        ("date", SystemClock.now().to_string().chars().take(10).collect()),
        (
            "processor",
            field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        ),
        ("cores", std::thread::available_parallelism()?.to_string()),
        ("memory", field("/proc/meminfo", "MemTotal").map_or_else(String::new, |kb| gigabytes(&kb))),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()),
        ("file system of the databases", filesystem(&std::env::temp_dir())),
        ("load of the machine before and after", load()),
        ("compiler", command("rustc", &["--version"])),
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let sqlite = Stage::new(DatabaseKind::Sqlite, 1).await?;
    rows.push(("SQLite", bench::version(&sqlite.open.store).await?));
    sqlite.open.store.close().await;
    if std::env::var_os("BAILIWICK_TEST_POSTGRES").is_some() {
        let postgres = Stage::new(DatabaseKind::Postgres, 2).await?;
        rows.push(("PostgreSQL", bench::version(&postgres.open.store).await?));
        postgres.open.store.close().await;
    }
    if let Some(size) = binary.and_then(|path| path.metadata().ok()).map(|metadata| metadata.len()) {
        rows.push(("size of the release binary", format!("{:.1} MB", size as f64 / 1e6)));
    }
    Ok(rows)
}

/// A figure of `/proc/<process>/status`, in megabytes of 10^6.
pub(crate) fn memory(name: &str, process: &str) -> Result<f64> {
    let text = field(&format!("/proc/{process}/status"), name)
        .ok_or("the system does not tell the memory of a process")?;
    let kilobytes: f64 = text.trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024.0 / 1e6)
}

/// Has the system begin anew with the peak of a process's memory.
#[cfg(feature = "page")]
pub(crate) fn forget_peak(process: &str) -> Result<()> {
    Ok(fs::write(format!("/proc/{process}/clear_refs"), "5")?)
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn gigabytes(text: &str) -> String {
    let kilobytes: f64 = text.trim_end_matches("kB").trim().parse().unwrap_or(0.0);
    format!("{:.0} GB", kilobytes * 1024.0 / 1e9)
}

/// The type of the file system that holds `folder`: the mount with the longest path above it.
fn filesystem(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let found = mounts.lines().filter_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let path = mount.split(' ').nth(4)?;
        folder.starts_with(path).then(|| (path.len(), kind.split(' ').next().unwrap_or_default().to_owned()))
    });
    found.max_by_key(|(length, _)| *length).map_or_else(|| "unknown".to_owned(), |(_, kind)| kind)
}

fn load() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn command(program: &str, args: &[&str]) -> String {
    std::process::Command::new(program)
        .args(args)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
