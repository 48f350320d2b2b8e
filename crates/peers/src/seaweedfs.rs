//! SeaweedFS, whose S3 keeps Object Lock.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use bailiwick_domain::time::Timestamp;
use tempfile::TempDir;

use crate::{
    now,
    running::{Running, find, free_ports},
    s3::{Answer, Ask, Key},
};

/// Who may do everything that the service lets anybody do.
pub const OWNER: Key = Key { id: "owner", secret: "nine brass lanterns adrift" };
/// Who may read, write and lock, as the archive may.
pub const WRITER: Key = Key { id: "writer", secret: "two tin whistles aground" };

/// The name space of the protocol's texts.
const SPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// What each of them may do, in the service's own words.
const RIGHTS: [(Key, &str); 2] =
    [(OWNER, r#""Admin""#), (WRITER, r#""Read", "Write", "List", "PutObjectRetention""#)];
/// What is left behind in `/tmp` when the service is killed, each with a port in its name.
const SOCKETS: [&str; 4] = ["master", "volume", "filer", "s3"];
/// How long a service that has just started may answer that it is not ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running service; it ends with this value.
pub struct SeaweedFs {
    port: u16,
    _running: Running,
    _sockets: Sockets,
    // Last: the files go after whatever has them open.
    _folder: TempDir,
}

/// The ports of its parts among themselves.
struct Sockets([u16; 4]);

impl Drop for Sockets {
    fn drop(&mut self) {
        for (part, port) in SOCKETS.iter().zip(self.0) {
            // It may never have been made.
            drop(fs::remove_file(format!("/tmp/seaweedfs-{part}-grpc-{port}.sock")));
        }
    }
}

impl SeaweedFs {
    /// Starts one and waits until it answers. It knows [`OWNER`] and [`WRITER`], and has no bucket.
    ///
    /// # Panics
    /// Where SeaweedFS is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        // Somebody else may have taken one of the ports between looking and listening.
        let mut said = String::new();
        for _ in 0..4 {
            match Self::attempt() {
                Ok(started) => return started,
                Err(log) => said = log,
            }
        }
        panic!("SeaweedFS does not start:\n{said}")
    }

    fn attempt() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("bailiwick-seaweedfs-").tempdir().expect("a folder");
        let identities = folder.path().join("s3.json");
        fs::write(&identities, self::identities()).expect("a file of identities");
        let ports @ [.., port] = free_ports::<8>();
        let mut running =
            Running::start(&mut command(folder.path(), &identities, ports), &folder.path().join("log"));
        let [_, _, _, master, volume, filer, s3, _] = ports;
        let sockets = Sockets([master, volume, filer, s3]);
        let ask = Ask { method: "GET", path: "/", query: &[], headers: &[], body: b"" };
        let ready = || ask.send(port, OWNER, &stamp(now())).ok().filter(|answer| answer.status == 200);
        match running.wait(ready) {
            Some(_) => Ok(Self { port, _running: running, _sockets: sockets, _folder: folder }),
            None => Err(running.said()),
        }
    }

    /// Where it answers, over plain HTTP.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a bucket, with Object Lock or without.
    ///
    /// # Panics
    /// Where the service does not make it.
    pub fn make(&self, bucket: &str, lock: bool) {
        let headers: &[_] = if lock { &[("x-amz-bucket-object-lock-enabled", "true")] } else { &[] };
        let (path, began) = (format!("/{bucket}"), Instant::now());
        loop {
            let answer = self.ask(OWNER, &Ask { method: "PUT", path: &path, query: &[], headers, body: b"" });
            if answer.status == 200 {
                return;
            }
            // Its parts find one another only some time after they have started.
            assert!(began.elapsed() < PATIENCE, "no bucket: {} {}", answer.status, answer.text());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Locks in compliance mode what is written to a bucket from now on, for some days.
    ///
    /// # Panics
    /// Where the service does not take that.
    pub fn lock_by_default(&self, bucket: &str, days: u32) {
        let body = format!(
            "<ObjectLockConfiguration xmlns=\"{SPACE}\"><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>\
             <Mode>COMPLIANCE</Mode><Days>{days}</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
        );
        let path = format!("/{bucket}");
        let query = [("object-lock", "")];
        let ask = Ask { method: "PUT", path: &path, query: &query, headers: &[], body: body.as_bytes() };
        let answer = self.ask(OWNER, &ask);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Writes a file and asks for no lock. Returns the status.
    pub fn write(&self, key: Key, place: &str, body: &[u8]) -> u16 {
        let ask = Ask { method: "PUT", path: &format!("/{place}"), query: &[], headers: &[], body };
        self.ask(key, &ask).status
    }

    /// Begins to put a file in parts, and never goes on, as after a crash.
    ///
    /// # Panics
    /// Where the service does not begin it.
    pub fn begin_parts(&self, key: Key, place: &str) {
        let path = format!("/{place}");
        let ask = Ask { method: "POST", path: &path, query: &[("uploads", "")], headers: &[], body: b"" };
        let answer = self.ask(key, &ask);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// How many files of a bucket were begun to be put in parts and not completed.
    #[must_use]
    pub fn begun_parts(&self, bucket: &str) -> usize {
        self.list(bucket, &[("uploads", "")]).elements("Upload").len()
    }

    /// The file at `bucket/name`: its newest version, or the one that is named; nothing where there is none.
    ///
    /// # Panics
    /// Where the service does not say.
    #[must_use]
    pub fn read(&self, place: &str, version: Option<&str>) -> Option<Vec<u8>> {
        let query = version.map(|version| ("versionId", version));
        let path = format!("/{place}");
        let ask = Ask { method: "GET", path: &path, query: query.as_slice(), headers: &[], body: b"" };
        let answer = self.ask(OWNER, &ask);
        match answer.status {
            200 => Some(answer.body),
            404 => None,
            status => panic!("{place}: {status} {}", answer.text()),
        }
    }

    /// The names in a bucket that begin so.
    #[must_use]
    pub fn names(&self, bucket: &str, beginning: &str) -> Vec<String> {
        let query = [("list-type", "2"), ("prefix", beginning)];
        self.list(bucket, &query).elements("Key")
    }

    /// The versions of the file at `bucket/name`, the newest first, without marks that it was deleted.
    ///
    /// # Panics
    /// Where `place` has no slash.
    #[must_use]
    pub fn versions(&self, place: &str) -> Vec<String> {
        let (bucket, name) = place.split_once('/').expect("bucket/name");
        let answer = self.list(bucket, &[("prefix", name), ("versions", "")]);
        let versions = answer.elements("Version").into_iter();
        let of = |element: String| Answer { status: 200, body: element.into_bytes() };
        versions
            .map(of)
            .filter(|one| one.elements("Key") == [name])
            .flat_map(|one| one.elements("VersionId"))
            .collect()
    }

    /// Deletes a version for ever, past governance where the key may do that; without a version, marks the file as deleted. Returns the
    /// status.
    pub fn delete(&self, key: Key, place: &str, version: Option<&str>) -> u16 {
        let query = version.map(|version| ("versionId", version));
        let path = format!("/{place}");
        let headers = [("x-amz-bypass-governance-retention", "true")];
        let headers: &[_] = if version.is_some() { &headers } else { &[] };
        self.ask(key, &Ask { method: "DELETE", path: &path, query: query.as_slice(), headers, body: b"" })
            .status
    }

    /// Locks a version anew, past governance where the key may do that. Returns the status.
    pub fn retain(&self, key: Key, place: &str, version: &str, mode: &str, until: Timestamp) -> u16 {
        let seconds = Timestamp::from_micros(until.micros() / 1_000_000 * 1_000_000).to_string();
        let body = format!(
            "<Retention xmlns=\"{SPACE}\"><Mode>{mode}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
            seconds.replace(".000000", "")
        );
        let path = format!("/{place}");
        let query = [("retention", ""), ("versionId", version)];
        let headers = [("x-amz-bypass-governance-retention", "true")];
        let ask = Ask { method: "PUT", path: &path, query: &query, headers: &headers, body: body.as_bytes() };
        self.ask(key, &ask).status
    }

    /// Mode and end of the lock on a version.
    ///
    /// # Panics
    /// Where it has none.
    #[must_use]
    pub fn lock(&self, place: &str, version: &str) -> (String, Timestamp) {
        let path = format!("/{place}");
        let query = [("retention", ""), ("versionId", version)];
        let answer =
            self.ask(OWNER, &Ask { method: "GET", path: &path, query: &query, headers: &[], body: b"" });
        let one = |name| answer.elements(name).pop();
        let (Some(mode), Some(until)) = (one("Mode"), one("RetainUntilDate")) else {
            panic!("no lock on {place}: {} {}", answer.status, answer.text())
        };
        (mode, Timestamp::parse(&until).expect("a time"))
    }

    /// Stops keeping versions in a bucket, if the service lets its owner. Returns the status.
    pub fn suspend_versions(&self, bucket: &str) -> u16 {
        let body = format!(
            "<VersioningConfiguration xmlns=\"{SPACE}\"><Status>Suspended</Status></VersioningConfiguration>"
        );
        let path = format!("/{bucket}");
        let query = [("versioning", "")];
        self.ask(
            OWNER,
            &Ask { method: "PUT", path: &path, query: &query, headers: &[], body: body.as_bytes() },
        )
        .status
    }

    /// Removes a bucket, if the service lets its owner. Returns the status.
    pub fn remove(&self, bucket: &str) -> u16 {
        let path = format!("/{bucket}");
        self.ask(OWNER, &Ask { method: "DELETE", path: &path, query: &[], headers: &[], body: b"" }).status
    }

    fn list(&self, bucket: &str, query: &[(&str, &str)]) -> Answer {
        let path = format!("/{bucket}");
        let answer = self.ask(OWNER, &Ask { method: "GET", path: &path, query, headers: &[], body: b"" });
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    fn ask(&self, key: Key, ask: &Ask<'_>) -> Answer {
        ask.send(self.port, key, &stamp(now())).expect("an answer")
    }
}

/// Everything in one process, on the loopback address alone.
fn command(folder: &Path, identities: &Path, ports: [u16; 8]) -> Command {
    let mut command = Command::new(find("weed"));
    command
        .arg("server")
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.iam=false"])
        .args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"])
        .args(["-master.volumeSizeLimitMB=64", "-volume.max=16"])
        .arg(format!("-dir={}", folder.display()))
        .arg(format!("-s3.config={}", identities.display()))
        .arg(format!("-filer.localSocket={}", folder.join("filer.sock").display()))
        .arg(format!("-s3.localSocket={}", folder.join("s3.sock").display()))
        .current_dir(folder);
    let names = [
        "master.port",
        "volume.port",
        "filer.port",
        "master.port.grpc",
        "volume.port.grpc",
        "filer.port.grpc",
        "s3.port.grpc",
        "s3.port",
    ];
    command.args(names.iter().zip(ports).map(|(name, port)| format!("-{name}={port}")));
    command
}

fn identities() -> String {
    let each = RIGHTS.map(|(Key { id, secret }, rights)| {
        format!(
            r#"{{"name": "{id}", "credentials": [{{"accessKey": "{id}", "secretKey": "{secret}"}}], "actions": [{rights}]}}"#
        )
    });
    format!(r#"{{"identities": [{}]}}"#, each.join(", "))
}

/// A time as signatures have it, such as `20260102T030405Z`.
fn stamp(at: Timestamp) -> String {
    let text = at.to_string();
    let digits: String = text.chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_signatures_have_them() {
        assert_eq!(stamp(Timestamp::parse("2026-01-02T03:04:05.000006Z").unwrap()), "20260102T030405Z");
    }

    #[test]
    fn identities_are_json() {
        let value: serde_json::Value = serde_json::from_str(&identities()).unwrap();
        assert_eq!(value["identities"].as_array().map(Vec::len), Some(2));
    }
}
