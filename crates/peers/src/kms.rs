//! Two programs that play AWS KMS. Each lies: moto uses keys that were disabled, ministack opens altered ciphertexts. What is promised
//! of a root key has to hold with both.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    plain,
    running::{Running, find, free_ports, tools},
};

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// moto, of PyPI.
    Moto,
    /// ministack, of PyPI.
    Ministack,
}

/// A running service; it ends with this value.
pub struct Kms {
    port: u16,
    _running: Running,
    // Last: the files go after whatever has them open.
    _folder: TempDir,
}

impl Kms {
    /// Starts one, without any key.
    ///
    /// # Panics
    /// Where the program is not installed or does not start.
    #[must_use]
    pub fn start(player: Player) -> Self {
        // Somebody else may have taken the port between looking and listening.
        let mut said = String::new();
        for _ in 0..4 {
            match Self::attempt(player) {
                Ok(started) => return started,
                Err(log) => said = log,
            }
        }
        panic!("{player:?} does not start:\n{said}")
    }

    fn attempt(player: Player) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("bailiwick-kms-").tempdir().expect("a folder");
        let [port] = free_ports::<1>();
        let packages = tools().join("python");
        assert!(packages.is_dir(), "{player:?} is not installed: `cargo xtask test` does that");
        let mut command = Command::new(find("python3"));
        command.env("PYTHONPATH", packages).env("HOME", folder.path()).current_dir(folder.path());
        match player {
            Player::Moto => {
                command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p"]).arg(port.to_string())
            }
            Player::Ministack => command
                .args(["-m", "ministack"])
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string()),
        };
        let mut running = Running::start(&mut command, &folder.path().join("log"));
        let ready = || ask(port, "ListKeys", &json!({})).ok().filter(|(status, _)| *status == 200);
        match running.wait(ready) {
            Some(_) => Ok(Self { port, _running: running, _folder: folder }),
            None => Err(running.said()),
        }
    }

    /// Where it answers, over plain HTTP.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a key that is used for this, such as `ENCRYPT_DECRYPT`, of this kind, such as `SYMMETRIC_DEFAULT`. Returns its ARN.
    ///
    /// # Panics
    /// Where the service does not make it.
    #[must_use]
    pub fn make_key(&self, usage: &str, kind: &str) -> String {
        // Without these words one of the two leaves them out of its answers.
        let made = self.must("CreateKey", &json!({"KeyUsage": usage, "KeySpec": kind}));
        made.pointer("/KeyMetadata/Arn").and_then(Value::as_str).expect("an ARN").to_owned()
    }

    /// Asks for an operation such as `DisableKey`. Returns the answer.
    ///
    /// # Panics
    /// Where the service refuses.
    pub fn must(&self, operation: &str, body: &Value) -> Value {
        let (status, answer) = ask(self.port, operation, body).expect("an answer");
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }
}

/// One operation of KMS. Neither program looks at signatures, only at whom they name.
fn ask(port: u16, operation: &str, body: &Value) -> std::io::Result<(u16, Value)> {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", &*format!("TrentService.{operation}")),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=owner/20260102/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0",
        ),
    ];
    plain::ask(port, "POST", "/", &headers, body)
}
