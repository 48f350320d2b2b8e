//! The measurements of `docs/PERFORMANCE.md`.

use clap::Args;

use crate::first_page;
use crate::machine::{self, Need};
use crate::postgres::{Cluster, Durability};
use crate::stop::{Result, Stop};
use crate::workspace::Workspace;

/// Arguments of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Measure only this (may be repeated): postgres, sqlite, permission, verification, page, binary, first-page
    #[arg(long, value_name = "MEASURE")]
    only: Vec<String>,
    /// Short rounds and small logs: for trying the measurements out, not for their figures
    #[arg(long)]
    quick: bool,
}

/// Builds everything for release, starts a durable PostgreSQL, measures, and prints the table.
///
/// The report is written only when everything was measured and at full length: a partial one would pass for the whole.
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
    // First, while nothing of this run is in any cache.
    if args.only.iter().any(|measure| measure == "first-page") || args.only.is_empty() && !args.quick {
        println!("build  a clean clone, and wait for its page");
        let seconds = first_page::seconds(&workspace)?;
        program = program.args(["--first-page-seconds".to_owned(), seconds.to_string()]);
    }
    let whole = args.only.is_empty() && !args.quick;
    let report = workspace.root.join("docs").join("PERFORMANCE.md");
    if whole {
        program = program.args(["--report".as_ref(), report.as_os_str()]);
    }
    for (key, value) in cluster.variables() {
        program = program.env(key, value);
    }
    let finished = program.run()?;
    println!("{}", finished.output.trim_end());
    if !finished.success {
        return Err(Stop::failed("the measurements ended early"));
    }
    if whole {
        println!("written to {}", report.display());
    }
    Ok(true)
}
