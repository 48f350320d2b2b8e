//! What the program can do, one command a file.

mod certificate;
mod check;
mod completions;
mod config;
mod demo;
mod demo_code;
mod documents;
mod drill;
mod init;
mod keys;
mod man;
pub(crate) mod migrate;
mod new_epoch;
mod offline;
mod openapi;
mod serve;
mod verify;
mod witness;

use tokio::runtime::{Builder, Runtime};

use crate::{
    cli::{Audit, Cli, Command, Documents, Keys},
    exit::Failure,
};

/// Does what the command line says.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::DemoCode { secret } => demo_code::run(&secret),
        Command::Serve(args) => serve::run(&args),
        Command::Init(args) => init::run(args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Audit(Audit::Verify(args)) => verify::run(&args),
        Command::Audit(Audit::NewEpoch(args)) => new_epoch::run(&args),
        Command::Witness(which) => witness::run(which),
        Command::Audit(Audit::Certificate { file, key }) => certificate::run(&file, &key),
        Command::Audit(Audit::Drill(args)) => drill::run(&args),
        Command::Documents(Documents::Verify(args)) => documents::verify(&args),
        Command::Keys(Keys::PrepareRoot(args)) => keys::prepare(&args),
        Command::Keys(Keys::MoveRoot(args)) => keys::move_root(&args),
        Command::Keys(Keys::Status(args)) => keys::status(&args),
        Command::Config(which) => config::run(&which),
        Command::Openapi => {
            openapi::run();
            Ok(())
        }
        Command::Completions { shell } => {
            completions::run(shell);
            Ok(())
        }
        Command::Man { dir } => man::run(dir.as_deref()),
    }
}

/// What the commands run on that talk to anything.
fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(Failure::failed)
}
