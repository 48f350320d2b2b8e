//! SQL through the program `psql`.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::postgres::address::Address;

/// Ends the answer to one statement. No statement here returns it.
const END: &str = "-- end of answer --";

/// Why the server, or psql, refused.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    /// Whether the database to clone does not exist, or not yet its owner.
    ///
    /// SQLSTATE 3D000 or 42704: psql prints them in front of the message.
    pub(super) fn is_missing_database(&self) -> bool {
        self.0.contains(" 3D000:") || self.0.contains(" 42704:")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the test server refused: {}", self.0)
    }
}

/// Runs one statement on a connection of its own.
pub(super) fn run(server: &Address, statement: &str) -> Result<(), Failure> {
    let output = command(server)
        .args(["-c", statement])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure(format!("cannot run psql: {error}")))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(Failure(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// A connection that stays open, and keeps its locks, until dropped.
pub(super) struct Session {
    child: Child,
    // Dropped first by `drop`, which ends psql.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub(super) fn open(server: &Address) -> Result<Self, Failure> {
        let mut child = command(server)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Failure(format!("cannot run psql: {error}")))?;
        let input = child.stdin.take();
        let output =
            child.stdout.take().map(BufReader::new).ok_or_else(|| Failure("psql has no output".into()))?;
        Ok(Self { child, input, output })
    }

    /// Runs one statement and returns what it printed, without the last line break.
    pub(super) fn run(&mut self, statement: &str) -> Result<String, Failure> {
        let sent = self.input.as_mut().map(|input| write!(input, "{statement};\n\\echo {END}\n"));
        if !matches!(sent, Some(Ok(()))) {
            return Err(self.failure());
        }
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            match self.output.read_line(&mut line) {
                Ok(0) | Err(_) => return Err(self.failure()),
                Ok(_) if line.trim_end() == END => return Ok(answer.trim_end().to_owned()),
                Ok(_) => answer.push_str(&line),
            }
        }
    }

    /// What psql wrote before it gave up.
    fn failure(&mut self) -> Failure {
        let mut text = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            // Whatever was read up to an error is what there is to show.
            let _ = errors.read_to_string(&mut text);
        }
        Failure(text)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without input psql ends, and with it the connection and its locks.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Text as an SQL literal.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[allow(clippy::disallowed_methods, reason = "the path of psql is a setting of the tests")]
fn command(server: &Address) -> Command {
    let program = std::env::var_os("BAILIWICK_TEST_PSQL").unwrap_or_else(|| "psql".into());
    let mut command = Command::new(program);
    command
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password"])
        .args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"])
        .arg(server.without_password())
        .env("PGOPTIONS", "--client-min-messages=warning");
    if let Some(password) = server.password() {
        command.env("PGPASSWORD", password);
    }
    command
}
