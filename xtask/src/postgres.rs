//! A PostgreSQL of our own: in a temporary folder, on a free loopback port, run by an unprivileged user.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::command::{Program, end_group, wait_at_most};
use crate::machine::{self, Need};
use crate::stop::{Context, Result, Stop};
use crate::{interrupt, workspace};

const SUPERUSER: &str = "bailiwick_superuser";

/// Settings of a server whose data nobody will miss.
const SETTINGS: [&str; 9] = [
    "listen_addresses=127.0.0.1",
    "max_connections=400",
    "shared_buffers=128MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=2GB",
    "jit=off",
    "log_min_messages=fatal",
    "log_min_error_statement=panic",
];

/// Settings that make it quick and lose everything when the machine stops.
const CARELESS: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// Arguments of `cargo xtask postgres`.
#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    durability: Durability,
}

/// How much the server cares for its data.
#[derive(Args, Clone, Copy)]
pub(crate) struct Durability {
    /// Flush every commit to disk, as in production
    #[arg(long)]
    durable: bool,
}

impl Durability {
    /// As in production: every commit is on disk before it is answered.
    pub(crate) const fn full() -> Self {
        Self { durable: true }
    }
}

impl Durability {
    /// For data that nobody will miss.
    pub(crate) const CARELESS: Self = Self { durable: false };
}

/// A running server, stopped and removed when dropped.
pub(crate) struct Cluster {
    child: Child,
    url: String,
    psql: PathBuf,
    // Last, so that the folder goes after the server.
    dir: TempDir,
}

impl Cluster {
    /// Makes a cluster and waits until it answers.
    ///
    /// Call it on the main thread: the server is told to stop when the thread that started it ends.
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let bin = machine::find_postgres().ok_or_else(|| Stop::failed("PostgreSQL is not installed"))?;
        let account = Account::unprivileged()?;
        let dir = temporary_folder(&account)?;
        let password = initialise(&bin, dir.path(), &account)?;
        for _ in 0..5 {
            let port = free_port()?;
            let mut child = launch(&bin, dir.path(), &account, port, durability)?;
            let psql = bin.join("psql");
            let ready =
                wait_until_ready(&mut child, &psql, port, &password).inspect_err(|_| stop(&mut child));
            if ready? {
                let url = format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres");
                return Ok(Self { child, url, psql, dir });
            }
            // Someone else may have taken the port between looking and listening.
        }
        let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        Err(Stop::failed(format!("PostgreSQL does not start:\n{log}")))
    }

    /// The variables that lead the tests to this server.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [
            ("BAILIWICK_TEST_POSTGRES", self.url.clone()),
            ("BAILIWICK_TEST_PSQL", self.psql.display().to_string()),
        ]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Runs a server until a signal asks for the end.
pub(crate) fn serve(args: &ServeArgs) -> Result<bool> {
    machine::ensure(&[Need::Postgres])?;
    let mut cluster = Cluster::start(args.durability)?;
    for (key, value) in cluster.variables() {
        println!("export {key}='{value}'");
    }
    eprintln!("PostgreSQL runs in {} until Ctrl-C", cluster.dir.path().display());
    while !interrupt::asked() {
        if wait_at_most(&mut cluster.child, Duration::from_millis(200)) {
            let log = std::fs::read_to_string(cluster.dir.path().join("log")).unwrap_or_default();
            return Err(Stop::failed(format!("PostgreSQL ended by itself:\n{log}")));
        }
    }
    Ok(true)
}

/// The account the server runs under; it refuses to run as root.
enum Account {
    Own,
    Other { uid: u32, gid: u32 },
}

