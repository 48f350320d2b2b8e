//! Killed while exports are written: lines go on behind what was noted, columns begin anew, and the file is the one that is digested.

use std::{net::SocketAddr, thread, time::Duration};

use bailiwick_proof::archive::Manifest;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::{Http, Owner, text},
    crash::verify,
    crash_events::batch,
    letters::organisation,
    postgres::beside_postgres,
    support::Place,
};

/// Batches of events in the log, and events in each: enough that an export takes a while.
const BATCHES: usize = 20;
const EVENTS: usize = 100;
/// How often it is looked. Another server takes an export over when nothing was heard of its writer for a minute.
const LOOKS: u32 = 1_500;
const PAUSE: Duration = Duration::from_millis(100);

#[test]
fn export_goes_on_when_the_server_is_killed_on_sqlite() {
    kill_while_written(&mut Place::empty());
}

#[test]
fn export_goes_on_when_the_server_is_killed_on_postgresql() {
    let (mut place, _database) = beside_postgres();
    kill_while_written(&mut place);
}

fn kill_while_written(place: &mut Place) {
    let owner = organisation(place);
    let server = place.serve(&[]);
    let mut http = Http::open(server.address);
    for number in 0..BATCHES {
        let stored = owner.send(&mut http, "/v1/audit/events", &batch(number, EVENTS)).unwrap();
        assert_eq!(stored.status(), 200, "{}{}", stored.head, stored.body);
    }
    // An export holds what has its place when it is asked for. The same events once more, until the last of them has it.
    let last = batch(BATCHES - 1, EVENTS);
    let placed = (0..LOOKS).any(|_| {
        let path = "/v1/audit/events?wait=included";
        owner.send(&mut http, path, &last).unwrap().status() == 200
    });
    assert!(placed, "the last events get no place");
    let formats: &[&str] = if cfg!(feature = "columnar") { &["jsonl", "parquet"] } else { &["jsonl"] };
    let asked: Vec<String> = formats
        .iter()
        .map(|format| {
            let made = owner.send(&mut http, "/v1/audit/exports", &json!({"format": format})).unwrap();
            assert_eq!(made.status(), 201, "{}{}", made.head, made.body);
            text(&serde_json::from_str::<Value>(&made.body).unwrap()["id"])
        })
        .collect();
    drop(http);
    // Each is killed while it is written: the second is taken up while nobody may yet go on with the first.
    let mut server = server;
    for id in &asked {
        until(&owner, server.address, id, |export| {
            export["state"] != "waiting" || export["progress"]["records"].as_i64() > Some(0)
        });
        server.signal(Signal::KILL);
        server.end();
        server = place.serve(&[]);
    }
    for (format, id) in formats.iter().zip(&asked) {
        let export = until(&owner, server.address, id, |export| export["state"] != "waiting");
        assert_eq!(export["state"], "done", "{export}");
        let path = format!("/v1/audit/exports/{id}/file");
        let file = Http::open(server.address).ask("GET", &path, &owner.headers, "");
        assert_eq!(file.status(), 200, "{}", file.head);
        assert_eq!(export["octets"], file.octets.len(), "{format}");
        // The digest of any octets: SHA-256.
        assert_eq!(export["sha256"], Manifest::digest(&file.octets).to_string(), "{format}");
        let records = usize::try_from(export["records"].as_i64().unwrap()).unwrap();
        assert!(records > BATCHES * EVENTS, "{format}: {records}");
        if *format == "jsonl" {
            let index =
                |line: &str| serde_json::from_str::<Value>(line).unwrap()["leaf_index"].as_i64().unwrap();
            let found: Vec<i64> = file.body.lines().map(index).collect();
            let expected: Vec<i64> = (0..i64::try_from(records).unwrap()).rev().collect();
            assert!(found == expected, "each record once, newest first");
        }
    }
    assert_eq!(server.stop().0.code(), Some(0));
    verify(place);
}

/// Looks at an export until it is as it should be.
#[allow(clippy::disallowed_methods, reason = "another process has to get on")]
fn until(owner: &Owner, address: SocketAddr, id: &str, there: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..LOOKS {
        let export = owner.read(address, &format!("/v1/audit/exports/{id}"));
        if there(&export) {
            return export;
        }
        thread::sleep(PAUSE);
    }
    panic!("export {id} does not get on")
}
