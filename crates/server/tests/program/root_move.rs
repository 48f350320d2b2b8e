//! Another root key for an installation that is being used: from a file to a real OpenBao.
#![allow(clippy::disallowed_methods, reason = "other processes have to get on, each in its own time")]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use bailiwick_peers::OpenBao;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::{Http, Owner, text},
    letters::organisation,
    postgres::beside_postgres,
    support::{Place, Server},
};

/// How long a move of a few keys may take. It only ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(90);
/// Programs that store and get secrets meanwhile.
const PROGRAMS: usize = 3;

/// The settings of one of the two sections, as flags.
fn transit(section: &str, bao: &OpenBao) -> Vec<String> {
    let address = bao.address();
    let settings = [
        ("provider", "transit"),
        ("root_key", "next.key"),
        ("transit_url", &address),
        ("transit_token_file", "token"),
    ];
    let flags = settings.map(|(name, value)| ["--set".to_owned(), format!("{section}.{name}={value}")]);
    flags.concat()
}

fn args<'a>(command: &[&'a str], flags: &'a [String]) -> Vec<&'a str> {
    command.iter().copied().chain(flags.iter().map(String::as_str)).collect()
}

fn serve(place: &Place, flags: &[String]) -> Server {
    place.serve(&args(&[], flags))
}

/// A service with a key, whose token lies in the folder.
fn service(place: &Place) -> OpenBao {
    let bao = OpenBao::start();
    bao.make_key("bailiwick", &json!({}));
    place.write("token", bao.token("bailiwick"));
    bao
}

/// A key that gets secrets.
fn key(owner: &Owner, at: SocketAddr) -> String {
    let new = json!({"name": "Runner", "scopes": ["secret:use"], "networks": ["127.0.0.1/32"]});
    let made = owner.send(&mut Http::open(at), "/v1/api-keys", &new).unwrap();
    assert_eq!(made.status(), 201, "{}", made.body);
    text(&serde_json::from_str::<Value>(&made.body).unwrap()["secret"])
}

fn resolve(at: SocketAddr, key: &str, name: &str) -> Result<String, String> {
    let head = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
    let asked = json!({"names": [name]}).to_string();
    let answer = Http::open(at).ask("POST", "/v1/secrets/resolve", &head, &asked);
    if answer.status() != 200 {
        return Err(format!("{}{}", answer.head, answer.body));
    }
    Ok(text(&serde_json::from_str::<Value>(&answer.body).unwrap()["items"][0]["value"]))
}

/// Programs that store secrets and get them back, wherever the server is now.
struct Load {
    at: Arc<Mutex<SocketAddr>>,
    stop: Arc<AtomicBool>,
    programs: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    fn begin(owner: &Owner, key: &str, at: SocketAddr) -> Self {
        let (at, stop) = (Arc::new(Mutex::new(at)), Arc::new(AtomicBool::new(false)));
        let programs = (0..PROGRAMS).map(|program| {
            let (owner, key, at, stop) = (owner.clone(), key.to_owned(), Arc::clone(&at), Arc::clone(&stop));
            thread::spawn(move || {
                let mut names = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let (here, name) = (*at.lock().unwrap(), format!("load/p{program}/s{}", names.len()));
                    let new = json!({"name": name, "value": format!("the value of {name}")});
                    let stored = owner.send(&mut Http::open(here), "/v1/secrets", &new).unwrap();
                    assert_eq!(stored.status(), 201, "{name}: {}{}", stored.head, stored.body);
                    assert_eq!(resolve(here, &key, &name), Ok(format!("the value of {name}")));
                    names.push(name);
                    thread::sleep(Duration::from_millis(200));
                }
                names
            })
        });
        Self { programs: programs.collect(), at, stop }
    }

    /// Ends it. Every request was answered, and these secrets are stored.
    fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let names: Vec<_> = self.programs.into_iter().flat_map(|program| program.join().unwrap()).collect();
        assert!(names.len() > 2 * PROGRAMS, "only {} secrets: the load was none", names.len());
        names
    }
}

