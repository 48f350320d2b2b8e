//! `cargo xtask schema`: the reviewed schemas against freshly migrated databases.
//!
//! The databases are made and described by the store's own test, which knows how; here it is given a PostgreSQL and told
//! whether to compare or to write.

use std::path::PathBuf;

use clap::Args;

use crate::machine::{self, Need};
use crate::postgres::{Cluster, Durability};
use crate::stop::{Context, Result, Stop};
use crate::tools::{self, NEXTEST};
use crate::workspace::Workspace;

/// The files, one for each database.
const FILES: [&str; 2] = ["sqlite.txt", "postgres.txt"];

/// Arguments of `cargo xtask schema`.
#[derive(Args)]
pub(crate) struct SchemaArgs {
    /// Compare only; write nothing
    #[arg(long)]
    check: bool,
}

/// Writes or compares `crates/store/schema/`; true when the files are those of the migrations.
pub(crate) fn run(args: &SchemaArgs) -> Result<bool> {
    machine::ensure(&[Need::Postgres])?;
    let workspace = Workspace::find()?;
    tools::ensure(&workspace, &NEXTEST)?;
    let before = read(&workspace)?;
    let cluster = Cluster::start(Durability::CARELESS)?;
    let mut program = workspace
        .cargo([
            "nextest",
            "run",
            "--package",
            "bailiwick-store",
            "--locked",
            "--no-fail-fast",
            "--color=never",
        ])
        .args(["-E", "test(fresh_database_has_the_reviewed_schema)"]);
    for (key, value) in cluster.variables() {
        program = program.env(key, value);
    }
    if !args.check {
        program = program.env("BAILIWICK_WRITE_SCHEMA", "1");
    }
    let finished = program.run()?;
    if args.check {
        println!(
            "{}",
            if finished.success {
                "the schemas are those of the migrations"
            } else {
                finished.output.trim_end()
            }
        );
        return Ok(finished.success);
    }
    if !finished.success {
        return Err(Stop::failed(finished.output));
    }
    for (file, (old, new)) in FILES.iter().zip(before.iter().zip(read(&workspace)?)) {
        println!("{file}: {}", difference(old, &new));
    }
    Ok(true)
}

fn read(workspace: &Workspace) -> Result<Vec<String>> {
    let folder: PathBuf = workspace.root.join("crates").join("store").join("schema");
    let read = |file: &&str| {
        let path = folder.join(file);
        std::fs::read_to_string(&path).context(|| format!("cannot read {}", path.display()))
    };
    FILES.iter().map(read).collect()
}

/// How many lines came and went; which ones is for the review of the change.
fn difference(old: &str, new: &str) -> String {
    let missing =
        |from: &str, of: &str| of.lines().filter(|line| !from.lines().any(|other| other == *line)).count();
    match (missing(old, new), missing(new, old)) {
        (0, 0) => "unchanged".to_owned(),
        (came, went) => format!("{came} lines came, {went} went"),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn developer_is_told_how_much_changed() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), "unchanged");
        assert_eq!(difference("a\nb\n", "a\nc\nd\n"), "2 lines came, 1 went");
    }
}
