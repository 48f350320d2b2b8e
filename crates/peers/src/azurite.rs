//! Azurite, which plays Azure Blob Storage (`e2e/peers/azurite.mjs`).

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::running::find;

/// A running service with one container; it ends with this value.
pub struct Azurite {
    said: Value,
    process: Child,
}

impl Azurite {
    /// Starts one and waits until it has this container.
    ///
    /// # Panics
    /// Where Node.js or Azurite is not installed, or it does not start.
    #[must_use]
    pub fn start(container: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e");
        assert!(
            folder.join("node_modules/azurite").is_dir(),
            "Azurite is not installed: run `cargo xtask test`, or `npm ci` in e2e/"
        );
        let mut process = Command::new(find("node"))
            .arg(folder.join("peers/azurite.mjs"))
            .arg(container)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program that can be started");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("text");
        Self { said: serde_json::from_str(&line).expect("JSON"), process }
    }

    /// With which options a client of `object_store` reaches it.
    #[must_use]
    pub fn options(&self) -> Vec<(String, String)> {
        let text = |name: &str| self.said.get(name).and_then(Value::as_str).expect("a text").to_owned();
        let port = self.said.get("port").and_then(Value::as_u64).expect("a port");
        let account = text("account");
        let endpoint = format!("http://127.0.0.1:{port}/{account}");
        [
            ("azure_storage_account_name", account),
            ("azure_storage_account_key", text("key")),
            ("azure_storage_endpoint", endpoint),
            ("azure_allow_http", "true".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
