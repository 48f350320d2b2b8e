//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::{
    config::{Assignment, FileSource, Problem, Sources},
    exit::CODES,
};

/// The security back office of a multi-tenant service.
///
/// Decides who may do what, keeps their secrets, writes down everything they did, and proves it.
#[derive(Debug, Parser)]
#[command(name = "bailiwick", version, after_help = CODES, after_long_help = CODES, disable_help_subcommand = false)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at the product with made-up data, on a throw-away database
    Demo(Demo),
    /// Print the one-time code of this moment for an authenticator secret of the demonstration
    DemoCode {
        /// The secret, as `demo` prints it
        #[arg(value_name = "SECRET")]
        secret: String,
    },
    /// Serve pages and API until told to stop (SIGINT, SIGTERM)
    Serve(Serve),
    /// Begin an installation: configuration, root key, database, first owner
    Init(Init),
    /// Bring the database to the schema of this version
    Migrate(Configured),
    /// Try out configuration, keys, database, schema, regions and checkpoints; changes nothing
    Check(Check),
    /// The audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Documents
    #[command(subcommand)]
    Documents(Documents),
    /// Encryption keys, and the root key above them
    #[command(subcommand)]
    Keys(Keys),
    /// A witness, which cosigns the checkpoints of others' logs
    #[command(subcommand)]
    Witness(Witness),
    /// The configuration
    #[command(subcommand)]
    Config(Config),
    /// Print the description of the API (OpenAPI 3.1)
    Openapi,
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// Where the configuration comes from.
#[derive(Args, Debug, Default)]
pub(crate) struct Configured {
    /// The configuration file [default: $BAILIWICK_CONFIG, or ./bailiwick.toml if it exists]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    set: Set,
}

/// Settings given one by one.
#[derive(Args, Debug, Default)]
pub(crate) struct Set {
    /// A setting; goes before the environment and the file. Other users of the machine can see it: give passwords as
    /// environment variables
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    assignments: Vec<String>,
}

impl Set {
    /// The settings, in the order given.
    pub(crate) fn flags(&self) -> Result<Vec<Assignment>, Problem> {
        self.assignments.iter().map(|text| Assignment::parse(text)).collect()
    }
}

impl Configured {
    /// All sources, with further flags.
    pub(crate) fn sources(&self, further: Vec<Assignment>) -> Result<Sources, Problem> {
        let mut flags = self.set.flags()?;
        flags.extend(further);
        let file = self.config.clone().map_or_else(|| FileSource::In(PathBuf::new()), FileSource::Named);
        Ok(Sources::of_process(file, flags))
    }
}

/// `serve`
#[derive(Args, Debug)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The address to answer on (server.listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The address under which people reach the server (server.public_url)
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// The address that redirects plain HTTP (server.redirect_listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    redirect_listen: Option<String>,
    /// The address of the metrics (server.metrics_listen)
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics_listen: Option<String>,
    /// How log lines are written: text or json (log.format)
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// How much is logged: error, warn, info, debug or trace (log.level)
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Serve {
    /// What the flags with names of their own set.
    pub(crate) fn flags(&self) -> Vec<Assignment> {
        let named = [
            ("--listen", "server.listen", &self.listen),
            ("--public-url", "server.public_url", &self.public_url),
            ("--redirect-listen", "server.redirect_listen", &self.redirect_listen),
            ("--metrics-listen", "server.metrics_listen", &self.metrics_listen),
            ("--log-format", "log.format", &self.log_format),
            ("--log-level", "log.level", &self.log_level),
        ];
        named
            .into_iter()
            .filter_map(|(flag, key, value)| value.clone().map(|value| Assignment::new(flag, key, value)))
            .collect()
    }
}

/// `demo`
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// The address to answer on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Keep the data in this folder, and go on with what is there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) keep: Option<PathBuf>,
    /// Write address and sign-ins as JSON to this file once the demo serves
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ready_file: Option<PathBuf>,
    /// Let the made-up history lie so many days further back, to see what only time shows, such as unused permissions
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=365))]
    pub(crate) older: u16,
    /// Copy the log into an archive beside the data, too
    #[arg(long)]
    pub(crate) archive: bool,
    /// How much is logged: error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: String,
}

/// `init`
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The folder of the installation
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The sign-in address of the first platform owner [asked for on a terminal]
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::EmailAddress)]
    pub(crate) email: Option<String>,
    /// The name of the first platform owner [asked for on a terminal]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) set: Set,
}

