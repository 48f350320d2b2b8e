//! OpenBao, whose secrets engine `transit` holds keys. Vault speaks the same.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    plain,
    running::{Running, find, free_ports},
};

/// Who may do everything.
const ROOT: &str = "four copper kettles aloft";

/// A running service with an engine mounted at `transit`; it ends with this value.
pub struct OpenBao {
    port: u16,
    _running: Running,
    // Last: the files go after whatever has them open.
    folder: TempDir,
}

impl OpenBao {
    /// Starts one, unsealed and with everything in memory.
    ///
    /// # Panics
    /// Where OpenBao is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        // Somebody else may have taken the port between looking and listening.
        let mut said = String::new();
        for _ in 0..4 {
            match Self::attempt() {
                Ok(started) => {
                    started.must("POST", "sys/mounts/transit", &json!({"type": "transit"}));
                    return started;
                }
                Err(log) => said = log,
            }
        }
        panic!("OpenBao does not start:\n{said}")
    }

    fn attempt() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("bailiwick-openbao-").tempdir().expect("a folder");
        // A server of a developer's takes one port for itself and the next one for its cluster.
        let [port] = free_ports::<1>();
        let mut command = Command::new(find("bao"));
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={ROOT}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .env("HOME", folder.path())
            .current_dir(folder.path());
        let mut running = Running::start(&mut command, &folder.path().join("log"));
        let headers = [("x-vault-token", ROOT)];
        let ready = || {
            let answer = plain::ask(port, "GET", "/v1/sys/mounts", &headers, &Value::Null);
            answer.ok().filter(|(status, _)| *status == 200)
        };
        match running.wait(ready) {
            Some(_) => Ok(Self { port, _running: running, folder }),
            None => Err(running.said()),
        }
    }

    /// Where it answers, over plain HTTP.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks as somebody who may do everything. Returns status and body.
    ///
    /// # Panics
    /// Where the service does not answer.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let headers = [("x-vault-token", ROOT)];
        plain::ask(self.port, method, &format!("/v1/{path}"), &headers, body).expect("an answer")
    }

    /// Makes a key, as `{}` or with `derived`, `exportable` and so on.
    ///
    /// # Panics
    /// Where the service does not make it.
    pub fn make_key(&self, name: &str, options: &Value) {
        self.must("POST", &format!("transit/keys/{name}"), options);
    }

    /// A token that may read about a key, encrypt and decrypt with it, and nothing else.
    ///
    /// # Panics
    /// Where the service does not make it.
    #[must_use]
    pub fn token(&self, key: &str) -> String {
        let path = |verb: &str, right: &str| {
            format!("path \"transit/{verb}/{key}\" {{ capabilities = [\"{right}\"] }}\n")
        };
        let policy = [path("keys", "read"), path("encrypt", "update"), path("decrypt", "update")].concat();
        self.must("POST", &format!("sys/policies/acl/{key}"), &json!({"policy": policy}));
        let made =
            self.must("POST", "auth/token/create", &json!({"policies": [key], "no_default_policy": true}));
        made.pointer("/auth/client_token").and_then(Value::as_str).expect("a token").to_owned()
    }

    /// What it has said, for looking that something is not in it.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }
}
