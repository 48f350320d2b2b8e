//! `bailiwick demo`

use std::{
    fs::{self, File},
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::{clock::Clock, entity::MailChannel};
use bailiwick_store::{Outbox, audit::Sequencer};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::serve::{Openings, up};
use crate::{
    cli,
    clock::SystemClock,
    config::{Assignment, Config, FILE_NAME, Settings, Sources},
    demo::{DemoClock, DemoSignIn, Seed},
    exit::Failure,
    http::listen::listen,
    installation::{self, Installation, Undo, mail::Mail, passwords},
    jobs::supervise::describe,
    logging, ui,
};

/// What whoever started the demonstration needs to know; also the form of the ready file.
#[derive(Serialize)]
struct Ready {
    url: String,
    sign_ins: Vec<SignIn>,
}

/// One of the demonstration's people, as kept in a file.
#[derive(Serialize, Deserialize)]
struct SignIn {
    who: String,
    address: String,
    password: String,
    totp_secret: Option<String>,
}

impl From<DemoSignIn> for SignIn {
    fn from(of: DemoSignIn) -> Self {
        Self {
            who: of.who.into(),
            address: of.address.into(),
            password: of.password,
            totp_secret: of.totp_secret,
        }
    }
}

/// Shows the product with made-up data until told to stop.
pub(crate) fn run(args: cli::Demo) -> Result<(), Failure> {
    let public = listen(args.listen, "--listen")?;
    let address = public.local_addr().map_err(Failure::failed)?;
    // Taken away with everything in it when the demonstration ends.
    let throw_away = if args.keep.is_none() { Some(tempdir()?) } else { None };
    let folder = args
        .keep
        .clone()
        .or_else(|| throw_away.as_ref().map(|folder| folder.path().to_owned()))
        .unwrap_or_default();
    let settings = settings(&args, address, &folder)?;
    if !address.ip().to_canonical().is_loopback() {
        beyond_this_machine(address);
    }
    let _lines = logging::begin(settings.log.format, settings.log.level);
    super::runtime()?.block_on(async {
        let clock = Arc::new(DemoClock::new(SystemClock));
        let mail = Mail::kept(&settings)?;
        let (installation, sign_ins) = open(&settings, &folder, &mail, clock, args.older).await?;
        let ready = Ready { url: settings.server.public_url.as_origin().to_owned(), sign_ins };
        let config = for_other_commands(&args, address, &folder)?;
        let announce = || announce(&ready, &args, &folder, &config);
        let outcome = up(&settings, Openings::plain(public), &installation, &mail, announce).await;
        installation.store.close().await;
        outcome
    })
}

/// Says what a demonstration shows to whoever else reaches it. It goes to standard error, and before everything else.
fn beyond_this_machine(address: SocketAddr) {
    ui::complain(format_args!(
        "WARNING: the demonstration listens on {address}, beyond this machine.\n\n  \
         Whoever reaches that address can read its mailbox without signing in, and join the organisation by the links in it.\n  \
         It answers to browsers under the name localhost only, but a program can claim any name.\n\n\
         Without --listen it stays on this machine.\n"
    ));
}

fn tempdir() -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("bailiwick-demo-").tempdir().map_err(Failure::failed)
}

/// The configuration of a demonstration: neither file nor environment has a part in it.
fn settings(args: &cli::Demo, address: SocketAddr, folder: &Path) -> Result<Settings, Failure> {
    let mut flags: Vec<_> = values(args, address, folder)
        .into_iter()
        .map(|(key, value)| Assignment::new("demo", key, value))
        .collect();
    flags.push(Assignment::new("--log-level", "log.level", args.log_level.clone()));
    let settings = Config::load(&Sources::of_flags(flags))?.settings()?;
    // No gateway is needed for it: messages to phones arrive in the mailbox, too.
    let outbox = Outbox { codes: MailChannel::Webhook, ..settings.outbox };
    Ok(Settings { outbox, ..settings })
}

/// Where streams lead in a demonstration besides public addresses: to this machine, so that they can be tried there.
const OWN_MACHINE: (&str, &str) = ("stream.allowed_networks", "127.0.0.0/8,::1");

fn values(args: &cli::Demo, address: SocketAddr, folder: &Path) -> Vec<(&'static str, String)> {
    let within = |name: &str| folder.join(name).display().to_string();
    let mut values = vec![
        ("server.listen", address.to_string()),
        ("server.public_url", format!("http://localhost:{}", address.port())),
        ("server.https", "off".into()),
        ("server.shutdown_seconds", "2".into()),
        // As a PostgreSQL of one's own machine would be reached; the security page shows it as a gap.
        ("database.tls_mode", "prefer".into()),
        ("database.url", format!("sqlite:{}", within("data/bailiwick.db"))),
        ("keys.root_key", within("root.key")),
        // The security page shows it as a gap; keys can be rotated by hand.
        ("keys.rotation", "hand".into()),
        ("audit.checkpoints", within("checkpoints")),
        ("audit.origin", "demo.invalid".into()),
    ];
    // Not where others can sign in: they would reach whatever else listens here.
    if address.ip().to_canonical().is_loopback() {
        values.push((OWN_MACHINE.0, OWN_MACHINE.1.into()));
    }
    if args.archive {
        values.push(("audit.archive", within("archive")));
    }
    values
}

