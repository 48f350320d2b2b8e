//! Running other programs: output kept, the last line shown while it runs, nothing left behind.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal, PipeReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt;
use crate::stop::{Context, Result, Stop};

/// What a finished program left.
pub(crate) struct Finished {
    /// Whether it ended with status 0.
    pub(crate) success: bool,
    /// Both its output streams, in the order they were written.
    pub(crate) output: String,
}

/// A program about to run, in a process group of its own.
pub(crate) struct Program {
    name: String,
    command: Command,
}

impl Program {
    /// Names the program; it is looked up in the search path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        // Cargo describes this very package to `cargo xtask`; a nested cargo must not take that for its own.
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&key);
            }
        }
        Self { name: program.to_string_lossy().into_owned(), command }
    }

    /// Appends arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets one variable of its environment.
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Sets its working folder.
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Starts it with its output sent to `log`, for a server that outlives the call.
    pub(crate) fn start(mut self, log: &Path) -> Result<Child> {
        let file = std::fs::File::create(log).context(|| format!("cannot write {}", log.display()))?;
        let copy = file.try_clone().context(|| format!("cannot write {}", log.display()))?;
        self.command.stdin(Stdio::null()).stdout(file).stderr(copy).process_group(0);
        self.command.spawn().context(|| format!("cannot start {}", self.name))
    }

    /// Runs it to its end and keeps what it wrote.
    pub(crate) fn run(mut self) -> Result<Finished> {
        interrupt::check()?;
        let (reader, writer) = std::io::pipe().context(|| "cannot make a pipe".to_owned())?;
        let copy = writer.try_clone().context(|| "cannot copy a pipe".to_owned())?;
        self.command.stdin(Stdio::null()).stdout(writer).stderr(copy).process_group(0);
        let mut child = self.command.spawn().context(|| format!("cannot start {}", self.name))?;
        // The command still holds the writing end; while it does, the reader never sees the end of the output.
        drop(self.command);

        let output = collect(&read_lines(reader), &mut child)?;
        let status = child.wait().context(|| format!("cannot wait for {}", self.name))?;
        Ok(Finished { success: status.success(), output })
    }

    /// Runs it and fails with its output unless it succeeded.
    pub(crate) fn expect(self) -> Result<String> {
        let name = self.name.clone();
        let finished = self.run()?;
        if finished.success {
            Ok(finished.output)
        } else {
            Err(Stop::failed(format!("{name} failed:\n{}", finished.output)))
        }
    }
}

/// Asks a process group to end, waits, and then insists.
pub(crate) fn end_group(child: &mut Child, patience: Duration) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let Some(group) = group else { return };
    for signal in [Signal::TERM, Signal::KILL] {
        // An error means that the group is gone already.
        let _ = kill_process_group(group, signal);
        if wait_at_most(child, patience) {
            break;
        }
    }
    // What the leader had started and left behind in the group.
    let _ = kill_process_group(group, Signal::KILL);
}

/// Waits for a child to end; false when it is still running after `patience`.
pub(crate) fn wait_at_most(child: &mut Child, patience: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < patience {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Ok(Some(_)) | Err(_) => return true,
        }
    }
    false
}

fn read_lines(reader: PipeReader) -> Receiver<String> {
    let (sender, lines) = sync_channel(1024);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(read) if read > 0) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
            line.clear();
        }
    });
    lines
}

fn collect(lines: &Receiver<String>, child: &mut Child) -> Result<String> {
    let mut output = String::new();
    let mut ended_at = None;
    let live = Live::new();
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => {
                live.show(&line);
                output.push_str(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                // A stray grandchild may hold the pipe open long after the program itself has ended.
                if matches!(child.try_wait(), Ok(Some(_))) {
                    let since: &mut Instant = ended_at.get_or_insert_with(Instant::now);
                    if since.elapsed() > Duration::from_secs(5) {
                        end_group(child, Duration::ZERO);
                        break;
                    }
                }
            }
        }
        if interrupt::asked() {
            live.clear();
            end_group(child, Duration::from_secs(15));
            return Err(Stop::Interrupted);
        }
    }
    live.clear();
    Ok(output)
}

/// The newest line of a running program, on a terminal only.
struct Live {
    terminal: bool,
}

impl Live {
    const WIDTH: usize = 100;

    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal() }
    }

    fn show(&self, line: &str) {
        let text: String = line.trim().chars().filter(|c| !c.is_control()).take(Self::WIDTH).collect();
        if self.terminal && !text.is_empty() {
            eprint!("\r\x1b[2K       {text}");
            let _ = std::io::stderr().flush();
        }
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
            let _ = std::io::stderr().flush();
        }
    }
}
