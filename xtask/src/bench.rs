//! The measurements of `docs/PERFORMANCE.md`.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::first_page;
use crate::machine::{self, Need};
use crate::performance;
use crate::postgres::{Cluster, Durability};
use crate::stop::{Context, Result, Stop};
use crate::workspace::Workspace;

/// Arguments of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Measure only this (may be repeated): postgres, sqlite, permission, verification, page, sign-in, crowd, users, search,
    /// ingest, as-of, keys, many-keys, revocation, authorize, sealing, upload, rewrapping, archive, binary, first-page
    #[arg(long, value_name = "MEASURE")]
    only: Vec<String>,
    /// Short rounds and small logs: for trying the measurements out, not for their figures
    #[arg(long)]
    quick: bool,
    /// Events in the log that is searched, recorded into and archived, such as 10000000
    #[arg(long, value_name = "NUMBER")]
    search_events: Option<u64>,
    /// Verify a log of so many events, too, such as 10000000
    #[arg(long, value_name = "NUMBER")]
    verify_events: Option<u64>,
    /// Gibibytes of the upload during which the server's memory is watched, in place of 10
    #[arg(long, value_name = "NUMBER")]
    upload_gib: Option<u64>,
}

/// Builds everything for release, starts a durable PostgreSQL, measures, and prints the table.
///
/// At full length it is written down, too: all of it, or with `--only` what was measured in place of what stands there of it.
/// A trial run leaves nothing.
pub(crate) fn run(args: &BenchArgs) -> Result<bool> {
    machine::ensure(&[Need::Postgres])?;
    let workspace = Workspace::find()?;
    for package in ["bailiwick-server", "bailiwick-bench"] {
        println!("build  {package}");
        workspace.cargo(["build", "--release", "--locked", "--package", package]).expect()?;
    }
    let cluster = Cluster::start(Durability::full())?;
    let release = workspace.target.join("release");
    let mut program = workspace.program(release.join("bailiwick-bench"));
    program = program.args(["--binary".as_ref(), release.join("bailiwick").as_os_str()]);
    for measure in &args.only {
        program = program.args(["--only", measure]);
    }
    if args.quick {
        program = program.args(["--quick"]);
    }
    for (option, number) in [
        ("--search-events", args.search_events),
        ("--verify-events", args.verify_events),
        ("--upload-gib", args.upload_gib),
    ] {
        if let Some(number) = number {
            program = program.args([option.to_owned(), number.to_string()]);
        }
    }
    // First, while nothing of this run is in any cache.
    if args.only.iter().any(|measure| measure == "first-page") || args.only.is_empty() && !args.quick {
        println!("build  a clean clone, and wait for its page");
        let seconds = first_page::seconds(&workspace)?;
        program = program.args(["--first-page-seconds".to_owned(), seconds.to_string()]);
    }
    let report = workspace.root.join("docs").join("PERFORMANCE.md");
    let folder = tempfile::tempdir().context(|| "cannot make a folder".to_owned())?;
    let measured = folder.path().join("measured.md");
    program = program.args(["--report".as_ref(), measured.as_os_str()]);
    for (key, value) in cluster.variables() {
        program = program.env(key, value);
    }
    let finished = program.run()?;
    println!("{}", finished.output.trim_end());
    if !finished.success {
        return Err(Stop::failed("the measurements ended early"));
    }
    if !args.quick {
        write(&report, &measured, args.only.is_empty())?;
        println!("written to {}", report.display());
    }
    Ok(true)
}

/// Puts what was measured into the page, or in its place.
fn write(page: &Path, measured: &Path, whole: bool) -> Result<()> {
    let read = |path: &Path| fs::read_to_string(path).context(|| format!("cannot read {}", path.display()));
    let measured = read(measured)?;
    let text = if whole {
        measured
    } else {
        let before = read(page)?;
        performance::renewed(&before, &measured)
            .map_err(|why| Stop::failed(format!("{}: {why}; measure everything once", page.display())))?
    };
    fs::write(page, text).context(|| format!("cannot write {}", page.display()))
}