impl Account {
    fn unprivileged() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        let accounts =
            std::fs::read_to_string("/etc/passwd").context(|| "cannot read /etc/passwd".to_owned())?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| find_account(&accounts, name))
            .map(|(uid, gid)| Self::Other { uid, gid })
            .ok_or_else(|| {
                Stop::failed("PostgreSQL needs an account `postgres` or `nobody` when run by root")
            })
    }

    fn owns(&self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => {
                chown(path, Some(*uid), Some(*gid)).context(|| format!("cannot hand over {}", path.display()))
            }
        }
    }

    /// A program that runs under this account and is interrupted when its parent dies, however that happens.
    fn program(&self, program: &Path) -> Program {
        let mut arguments = vec!["--pdeathsig".to_owned(), "INT".to_owned()];
        match self {
            Self::Own if workspace::find_program("setpriv").is_none() => return Program::new(program),
            Self::Own => {}
            Self::Other { uid, gid } => {
                arguments.extend([format!("--reuid={uid}"), format!("--regid={gid}")]);
                arguments.extend(["--clear-groups".to_owned(), "--reset-env".to_owned()]);
            }
        }
        Program::new("setpriv").args(arguments).args([program])
    }
}

fn find_account(accounts: &str, name: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        found.then_some((uid, gid))
    })
}

fn temporary_folder(account: &Account) -> Result<TempDir> {
    // A socket's path holds 107 bytes, which a long TMPDIR would exceed.
    let parent = std::env::temp_dir();
    let parent = if parent.as_os_str().len() > 60 { PathBuf::from("/tmp") } else { parent };
    let dir = tempfile::Builder::new()
        .prefix("bailiwick-postgres-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .context(|| "cannot make a temporary folder".to_owned())?;
    account.owns(dir.path())?;
    Ok(dir)
}

fn initialise(bin: &Path, dir: &Path, account: &Account) -> Result<String> {
    let password = random_password()?;
    let file = dir.join("password");
    std::fs::write(&file, &password).context(|| format!("cannot write {}", file.display()))?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
        .context(|| format!("cannot set the mode of {}", file.display()))?;
    account.owns(&file)?;
    account
        .program(&bin.join("initdb"))
        .args(["--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--no-sync", "--no-instructions"])
        .args([Path::new("--pwfile"), &file, Path::new("--pgdata"), &dir.join("data")])
        .dir(dir)
        .expect()?;
    std::fs::remove_file(&file).context(|| format!("cannot remove {}", file.display()))?;
    Ok(password)
}

fn launch(bin: &Path, dir: &Path, account: &Account, port: u16, durability: Durability) -> Result<Child> {
    let careless: &[&str] = if durability.durable { &[] } else { &CARELESS };
    let settings = SETTINGS.iter().chain(careless).flat_map(|setting| ["-c", setting]);
    account
        .program(&bin.join("postgres"))
        .args([Path::new("-D"), &dir.join("data"), Path::new("-k"), dir])
        .args(["-p", &port.to_string()])
        .args(settings)
        .dir(dir)
        .start(&dir.join("log"))
}

/// True once the server answers; false when it ended instead.
fn wait_until_ready(child: &mut Child, psql: &Path, port: u16, password: &str) -> Result<bool> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        interrupt::check()?;
        let answer = Program::new(psql)
            .args(["-X", "-q", "-c", "SELECT 1", "-h", "127.0.0.1", "-p", &port.to_string()])
            .args(["-U", SUPERUSER, "-d", "postgres"])
            .env("PGPASSWORD", password)
            .run()?;
        if answer.success {
            return Ok(true);
        }
        if wait_at_most(child, Duration::from_millis(50)) {
            return Ok(false);
        }
    }
    stop(child);
    Ok(false)
}

fn stop(child: &mut Child) {
    // A fast shutdown first: it ends the sessions and leaves clean files. SIGQUIT gives up on those.
    for (signal, patience) in [(Signal::INT, 20), (Signal::QUIT, 5)] {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // An error means that it has just ended.
            let _ = kill_process(pid, signal);
        }
        if wait_at_most(child, Duration::from_secs(patience)) {
            return;
        }
    }
    end_group(child, Duration::from_secs(5));
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context(|| "there is no free port on 127.0.0.1".to_owned())
}

fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context(|| "cannot read /dev/urandom".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::find_account;

    #[test]
    fn account_numbers_are_read_from_the_password_file() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        assert_eq!(find_account(accounts, "nobody"), Some((65534, 65533)));
        assert_eq!(find_account(accounts, "postgres"), None);
    }
}
