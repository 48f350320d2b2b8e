//! Measures what `docs/PERFORMANCE.md` promises. `cargo xtask bench` builds it, starts a database server and runs it.
//!
//! Every measure compares things within one run, alternating between them, because a machine is never twice the same.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement prints, looks at the clock and reads its environment"
)]

mod archive;
#[cfg(feature = "page")]
mod as_of;
mod binary;
mod changes;
mod clock;
mod compare;
#[cfg(feature = "page")]
mod crowd;
#[cfg(feature = "page")]
mod decisions;
mod events;
mod fill;
#[cfg(feature = "page")]
mod growth;
#[cfg(feature = "page")]
mod ingest;
#[cfg(feature = "page")]
mod key_checks;
mod latency;
#[cfg(feature = "page")]
mod listening;
mod load;
mod machine;
#[cfg(feature = "page")]
mod many_keys;
#[cfg(feature = "page")]
mod page;
#[cfg(feature = "page")]
mod people;
mod permission;
#[cfg(feature = "page")]
mod product;
#[cfg(feature = "page")]
mod recording;
mod report;
#[cfg(feature = "page")]
mod revocation;
mod rewrapping;
mod sealing;
#[cfg(feature = "page")]
mod search;
mod sequencing;
#[cfg(feature = "page")]
mod service;
#[cfg(feature = "page")]
mod sign_in;
mod stage;
#[cfg(feature = "page")]
mod upload;
mod verification;
#[cfg(feature = "page")]
mod wire;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};

use crate::report::{Report, Section};

/// Whatever can go wrong; a measurement that cannot be made ends the run.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Events in what is otherwise a large log, where the measurements are only tried out.
const SMALL: u64 = 20_000;

#[derive(Parser)]
#[command(name = "bailiwick-bench", about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    child: Option<Child>,
}

/// What is measured and where the result goes.
#[derive(clap::Args)]
struct Run {
    /// Measure only this (may be repeated)
    #[arg(long, value_name = "MEASURE")]
    only: Vec<Measure>,
    /// Short rounds and small logs: for trying the measurements out, not for their figures
    #[arg(long)]
    quick: bool,
    /// The release binary whose start and memory are measured
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Seconds from a clean clone to the page, which `cargo xtask bench` measures before it starts this program
    #[arg(long, value_name = "SECONDS", hide = true)]
    first_page_seconds: Option<f64>,
    /// Events in the log that is searched, recorded into and archived; searching and recording are compared with a log of a tenth
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    search_events: u64,
    /// Gibibytes of the upload during which the server's memory is watched; the disk has to hold them
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    upload_gib: u64,
    /// Verify a log of so many events, too
    #[arg(long, value_name = "NUMBER")]
    verify_events: Option<u64>,
    /// Write the report to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// One of the measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Measure {
    /// An audited change against bare SQL, on PostgreSQL
    Postgres,
    /// An audited change against bare SQL, on SQLite
    Sqlite,
    /// The permission check
    Permission,
    /// Verification
    Verification,
    /// The security page
    Page,
    /// A whole sign-in against the hash alone
    SignIn,
    /// Another request while 200 people sign in
    Crowd,
    /// The list of users of a large tenant
    Users,
    /// Searching a large audit log, and recording into it
    Search,
    /// Events of the product over HTTP
    Ingest,
    /// What a thing with many revisions was
    AsOf,
    /// Checking a key from memory, over HTTP and within the process
    Keys,
    /// Checking one of a million keys for the first time
    ManyKeys,
    /// Revoking a key on one server while another one is asked
    Revocation,
    /// A hundred permissions in one question
    Authorize,
    /// Sealing and opening against the bare cipher
    Sealing,
    /// The memory of the server during a large upload
    Upload,
    /// Wrapping tenant keys anew by another root key
    Rewrapping,
    /// What an event takes in the archive
    Archive,
    /// Start and memory of the release binary
    Binary,
    /// From a clean clone to the page
    FirstPage,
}