/// Waits until the page of keys says that the move is finished.
fn finished(owner: &Owner, at: SocketAddr) {
    let began = Instant::now();
    loop {
        let told = owner.read(at, "/v1/keys");
        match told["root_move"]["state"].as_str() {
            Some("finished") => {
                assert_eq!(told["versions"][0]["root_key"], "transit:transit/bailiwick@1", "{told}");
                // How much of others' there is is for the platform alone.
                return assert!(told["root_move"]["installation"].is_null(), "{told}");
            }
            _ => assert!(began.elapsed() < PATIENCE, "{told}"),
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// From a file to a service, while programs store and get secrets. Nothing that they ask fails.
fn moves_under_load(place: &mut Place, several: bool) {
    let owner = organisation(place);
    let bao = service(place);
    let (both, new) = (transit("keys_next", &bao), transit("keys", &bao));
    let early = place.run(args(&["keys", "move-root", "--reason", "A service holds it."], &[]));
    assert!(early.code != 0 && early.err.contains("no next root key is configured"), "{early:?}");
    let prepared = place.run(args(&["keys", "prepare-root"], &both));
    assert!(prepared.code == 0 && prepared.out.contains("transit:transit/bailiwick@1"), "{prepared:?}");
    let again = place.run(args(&["keys", "prepare-root"], &both));
    assert!(again.code == 3 && again.err.contains("next.key exists already"), "{again:?}");

    let server = serve(place, &both);
    let key = key(&owner, server.address);
    let load = Load::begin(&owner, &key, server.address);
    thread::sleep(Duration::from_millis(500));
    let begun = place.run(args(&["keys", "move-root", "--reason", "A service holds it."], &both));
    assert!(begun.code == 0 && begun.out.contains("Every key moves from root key file:"), "{begun:?}");
    finished(&owner, server.address);
    thread::sleep(Duration::from_millis(500));
    // Over a database server another one takes over with the new root key alone, and nobody waits.
    let after = several.then(|| serve(place, &new));
    if let Some(after) = &after {
        *load.at.lock().unwrap() = after.address;
        thread::sleep(Duration::from_secs(2));
    }
    let names = load.end();
    let status = place.run(args(&["keys", "status"], &both));
    assert!(status.code == 0 && status.out.contains("Every key is wrapped by transit:"), "{status:?}");
    assert_eq!(server.stop().0.code(), Some(0));

    // The old one alone opens nothing any more, and says so before it serves anybody.
    let refused = place.run(args(&["serve"], &[]));
    assert!(refused.code == 3 && refused.err.contains("transit:transit/bailiwick@1"), "{refused:?}");
    let server = after.unwrap_or_else(|| serve(place, &new));
    for name in names.iter().rev().take(40) {
        assert_eq!(resolve(server.address, &key, name), Ok(format!("the value of {name}")));
    }
    assert_eq!(server.stop().0.code(), Some(0));
    let checked = place.run(args(&["check"], &new));
    assert!(checked.code == 0 && checked.out.contains("wrapped keys   ok"), "{checked:?}");
    let verified = place.run(args(&["audit", "verify"], &new));
    assert_eq!(verified.code, 0, "{verified:?}");
}

#[test]
fn root_key_moves_to_openbao_while_programs_seal_and_open_on_sqlite() {
    moves_under_load(&mut Place::empty(), false);
}

#[test]
fn root_key_moves_to_openbao_while_programs_seal_and_open_on_postgresql() {
    let (mut place, _database) = beside_postgres();
    moves_under_load(&mut place, true);
}

#[test]
fn move_goes_on_after_kills_and_the_old_root_key_may_not_go_before_its_end() {
    let mut place = Place::empty();
    let owner = organisation(&mut place);
    let bao = service(&place);
    let (both, new) = (transit("keys_next", &bao), transit("keys", &bao));
    assert_eq!(place.run(args(&["keys", "prepare-root"], &both)).code, 0);
    let begun = place.run(args(&["keys", "move-root", "--reason", "A service holds it."], &both));
    assert_eq!(begun.code, 0, "{begun:?}");
    // Nothing has moved yet, so the old one is needed; the signing key says so first, and then the keys of tenants.
    let early = place.run(args(&["serve"], &new));
    assert!(
        early.code == 3 && early.err.contains("the root key is not the one of this installation"),
        "{early:?}"
    );
    for after in [0, 5, 20, 60] {
        let server = serve(&place, &both);
        thread::sleep(Duration::from_millis(after));
        server.signal(Signal::KILL);
        server.end();
    }
    let server = serve(&place, &both);
    finished(&owner, server.address);
    assert_eq!(server.stop().0.code(), Some(0));
    let server = serve(&place, &new);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop().0.code(), Some(0));
    assert_eq!(place.run(args(&["audit", "verify"], &new)).code, 0);

    // Back into a file: only for somebody who means it.
    let file =
        ["--set", "keys_next.provider=file", "--set", "keys_next.root_key=file.key"].map(str::to_owned);
    let back = [&new[..], &file[..]].concat();
    assert_eq!(place.run(args(&["keys", "prepare-root"], &back)).code, 0);
    let refused = place.run(args(&["keys", "move-root", "--reason", "Back."], &back));
    assert!(refused.code != 0 && refused.err.contains("--allow-weaker"), "{refused:?}");
    let meant = ["keys", "move-root", "--reason", "Back to a file.", "--allow-weaker"];
    let begun = place.run(args(&meant, &back));
    assert_eq!(begun.code, 0, "{begun:?}");
}