/// `check`
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `audit`
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Check every event, chain, tree and signature, and the checkpoints outside the database; or, without any database, an
    /// evidence bundle, a receipt, the history of an entity or an archive
    Verify(Verify),
    /// Check a certificate of an erasure, or the statement of a document's storage, without a database: its signature, its proof and each of its words
    Certificate {
        /// The certificate
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The public key of the log, as the page "Verify the log" shows it
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Alter one thing in a copy of each log, and see whether verification names it
    Drill(Drill),
    /// Go on with a log whose signed events were lost for good: says so outside the database, and records it
    NewEpoch(NewEpoch),
}

/// `documents`
#[derive(Debug, Subcommand)]
pub(crate) enum Documents {
    /// Read every version of every document again, and name each that is not what was stored
    Verify(VerifyDocuments),
}

/// `documents verify`
#[derive(Args, Debug)]
pub(crate) struct VerifyDocuments {
    #[command(flatten)]
    pub(crate) configured: Configured,
}

/// `keys`
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make the root key that [keys_next] names, or take it up where it is held; nothing moves to it yet
    PrepareRoot(Configured),
    /// Begin to move every key from the root key of [keys] to that of [keys_next]; the running servers do it
    MoveRoot(MoveRoot),
    /// Say which root key wraps how many keys, and how far a move has come
    Status(Configured),
}

/// `keys move-root`
#[derive(Args, Debug)]
pub(crate) struct MoveRoot {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Why the root key is changed, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Move to a file even where the present root key is held by a key service or hardware module; stands in the record
    #[arg(long)]
    pub(crate) allow_weaker: bool,
}

/// `audit verify`
#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Hold what search goes along against the records, too; takes several times as long
    #[arg(long, conflicts_with_all = ["bundle", "receipt", "completeness", "archive"])]
    pub(crate) index: bool,
    /// An evidence bundle to check without a database
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::FilePath, requires = "key", conflicts_with_all = ["receipt", "completeness"])]
    pub(crate) bundle: Option<PathBuf>,
    /// A receipt (.tlog-proof) to check without a database
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "key", conflicts_with = "completeness")]
    pub(crate) receipt: Option<PathBuf>,
    /// The history of an entity to check without a database: the answers of /v1/audit/entities/…/completeness, in their order
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "key")]
    pub(crate) completeness: Vec<PathBuf>,
    /// An archive to check without a database: every segment in this folder, and how they follow each other
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "key", conflicts_with_all = ["config", "bundle", "receipt", "completeness"])]
    pub(crate) archive: Option<PathBuf>,
    /// A checkpoint that you kept of a log in the archive, which has to reach as far and have its root; may be given several times
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "archive")]
    pub(crate) checkpoint: Vec<PathBuf>,
    /// The verifier key of the log, as the page "Verify the log" shows it
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// The name of the log that it has to be of, as the page "Evidence bundle" shows it; a new epoch of it is the same log
    #[arg(long, value_name = "NAME", requires = "key")]
    pub(crate) log: Option<String>,
    /// The key of a witness whose cosignature counts
    #[arg(long, value_name = "KEY", requires = "key")]
    pub(crate) witness: Vec<String>,
    /// How many of these witnesses have to have cosigned [default: all]
    #[arg(long, value_name = "NUMBER", requires = "witness")]
    pub(crate) quorum: Option<usize>,
}

/// `audit drill`
#[derive(Args, Debug)]
pub(crate) struct Drill {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Repeat the choices of an earlier drill
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
}

/// `audit new-epoch`
#[derive(Args, Debug)]
pub(crate) struct NewEpoch {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The tenant's short name or id
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: String,
    /// Why the events are lost, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// `witness`
#[derive(Debug, Subcommand)]
pub(crate) enum Witness {
    /// Make a witness: its key, and the logs that it trusts
    Init(WitnessInit),
    /// Print the key of its cosignatures
    Key {
        /// The folder of the witness
        #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
    /// Answer logs until told to stop (SIGINT, SIGTERM); TLS is for a proxy in front
    Serve(WitnessServe),
}

/// `witness init`
#[derive(Args, Debug)]
pub(crate) struct WitnessInit {
    /// The folder of the witness
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Its name in cosignatures, such as witness.example.com
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// A log that it trusts: "ORIGIN VERIFIER-KEY". May be given more than once
    #[arg(long, value_name = "LOG")]
    pub(crate) log: Vec<String>,
}

/// `witness serve`
#[derive(Args, Debug)]
pub(crate) struct WitnessServe {
    /// The folder of the witness
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The address to answer on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
}

/// `config`
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the configuration in force, passwords masked, and where each value came from
    Show(Configured),
    /// Print the reference of all settings as Markdown
    #[command(hide = true)]
    Reference,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
