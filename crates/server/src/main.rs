//! The binary `bailiwick`: configuration, commands, listeners and jobs. What the product does is in the crates below.

mod archive;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
#[cfg(feature = "objects")]
mod documents;
mod exit;
mod http;
mod installation;
mod jobs;
mod logging;
mod metrics;
mod read;
mod server;
mod stop;
mod ui;
mod witness;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // First of all: whatever speaks TLS later uses the one cryptographic library. Fails only if it is installed already.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    logging::tame_panics();
    // Whatever this process makes, database and checkpoints too, is for its own account only.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody to tell if the stream is closed.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui::complain(&failure);
            failure.code()
        }
    }
}