/// What a measurement runs in a process of its own.
#[derive(Subcommand)]
enum Child {
    /// Make audited changes and nothing else, for a profiler
    #[command(hide = true)]
    Load {
        /// The database
        database: Measure,
        /// How many changes
        #[arg(default_value_t = 100_000)]
        changes: usize,
    },
    /// Let 200 people sign in at once and print what another request waits, and the memory, as JSON
    #[cfg(feature = "page")]
    #[command(hide = true)]
    Crowd {
        /// Short rounds
        #[arg(long)]
        short: bool,
    },
    /// Serve what takes a large upload until the input ends
    #[cfg(feature = "page")]
    #[command(hide = true)]
    Upload {
        /// The folder of its documents
        folder: PathBuf,
    },
    /// Verify every log of a database and print time and memory as JSON
    #[command(hide = true)]
    Verify {
        /// The database
        url: String,
        /// The folder of its keys and checkpoints
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Nothing should be said here; what is, tells why the measurements end early.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    let outcome =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Into::into).and_then(
            |runtime| match cli.child {
                Some(Child::Load { database, changes }) => runtime.block_on(changes::load(database, changes)),
                #[cfg(feature = "page")]
                Some(Child::Crowd { short }) => runtime.block_on(crowd::child(short)),
                #[cfg(feature = "page")]
                Some(Child::Upload { folder }) => runtime.block_on(upload::child(&folder)),
                Some(Child::Verify { url, folder }) => runtime.block_on(verification::child(&url, &folder)),
                None => runtime.block_on(measure(&cli.run)),
            },
        );
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(run: &Run) -> Result<()> {
    let wanted = |measure| run.only.is_empty() || run.only.contains(&measure);
    let mut sections = Vec::new();
    for measure in Measure::value_variants() {
        if wanted(*measure) {
            println!("measure {measure:?}");
            let measured = one(*measure, run).await?;
            measured.iter().for_each(|section| println!("{}", section.body));
            sections.extend(measured);
        }
    }
    let report =
        Report { machine: machine::describe(run.binary.as_deref()).await?, quick: run.quick, sections };
    print!("{}", report.table());
    if let Some(path) = &run.report {
        std::fs::write(path, report.document())?;
    }
    Ok(())
}

async fn one(measure: Measure, run: &Run) -> Result<Vec<Section>> {
    let large = if run.quick { SMALL } else { run.search_events };
    Ok(match measure {
        Measure::Postgres => vec![changes::postgres(run.quick).await?],
        Measure::Sqlite => vec![changes::sqlite(run.quick).await?],
        Measure::Permission => vec![permission::measure().await?],
        Measure::Verification => {
            let events = if run.quick { run.verify_events.map(|_| SMALL) } else { run.verify_events };
            vec![verification::measure(run.quick, events).await?]
        }
        #[cfg(feature = "page")]
        Measure::Page => vec![page::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::SignIn => vec![sign_in::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Crowd => vec![crowd::measure(run.quick).await?],
        #[cfg(not(feature = "page"))]
        Measure::Page
        | Measure::SignIn
        | Measure::Crowd
        | Measure::Users
        | Measure::Search
        | Measure::Ingest
        | Measure::AsOf
        | Measure::Keys
        | Measure::ManyKeys
        | Measure::Revocation
        | Measure::Authorize
        | Measure::Upload => vec![],
        #[cfg(feature = "page")]
        Measure::Users => vec![people::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Search => search::measure(large).await?,
        #[cfg(feature = "page")]
        Measure::Ingest => vec![ingest::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::AsOf => vec![as_of::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Keys => vec![key_checks::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::ManyKeys => vec![many_keys::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Revocation => vec![revocation::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Authorize => vec![decisions::measure(run.quick).await?],
        #[cfg(feature = "page")]
        Measure::Upload => {
            vec![upload::measure(if run.quick { 256 << 20 } else { run.upload_gib << 30 }).await?]
        }
        Measure::Sealing => vec![sealing::measure(run.quick).await?],
        Measure::Rewrapping => vec![rewrapping::measure(run.quick).await?],
        Measure::Archive => vec![archive::measure(run.binary.as_deref(), large).await?],
        Measure::Binary => vec![binary::measure(run.binary.as_deref()).await?],
        Measure::FirstPage => vec![report::first_page(run.first_page_seconds)],
    })
}
