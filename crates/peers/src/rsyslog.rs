//! rsyslog, which takes messages over TLS.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::running::{Running, find};

/// Octets of the longest message that it takes. By itself it cuts them off at 8 KiB, and loses count behind a frame of 200,000.
const LONGEST: &str = "4000000";

/// A running receiver; it ends with this value.
pub struct Rsyslog {
    port: u16,
    running: std::sync::Mutex<Running>,
    // Last: the files go after whatever has them open.
    folder: TempDir,
}

impl Rsyslog {
    /// Starts one under a certificate with its key, in PEM; with `clients`, it takes messages only from whoever has a certificate of
    /// this authority.
    ///
    /// # Panics
    /// Where rsyslog is not installed or does not start.
    #[must_use]
    pub fn start(certificate: &str, key: &str, clients: Option<&str>) -> Self {
        let folder = tempfile::Builder::new().prefix("bailiwick-rsyslog-").tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            path
        };
        file("certificate.pem", certificate);
        file("key.pem", key);
        // Where it asks nobody for a certificate, it wants to know an authority all the same.
        file("authorities.pem", clients.unwrap_or(certificate));
        let settings = file("settings", &settings(folder.path(), clients.is_some()));
        let mut command = Command::new(find("rsyslogd"));
        command.args(["-n", "-C", "-f"]).arg(settings).arg("-i").arg(folder.path().join("pid"));
        let mut running = Running::start(&mut command, &folder.path().join("log"));
        let port = folder.path().join("port");
        let port = running.wait(|| fs::read_to_string(&port).ok()?.trim().parse().ok());
        let Some(port) = port else { panic!("rsyslog does not start:\n{}", running.said()) };
        Self { port, running: std::sync::Mutex::new(running), folder }
    }

    /// Where it listens, on `127.0.0.1`.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Waits for this many messages, and gives all that it has taken, as it has understood them: `structured-data`, `msg`, `msgid`,
    /// `hostname`, `pri`, `timereported` and more.
    ///
    /// # Panics
    /// Where they do not come.
    #[must_use]
    pub fn messages(&self, count: usize) -> Vec<Value> {
        let mut running = self.running.lock().expect("nobody panicked with it");
        let taken = running.wait(|| Some(self.taken()).filter(|taken| taken.len() >= count));
        taken.unwrap_or_else(|| panic!("{} messages, not {count}:\n{}", self.taken().len(), running.said()))
    }

    fn taken(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("messages")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).expect("a message as JSON")).collect()
    }
}

fn settings(folder: &Path, clients: bool) -> String {
    let (folder, mode) = (folder.display(), if clients { "x509/certvalid" } else { "anon" });
    format!(
        r#"global(
  workDirectory="{folder}" maxMessageSize="{LONGEST}"
  defaultNetstreamDriverCAFile="{folder}/authorities.pem"
  defaultNetstreamDriverCertFile="{folder}/certificate.pem"
  defaultNetstreamDriverKeyFile="{folder}/key.pem"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="{mode}" maxFrameSize="{LONGEST}")
template(name="understood" type="list") {{ property(name="jsonmesg") constant(value="\n") }}
ruleset(name="all") {{ action(type="omfile" file="{folder}/messages" template="understood") }}
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/port" ruleset="all")
"#
    )
}
