//! Somebody who speaks HTTP to the program, and when it is killed meanwhile.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::support::{HOST, connect};

/// When the server is killed: at random, from a seed that a failing run has printed.
pub(crate) struct Moments(u64);

impl Moments {
    pub(crate) fn new() -> Self {
        let seed = RandomState::new().build_hasher().finish();
        #[allow(clippy::print_stdout, reason = "whoever looks into a failing run needs it")]
        {
            println!("moments of the kills from seed {seed}");
        }
        Self(seed)
    }

    /// After how many answers, and how long after the last of them: up to a few commits later.
    pub(crate) fn next(&mut self) -> (usize, Duration) {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ mixed >> 31;
        (usize::try_from(mixed % 17).unwrap(), Duration::from_micros((mixed >> 32) % 12_000))
    }
}

/// Somebody who is signed in: what every request carries.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) headers: String,
    host: String,
}

impl Owner {
    /// Follows the enrolment link as a browser would.
    pub(crate) fn enrol(address: SocketAddr, link: &str) -> Self {
        let path = link.split_once("/enrol/").map(|(_, token)| format!("/enrol/{}", token.trim())).unwrap();
        let page = Http::open(address).ask("GET", &path, "", "");
        let cookie = page.cookie("__Host-bailiwick-pre").unwrap();
        let csrf = between(&page.body, "name=\"csrf\" value=\"", "\"");
        let form = format!("csrf={csrf}&new=nine+brass+lanterns+adrift&again=nine+brass+lanterns+adrift");
        let head = format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        let done = Http::open(address).ask("POST", &path, &head, &form);
        Self::signed_in(address, HOST, &done)
    }

    /// Signs in with a password at a program that answers to this name.
    pub(crate) fn sign_in(address: SocketAddr, host: &str, email: &str, password: &str) -> Self {
        let mut http = Http::named(connect(address), host);
        let page = http.ask("GET", "/sign-in", "", "");
        let cookie = page.cookie("__Host-bailiwick-pre").unwrap();
        let csrf = between(&page.body, "name=\"csrf\" value=\"", "\"");
        let form = format!("csrf={csrf}&address={}&password={password}", email.replace('@', "%40"));
        let head = format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        Self::signed_in(address, host, &http.ask("POST", "/sign-in", &head, &form))
    }

    /// Whoever an answer has given a session.
    pub(crate) fn signed_in(address: SocketAddr, host: &str, done: &Answer) -> Self {
        let cookie = done.cookie("__Host-bailiwick").unwrap_or_else(|| panic!("{}{}", done.head, done.body));
        let account =
            Http::named(connect(address), host).ask("GET", "/account", &format!("Cookie: {cookie}\r\n"), "");
        let csrf = between(&account.body, "name=\"csrf\" value=\"", "\"");
        Self { headers: format!("Cookie: {cookie}\r\nx-csrf-token: {csrf}\r\n"), host: host.to_owned() }
    }

    /// Asks for one thing that is there.
    pub(crate) fn read(&self, address: SocketAddr, path: &str) -> Value {
        let answer = Http::named(connect(address), &self.host).ask("GET", path, &self.headers, "");
        assert_eq!(answer.status(), 200, "{}{}", answer.head, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// Sends JSON on a connection, if the connection lasts.
    pub(crate) fn send(&self, http: &mut Http, path: &str, body: &Value) -> Option<Answer> {
        let head = format!("{}Content-Type: application/json\r\n", self.headers);
        http.try_ask("POST", path, &head, &body.to_string())
    }

    /// All pages of a list.
    pub(crate) fn listed(&self, address: SocketAddr, path: &str, filter: &str) -> Vec<Value> {
        let mut http = Http::named(connect(address), &self.host);
        let (mut items, mut query) = (Vec::new(), filter.to_owned());
        loop {
            let answer = http.ask("GET", &format!("{path}{query}"), &self.headers, "");
            assert_eq!(answer.status(), 200, "{}{}", answer.head, answer.body);
            let page: Value = serde_json::from_str(&answer.body).unwrap();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) if filter.is_empty() => query = format!("cursor={next}"),
                Some(next) => query = format!("{filter}&cursor={next}"),
                None => return items,
            }
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// One connection that stays open.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    host: String,
}

pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) octets: Vec<u8>,
}

impl Http {
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::over(connect(address))
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        Self::named(stream, HOST)
    }

    /// To a program that answers to this name.
    pub(crate) fn named(stream: TcpStream, host: &str) -> Self {
        Self { stream: BufReader::new(stream), host: host.to_owned() }
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        self.try_ask(method, path, headers, body).expect("an answer")
    }

    /// The whole answer, or nothing if the connection ended before all of it was there.
    pub(crate) fn try_ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Option<Answer> {
        let (length, host) = (body.len(), self.host.clone());
        let stream = self.stream.get_mut();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
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
        let mut octets = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut octets).ok()?;
        Some(Answer { head, body: String::from_utf8_lossy(&octets).into_owned(), octets })
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// `name=value` of a cookie that the answer sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
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
