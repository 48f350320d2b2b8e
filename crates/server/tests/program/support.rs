//! The real binary, in a folder of its own.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use bailiwick_store::load::InFile;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take. It only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The public address of an installation that was told none, which is the only name that it answers to.
pub(crate) const HOST: &str = "localhost:8080";

/// A folder in which the program runs, and what it finds in its environment.
pub(crate) struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A folder with a new installation on an embedded database.
    pub(crate) fn installed() -> Self {
        let place = Self::empty();
        let ran = place.run(["init", "--email", "root@example.com", "--name", "Root Owner"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Sets an environment variable for all later runs.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.into(), value.into()));
    }

    /// The program with arguments, in this folder, with nothing of ours in its environment but what was set.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_bailiwick")), args)
    }

    fn prepared<A: AsRef<OsStr>>(&self, mut command: Command, args: impl IntoIterator<Item = A>) -> Command {
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[allow(clippy::disallowed_methods, reason = "so that it can be taken away")]
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BAILIWICK_"))
        {
            command.env_remove(name);
        }
        // The default is a port that may be in use on the machine of whoever runs the tests.
        command.env("BAILIWICK_SERVER__LISTEN", "127.0.0.1:0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// Every file below the folder with its content: what "nothing was changed" means.
    pub(crate) fn content(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.folder.path(), &mut files);
        files.sort();
        files
    }

    /// Runs the program and sees that it refused with this code and these words, without changing anything and without a
    /// word of what must stay secret.
    #[track_caller]
    pub(crate) fn refuses<const N: usize>(&self, args: [&str; N], code: i32, words: &[&str]) -> Ran {
        let before = self.content();
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{ran:?}");
        for word in words {
            assert!(ran.err.contains(word), "{word:?} is not in\n{}", ran.err);
        }
        assert!(!ran.err.contains("panicked") && !ran.err.contains("hunter2"), "{}", ran.err);
        let after = self.content();
        let names =
            |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        assert_eq!(names(&before), names(&after), "files came or went");
        assert!(before == after, "a file was changed");
        ran
    }

    /// Starts the server on a free port and waits until it serves.
    pub(crate) fn serve(&self, further: &[&str]) -> Server {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        args.extend(further);
        Self::started(self.command(args))
    }

    /// Starts the server on this port and waits until it serves.
    pub(crate) fn serve_at(&self, port: u16, further: &[&str]) -> Server {
        let listen = format!("127.0.0.1:{port}");
        let mut args = vec!["serve", "--listen", &listen];
        args.extend(further);
        Self::started(self.command(args))
    }

    /// Starts the server where the system lets it open this many files and sockets, and waits until it serves.
    pub(crate) fn serve_with_files(&self, files: u32) -> Server {
        let mut shell = Command::new("sh");
        // The shell becomes the server, so that signals reach it.
        shell.args([
            "-c",
            &format!("ulimit -n {files} && exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_bailiwick"),
        ]);
        Self::started(self.prepared(shell, ["serve", "--listen", "127.0.0.1:0"]))
    }

    /// Starts the server on a free port, and reads no more of what it says once it serves.
    pub(crate) fn serve_unread(&self) -> (Child, SocketAddr, BufReader<ChildStderr>) {
        let mut child = self.command(["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (address, _) = serves_at(&mut log);
        (child, address, log)
    }

    fn started(mut command: Command) -> Server {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (address, seen) = serves_at(&mut log);
        // Read on, so that no line is lost.
        #[allow(
            clippy::disallowed_methods,
            reason = "with a bound it would wait again; what one test's server says is little"
        )]
        let (said, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                // Whoever is gone listens no more, and the server goes on.
                drop(said.send(line + "\n"));
            }
        });
        Server { child, address, log: lines, seen }
    }
}

/// Where the server says that it serves, and everything that it said before.
fn serves_at(log: &mut impl BufRead) -> (SocketAddr, String) {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended: {seen}");
        seen.push_str(&line);
        if let Some((_, rest)) = line.split_once("listen=").or_else(|| line.split_once("\"listen\":\"")) {
            return (rest.split([' ', '"']).next().unwrap().parse().unwrap(), seen);
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.push((path.clone(), Vec::new()));
            collect(&path, files);
        } else {
            let content = fs::read(&path).unwrap();
            files.push((path, content));
        }
    }
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it says, line after line, to its end.
    log: Receiver<String>,
    seen: String,
}

impl Server {
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end, and hands out all of the log.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let mut log = std::mem::take(&mut self.seen);
        log.extend(self.log.iter());
        (status, log)
    }

    /// Stops it as an operator would.
    pub(crate) fn stop(self) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        self.end()
    }

    /// Reads log lines up to one with `word`.
    pub(crate) fn log_until(&mut self, word: &str) -> String {
        loop {
            let line = self.log.recv().unwrap_or_else(|_| panic!("it ended: {}", self.seen));
            self.seen.push_str(&line);
            if line.contains(word) {
                return line;
            }
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// GET, with the whole answer as text.
    pub(crate) fn get(&self, path: &str) -> String {
        get(self.address, path)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = connect(address);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A port that nothing listens on at this moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Every event of a database file that nobody has open, whose octets lie packed there.
pub(crate) fn events_in(file: &Path) -> Vec<InFile> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(bailiwick_store::load::events_in(file)).unwrap()
}

/// The bytes with each `from` replaced by `to`, of the same length. A database file may hold stale copies of a row.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<_> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "it is not there");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}
