//! Finding programs, starting them, waiting for them, ending them.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a program may take to do what it was asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// The folder of what `cargo xtask test` keeps.
pub(crate) fn tools() -> PathBuf {
    std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_default()
        .join("bailiwick/tools")
}

/// Where a program lies: among the tools that `cargo xtask test` keeps, in the search path, or where Debian keeps servers.
pub(crate) fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    [tools().join("bin")]
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: `cargo xtask test` does that"))
}

/// Ports that nobody listens on at this moment. Somebody may before long, so whoever starts a server on one tries again.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until the last is found, so that none comes twice.
    let held = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    held.map(|listener| listener.local_addr().expect("its address").port())
}

/// A program that runs until this value goes.
pub(crate) struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it; what it says goes to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let out = File::create(log).expect("a file for what it says");
        let child = command
            .stdin(Stdio::null())
            .stderr(out.try_clone().expect("the same file"))
            .stdout(out)
            .spawn()
            .expect("a program that can be started");
        Self { child, log: log.to_owned() }
    }

    /// Waits until `there` finds something; nothing where the program ended before.
    pub(crate) fn wait<T>(&mut self, there: impl Fn() -> Option<T>) -> Option<T> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(found) = there() {
                return Some(found);
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// What it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
