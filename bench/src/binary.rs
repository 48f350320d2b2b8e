//! The release binary: how soon it serves, and what it keeps in memory while nothing happens.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    Result,
    latency::median,
    machine,
    report::{Line, Met, Section},
};

const STARTS: usize = 7;
const IDLE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts a fresh installation over SQLite several times.
pub(crate) async fn measure(binary: Option<&Path>) -> Result<Section> {
    let Some(binary) = binary.map(Path::to_owned) else {
        return Ok(missing("no binary was named: `--binary FILE`"));
    };
    tokio::task::spawn_blocking(move || starts(&binary)).await?
}

fn starts(binary: &Path) -> Result<Section> {
    let folder = tempfile::Builder::new().prefix("bailiwick-bench-").tempdir()?;
    if let Err(why) = install(binary, folder.path())? {
        return Ok(missing(&why));
    }
    let (mut seconds, mut resident) = (Vec::new(), Vec::new());
    for start in 0..STARTS {
        let mut server = Server::start(binary, folder.path(), &[])?;
        seconds.push(server.ready()?.as_secs_f64());
        // Memory needs the wait, and changes little from one start to the next.
        if start < 3 {
            sleep(IDLE);
            resident.push(machine::memory("VmRSS", &server.child.id().to_string())?);
        }
    }
    let (ready, idle) = (median(&seconds), median(&resident));
    let slowest = seconds.iter().copied().fold(0.0, f64::max);
    Ok(Section {
        title: "The release binary".into(),
        lines: vec![
            Line {
                what: "release binary ready to serve (SQLite)".into(),
                bar: "≤ 0.5 s".into(),
                figure: format!("{ready:.3} s"),
                met: Met::of(ready <= 0.5),
                close: "whatever a profile of the start shows",
            },
            Line {
                what: "resident memory idle".into(),
                bar: "≤ 40 MB".into(),
                figure: format!("{idle:.1} MB"),
                met: Met::of(idle <= 40.0),
                close: "fewer threads with stacks and allocator arenas of their own, smaller caches of database pages",
            },
        ],
        body: format!(
            "From the start of the process to the first answer 200 of `/readyz` over loopback, median of {STARTS} starts (slowest {slowest:.3} s); resident memory after {} idle seconds, median of 3.\n",
            IDLE.as_secs()
        ),
    })
}

/// A fresh installation over SQLite, or why there is none.
pub(crate) fn install(binary: &Path, folder: &Path) -> Result<Result<(), String>> {
    let made = Command::new(binary)
        .args(["init", "--email", "platform@bench.example", "--name", "Olive Owner", "--dir"])
        .arg(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()?;
    if made.status.success() {
        return Ok(Ok(()));
    }
    Ok(Err(format!("`bailiwick init` failed: {}", String::from_utf8_lossy(&made.stderr).trim())))
}

fn missing(why: &str) -> Section {
    let line = |what: &str, bar: &str| Line {
        what: what.into(),
        bar: bar.into(),
        figure: "not measured".into(),
        met: Met::Unknown,
        close: "",
    };
    Section {
        title: "The release binary".into(),
        lines: vec![
            line("release binary ready to serve (SQLite)", "≤ 0.5 s"),
            line("resident memory idle", "≤ 40 MB"),
        ],
        body: format!("Not measured: {why}\n"),
    }
}

/// A running server, told to stop when dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    began: Instant,
}

impl Server {
    /// Starts it over an installation, with further settings.
    pub(crate) fn start(binary: &Path, folder: &Path, settings: &[&str]) -> Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let began = Instant::now();
        let child = Command::new(binary)
            .args(["serve", "--log-level", "warn", "--listen", &address.to_string(), "--config"])
            .arg(folder.join("bailiwick.toml"))
            .args(settings.iter().flat_map(|setting| ["--set", *setting]))
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        Ok(Self { child, address, began })
    }

    /// Waits until it answers.
    pub(crate) fn ready(&mut self) -> Result<Duration> {
        while self.began.elapsed() < PATIENCE {
            if self.answers() {
                return Ok(self.began.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("`bailiwick serve` ended: {status}").into());
            }
            sleep(Duration::from_millis(1));
        }
        Err("`bailiwick serve` does not answer".into())
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer.starts_with("HTTP/1.1 200"))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // An error means that it has ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
