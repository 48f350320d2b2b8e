//! The demonstration.

use std::{path::Path, process::Child};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Place, get};

/// A running demonstration and its ready file.
pub(crate) struct Demo {
    child: Child,
    pub(crate) ready: Value,
}

impl Demo {
    pub(crate) fn start(place: &Place, further: &[&str]) -> Self {
        Self::start_on(place, "127.0.0.1:0", further)
    }

    fn start_on(place: &Place, listen: &str, further: &[&str]) -> Self {
        let file = place.path("ready.json");
        drop(std::fs::remove_file(&file));
        let mut args = vec!["demo", "--listen", listen, "--ready-file", "ready.json"];
        args.extend(further);
        let mut child = place.command(args).spawn().unwrap();
        while !file.exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            #[allow(clippy::disallowed_methods, reason = "another process has to get on")]
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let ready = serde_json::from_str(&place.read("ready.json")).unwrap();
        Self { child, ready }
    }

    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    /// Ends it, and hands out what it printed.
    pub(crate) fn stop(self) -> String {
        self.stop_with_warnings().0
    }

    /// As [`stop`](Self::stop), and beside it what went to standard error.
    fn stop_with_warnings(self) -> (String, String) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let output = self.child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn a_newcomer_reads_where_the_demo_is_and_how_to_sign_in() {
    let mut place = Place::empty();
    // Neither file nor environment has a part in a demonstration.
    place.write("bailiwick.toml", "nonsense = 1");
    place.set("BAILIWICK_SERVER__NONSENSE", "1");
    let temporary = place.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    place.set("TMPDIR", temporary.to_str().unwrap());
    let demo = Demo::start(&place, &[]);
    let port = demo.url().strip_prefix("http://localhost:").unwrap();
    assert!(get(format!("127.0.0.1:{port}").parse().unwrap(), "/readyz").starts_with("HTTP/1.1 200"));
    let who: Vec<_> = demo.ready["sign_ins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["who"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(who, ["owner", "operations manager", "auditor", "platform operator"]);
    let (url, password) =
        (demo.url().to_owned(), demo.ready["sign_ins"][0]["password"].as_str().unwrap().to_owned());
    let printed = demo.stop();
    assert!(
        printed.contains(&url) && printed.contains(&password) && printed.contains("Look first at"),
        "{printed}"
    );
    assert!(is_empty(&temporary), "its data is gone");
}

#[test]
fn a_demo_that_others_can_reach_says_what_they_can_read() {
    let place = Place::empty();
    let (_, warned) = Demo::start_on(&place, "0.0.0.0:0", &[]).stop_with_warnings();
    assert!(warned.contains("WARNING: the demonstration listens on 0.0.0.0:"), "{warned}");
    assert!(warned.contains("can read its mailbox without signing in"), "{warned}");
    let (_, silent) = Demo::start(&place, &[]).stop_with_warnings();
    assert!(!silent.contains("WARNING"), "{silent}");
}

#[test]
fn a_demo_that_is_kept_goes_on_where_it_ended() {
    let place = Place::empty();
    let first = Demo::start(&place, &["--keep", "kept"]);
    let sign_ins = first.ready["sign_ins"].clone();
    first.stop();
    let second = Demo::start(&place, &["--keep", "kept"]);
    assert_eq!(second.ready["sign_ins"], sign_ins);
    second.stop();
    assert!(place.path("kept/data/bailiwick.db").exists());
    // The other commands read the file beside it; streams can be tried on this machine.
    let config = place.read("kept/bailiwick.toml");
    assert!(config.contains("never reads it") && config.contains("127.0.0.0/8"), "{config}");
    let verified = place.run(["audit", "verify", "--config", "kept/bailiwick.toml"]);
    assert_eq!(verified.code, 0, "{} {}", verified.out, verified.err);
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}