/// Writes the configuration down beside the data, so that the other commands can be tried on a demonstration: above all
/// `audit verify`. The demonstration itself never reads it.
fn for_other_commands(args: &cli::Demo, address: SocketAddr, folder: &Path) -> Result<PathBuf, Failure> {
    let file = folder.join(FILE_NAME);
    let whole = fs::canonicalize(folder).map_err(|error| unreadable(folder, &error))?;
    let mut sections = toml::Table::new();
    for (key, value) in values(args, address, &whole) {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let section = sections.entry(section).or_insert_with(|| toml::Table::new().into());
        if let Some(section) = section.as_table_mut() {
            section.insert(name.into(), in_file(key, value));
        }
    }
    write(&file, format!("{HEAD}{sections}").as_bytes()).map_err(|error| unreadable(&file, &error))?;
    Ok(whole.join(FILE_NAME))
}

/// What the file begins with, so that nobody changes it in vain.
const HEAD: &str = "# Written anew at each start of the demonstration, for the other commands.\n\
                    # The demonstration itself never reads it.\n\n";

/// A value as a file has it, where numbers and lists are no text.
fn in_file(key: &str, value: String) -> toml::Value {
    if key == OWN_MACHINE.0 {
        return value.split(',').map(toml::Value::from).collect::<Vec<_>>().into();
    }
    value.parse().map_or_else(|_| toml::Value::String(value), toml::Value::Integer)
}

/// The installation in `folder`: the one that is there, or a new one with the demonstration in it.
async fn open(
    settings: &Settings,
    folder: &Path,
    mail: &Mail,
    clock: Arc<DemoClock<SystemClock>>,
    older: u16,
) -> Result<(Installation, Vec<SignIn>), Failure> {
    let kept = sign_ins_file(folder);
    if kept.exists() {
        let text = fs::read(&kept).map_err(|error| unreadable(&kept, &error))?;
        let sign_ins = serde_json::from_slice(&text).map_err(|error| unreadable(&kept, &error.into()))?;
        return Ok((Installation::open(settings, clock).await?, sign_ins));
    }
    let mut undo = Undo::default();
    let dynamic: Arc<dyn Clock> = Arc::<DemoClock<SystemClock>>::clone(&clock);
    let installation = installation::create(settings, dynamic, &mut undo).await?;
    match seed(settings, &installation, mail, &clock, older)
        .await
        .and_then(|sign_ins| keep(&kept, &sign_ins).map(|()| sign_ins))
    {
        Ok(sign_ins) => {
            undo.keep();
            Ok((installation, sign_ins))
        }
        Err(failure) => {
            installation.store.close().await;
            Err(failure)
        }
    }
}

async fn seed(
    settings: &Settings,
    installation: &Installation,
    mail: &Mail,
    clock: &DemoClock<SystemClock>,
    older: u16,
) -> Result<Vec<SignIn>, Failure> {
    let store = &installation.store;
    let hasher = passwords::hasher(&settings.password, &installation.entropy)?;
    let room = mail.room(store, &installation.jobs);
    let sign_ins = Seed::new(store, &installation.jobs, &hasher, room, clock)
        .older(older)
        .run()
        .await
        .map_err(|error| Failure::failed(describe(&error)))?;
    Sequencer::new(store.clone()).drain().await.map_err(|error| Failure::failed(describe(&error)))?;
    installation.signer.run().await.map_err(|error| Failure::failed(describe(&error)))?;
    Ok(sign_ins.into_iter().map(SignIn::from).collect())
}

/// The sign-ins of a demonstration that is kept; the database has only hashes of the passwords.
fn sign_ins_file(folder: &Path) -> PathBuf {
    folder.join("sign-ins.json")
}

fn keep(file: &Path, sign_ins: &[SignIn]) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(sign_ins).map_err(Failure::failed)?;
    write(file, &text).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::failed(format_args!("{}: {error}", file.display()))
}

/// Says where the demonstration is and what to look at first.
fn announce(ready: &Ready, args: &cli::Demo, folder: &Path, config: &Path) -> Result<(), Failure> {
    let Ready { url, sign_ins } = ready;
    ui::say(format_args!("Bailiwick is at {url}\n\nSign in as"));
    for SignIn { who, address, password, totp_secret } in sign_ins {
        ui::say(format_args!("  {who:20} {address:24} {password}"));
        if let Some(secret) = totp_secret {
            ui::say(format_args!("  {:20} authenticator secret: {secret}", ""));
        }
    }
    ui::say(format_args!(
        "\nWhere there is an authenticator secret, a one-time code is asked for: enter the secret in any authenticator app,\n\
         or run bailiwick demo-code SECRET in a second terminal.\n\n\
         Look first at\n  \
         {url}/security        where the organisation stands, and what is still open\n  \
         {url}/audit           everything that was done, with what it was before\n  \
         {url}/mailbox         the letters that were sent: invite somebody and open their link\n\n\
         Change somebody's role and watch both. Then prove that nobody altered the log:\n  \
         bailiwick audit verify --config {}\n\n\
         Ctrl-C ends the demonstration{}.",
        config.display(),
        if args.keep.is_some() {
            format!("; its data stays in {}", folder.display())
        } else {
            " and takes its data away".into()
        }
    ));
    match &args.ready_file {
        Some(file) => tell(file, ready).map_err(|error| unreadable(file, &error)),
        None => Ok(()),
    }
}

/// Writes the ready file whole: whoever waits for it never reads half of it.
fn tell(file: &Path, ready: &Ready) -> io::Result<()> {
    let mut fresh = file.as_os_str().to_owned();
    fresh.push(".new");
    write(Path::new(&fresh), &serde_json::to_vec_pretty(ready)?)?;
    fs::rename(&fresh, file)
}

fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut open = File::create(file)?;
    open.write_all(text)?;
    open.sync_all()
}
