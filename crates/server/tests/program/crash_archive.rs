//! Killed while the log is archived: no segment counts that is not whole, and the next server goes on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::Duration,
};

use crate::{client::Owner, demo::Demo, support::Place};

/// How long after a file came into the archive the server is killed, in microseconds.
const PAUSES: [u64; 8] = [0, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
/// Looks at the archive, a millisecond apart, before it counts as quiet.
const LOOKS: u32 = 3_000;

/// The history of a demonstration is weeks old, so all of it is due at its start.
#[test]
fn archive_is_whole_when_the_server_is_killed_again_and_again() {
    let place = Place::empty();
    let archive = place.path("kept/archive");
    for pause in PAUSES {
        let mut child = started(&place);
        let before = files(&archive);
        wait(|| files(&archive) != before, &mut child);
        nap(Duration::from_micros(pause));
        child.kill().unwrap();
        child.wait().unwrap();
        for manifest in files(&archive).iter().filter(|file| file.ends_with("manifest")) {
            for other in ["events.parquet", "tiles"] {
                assert!(manifest.with_file_name(other).is_file(), "{} is half a segment", manifest.display());
            }
        }
    }
    let demo = Demo::start(&place, &["--keep", "kept", "--archive"]);
    let tenants = || {
        let manifests = files(&archive).into_iter().filter(|file| file.ends_with("manifest"));
        let mut tenants: Vec<PathBuf> =
            manifests.filter_map(|file| Some(file.parent()?.parent()?.to_owned())).collect();
        tenants.dedup();
        tenants.len()
    };
    for _ in 0..60 {
        if tenants() == 2 {
            break;
        }
        nap(Duration::from_secs(1));
    }
    assert_eq!(tenants(), 2, "the platform and the organisation");
    let host = demo.url().strip_prefix("http://").unwrap();
    let address = host.replace("localhost", "127.0.0.1").parse().unwrap();
    let operator = &demo.ready["sign_ins"][3];
    let [email, password] = ["address", "password"].map(|name| operator[name].as_str().unwrap());
    let key = Owner::sign_in(address, host, email, password).read(address, "/v1/audit/verification");
    let key = key["verifier"].as_str().unwrap().to_owned();
    demo.stop();
    let held = place.run(["audit", "verify", "--archive", "kept/archive", "--key", &key]);
    assert!(held.code == 0 && held.out.contains("Every segment holds"), "{held:?}");
    let verified = place.run(["audit", "verify", "--config", "kept/bailiwick.toml"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// A demonstration that was just started, and may not serve yet.
fn started(place: &Place) -> Child {
    let args =
        ["demo", "--listen", "127.0.0.1:0", "--ready-file", "ready.json", "--keep", "kept", "--archive"];
    drop(fs::remove_file(place.path("ready.json")));
    let mut child = place.command(args).spawn().unwrap();
    // The seeding comes before, and takes long.
    while !place.path("kept/sign-ins.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        nap(Duration::from_millis(1));
    }
    child
}

/// Waits until something happens, or nothing is going to.
fn wait(happened: impl Fn() -> bool, child: &mut Child) {
    for _ in 0..LOOKS {
        if happened() {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        nap(Duration::from_millis(1));
    }
}

/// The files of the archive, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort_unstable();
    found
}

#[allow(clippy::disallowed_methods, reason = "another process has to get on")]
fn nap(time: Duration) {
    thread::sleep(time);
}
