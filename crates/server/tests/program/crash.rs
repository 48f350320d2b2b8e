//! Killed at any moment, under load: whatever was acknowledged is there with its record, and the audit log verifies.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, Hasher, RandomState},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use rustix::process::Signal;

use crate::{
    postgres::{beside_postgres, init},
    support::{HOST, Place, connect},
};

/// How often the server is killed on each database.
const KILLS: usize = 50;
/// Clients that write at the same time.
const CLIENTS: usize = 8;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_sqlite() {
    let place = Place::empty();
    kill_again_and_again(&place);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_on_postgresql() {
    let (place, _database) = beside_postgres();
    kill_again_and_again(&place);
}

#[allow(clippy::disallowed_methods, reason = "a moment of this very thread, which serves nobody")]
fn kill_again_and_again(place: &Place) {
    let link = init(place);
    let owner = {
        let server = place.serve(&[]);
        let owner = Owner::enrol(server.address, &link);
        assert_eq!(server.stop().0.code(), Some(0));
        owner
    };
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let number = Arc::new(AtomicUsize::new(0));
    let mut moments = Moments::new();
    for kill in 0..KILLS {
        let server = place.serve(&[]);
        let address = server.address;
        let (told, heard) = sync_channel(CLIENTS);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (owner, acknowledged, number) =
                    (owner.clone(), Arc::clone(&acknowledged), Arc::clone(&number));
                let told = told.clone();
                thread::spawn(move || owner.invite_until_cut_off(address, &acknowledged, &number, &told))
            })
            .collect();
        drop(told);
        // After any number of answers, none among them, and then anywhere between request and commit.
        let (answers, pause) = moments.next();
        heard.iter().take(answers).for_each(drop);
        thread::sleep(pause);
        server.signal(Signal::KILL);
        server.end();
        clients.into_iter().for_each(|client| client.join().unwrap());
        if kill % 10 == 9 {
            verify(place);
        }
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(
        acknowledged.len() >= KILLS,
        "only {} changes were acknowledged: the load was none",
        acknowledged.len()
    );
    let server = place.serve(&[]);
    let stored = owner.invited(server.address);
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged changes are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
    // In its last round the sequencer gives every record its place, where a search finds it.
    assert_eq!(server.stop().0.code(), Some(0));
    verify(place);
    let server = place.serve(&[]);
    let recorded = owner.recorded(server.address);
    let once: BTreeSet<_> = recorded.iter().map(String::as_str).collect();
    assert_eq!(once.len(), recorded.len(), "one change has one record");
    let silent: Vec<_> = acknowledged.iter().filter(|(_, id)| !once.contains(id.as_str())).collect();
    assert!(
        silent.is_empty(),
        "{} of {} acknowledged changes have no record: {silent:?}",
        silent.len(),
        acknowledged.len()
    );
    assert_eq!(server.stop().0.code(), Some(0));
}

/// When the server is killed: at random, from a seed that a failing run has printed.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        #[allow(clippy::print_stdout, reason = "whoever looks into a failing run needs it")]
        {
            println!("moments of the kills from seed {seed}");
        }
        Self(seed)
    }

    /// After how many answers, and how long after the last of them: up to a few commits later.
    fn next(&mut self) -> (usize, Duration) {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ mixed >> 31;
        (usize::try_from(mixed % 17).unwrap(), Duration::from_micros((mixed >> 32) % 12_000))
    }
}

fn verify(place: &Place) {
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("Every record fits"), "{verified:?}");
}

/// A signed-in platform owner: what every request carries.
#[derive(Clone)]
struct Owner {
    headers: String,
}

impl Owner {
    /// Follows the enrolment link as a browser would.
    fn enrol(address: SocketAddr, link: &str) -> Self {
        let path = link.split_once("/enrol/").map(|(_, token)| format!("/enrol/{}", token.trim())).unwrap();
        let page = Http::open(address).ask("GET", &path, "", "");
        let cookie = page.cookie("__Host-bailiwick-pre").unwrap();
        let csrf = between(&page.body, "name=\"csrf\" value=\"", "\"");
        let form = format!("csrf={csrf}&new=nine+brass+lanterns+adrift&again=nine+brass+lanterns+adrift");
        let head = format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        let done = Http::open(address).ask("POST", &path, &head, &form);
        let cookie = done.cookie("__Host-bailiwick").unwrap_or_else(|| panic!("{}{}", done.head, done.body));
        let account = Http::open(address).ask("GET", "/account", &format!("Cookie: {cookie}\r\n"), "");
        let csrf = between(&account.body, "name=\"csrf\" value=\"", "\"");
        Self { headers: format!("Cookie: {cookie}\r\nx-csrf-token: {csrf}\r\n") }
    }

