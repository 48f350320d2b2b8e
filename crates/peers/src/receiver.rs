//! A receiver of webhooks that checks them with the library of Standard Webhooks (`e2e/peers/webhook_receiver.mjs`).

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::running::find;

/// A running receiver; it ends with this value.
pub struct Receiver {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Receiver {
    /// Starts one that knows this secret, `whsec_…`.
    ///
    /// # Panics
    /// Where Node.js or the library is not installed.
    #[must_use]
    pub fn start(secret: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e");
        assert!(
            folder.join("node_modules/standardwebhooks").is_dir(),
            "the library of Standard Webhooks is not installed: run `cargo xtask test`, or `npm ci` in e2e/"
        );
        let mut process = Command::new(find("node"))
            .arg(folder.join("peers/webhook_receiver.mjs"))
            .arg(secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that can be started");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut receiver = Self { port: 0, lines, process };
        let port =
            receiver.heard().get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        receiver.port = port.expect("a port");
        receiver
    }

    /// The address of a path at it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The next request: `id`, and `payload` where the library has verified it or `refused` with its reason.
    ///
    /// # Panics
    /// Where it ended.
    pub fn heard(&mut self) -> Value {
        let line = self.lines.next().expect("another line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
