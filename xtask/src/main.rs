//! Checks and generators of the project, run as `cargo xtask`.
//!
//! A fresh Debian-like machine needs a Rust toolchain and a C compiler; `cargo xtask test` finds or installs the rest.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for developers: it prints, reads its environment, waits and measures how long a step took"
)]

mod bench;
mod command;
mod first_page;
mod interrupt;
mod machine;
mod performance;
mod postgres;
mod report;
mod schema;
mod steps;
mod stop;
mod structure;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::stop::Stop;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check and end with one line `N passed, N failed`
    Test(steps::TestArgs),
    /// Run only the browser tests, on a fresh build
    E2e(steps::E2eArgs),
    /// Measure speed and size, print the table and write docs/PERFORMANCE.md
    Bench(bench::BenchArgs),
    /// Run a PostgreSQL for tests in the foreground and print the variables to export
    Postgres(postgres::ServeArgs),
    /// Write the reviewed schemas anew from the migrations, or compare them
    Schema(schema::SchemaArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = interrupt::listen().and_then(|()| match cli.task {
        Task::Test(args) => steps::test(&args),
        Task::E2e(args) => steps::e2e(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Postgres(args) => postgres::serve(&args),
        Task::Schema(args) => schema::run(&args),
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Stop::Interrupted) => {
            eprintln!("interrupted");
            ExitCode::from(130)
        }
        Err(Stop::Failed(message)) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