    /// Invites one address after the other until the server is gone, and notes what was acknowledged.
    fn invite_until_cut_off(
        &self,
        address: SocketAddr,
        acknowledged: &Mutex<BTreeSet<(String, String)>>,
        number: &AtomicUsize,
        told: &SyncSender<()>,
    ) {
        let Ok(stream) = TcpStream::connect(address) else { return };
        let mut http = Http::over(stream);
        let head = format!("{}Content-Type: application/json\r\n", self.headers);
        loop {
            let email = format!("person{}@example.com", number.fetch_add(1, Ordering::Relaxed));
            let body = format!("{{\"email\":\"{email}\",\"role\":\"platform_support\"}}");
            let Some(answer) = http.try_ask("POST", "/v1/invitations", &head, &body) else { return };
            assert!(answer.status() == 201 || answer.status() == 503, "{}{}", answer.head, answer.body);
            if answer.status() == 201 {
                let made: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                acknowledged.lock().unwrap().insert((email, text(&made["id"])));
                // Full or closed once the server is about to be killed.
                let _ = told.try_send(());
            }
        }
    }

    /// Every address that has an invitation, with the invitation's id.
    fn invited(&self, address: SocketAddr) -> BTreeSet<(String, String)> {
        let items = self.listed(address, "/v1/invitations?", "");
        items.iter().map(|item| (text(&item["email"]), text(&item["id"]))).collect()
    }

    /// The invitation of every record that somebody was invited.
    fn recorded(&self, address: SocketAddr) -> Vec<String> {
        let items = self.listed(address, "/v1/audit/events?", "action=user.invited&outcome=ok");
        items.iter().map(|item| text(&item["entity"]["id"])).collect()
    }

    /// All pages of a list.
    fn listed(&self, address: SocketAddr, path: &str, filter: &str) -> Vec<serde_json::Value> {
        let mut http = Http::open(address);
        let (mut items, mut query) = (Vec::new(), filter.to_owned());
        loop {
            let answer = http.ask("GET", &format!("{path}{query}"), &self.headers, "");
            assert_eq!(answer.status(), 200, "{}{}", answer.head, answer.body);
            let page: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) if filter.is_empty() => query = format!("cursor={next}"),
                Some(next) => query = format!("{filter}&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// One connection that stays open.
struct Http {
    stream: BufReader<TcpStream>,
}

struct Answer {
    head: String,
    body: String,
}

impl Http {
    fn open(address: SocketAddr) -> Self {
        Self::over(connect(address))
    }

    fn over(stream: TcpStream) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        self.try_ask(method, path, headers, body).expect("an answer")
    }

    /// The whole answer, or nothing if the connection ended before all of it was there.
    fn try_ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Option<Answer> {
        let length = body.len();
        let stream = self.stream.get_mut();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut head = String::new();
        loop {
            let from = head.len();
            if self.stream.read_line(&mut head).ok()? == 0 {
                return None;
            }
            if &head[from..] == "\r\n" {
                break;
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).ok()?;
        Some(Answer { head, body: String::from_utf8(body).unwrap() })
    }
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// `name=value` of a cookie that the answer sets.
    fn cookie(&self, name: &str) -> Option<String> {
        let set = self.head.lines().filter_map(|line| {
            line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie"))
        });
        let pairs = set.filter_map(|(_, value)| value.split(';').next());
        pairs
            .map(str::to_owned)
            .find(|pair| pair.split_once('=').is_some_and(|(key, value)| key == name && !value.is_empty()))
    }
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    text.split_once(before)
        .and_then(|(_, rest)| rest.split_once(after))
        .map(|(found, _)| found)
        .unwrap_or_else(|| panic!("{before} is not in {text}"))
}
