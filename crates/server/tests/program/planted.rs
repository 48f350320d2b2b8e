//! Marked secrets wherever one may enter, and a search for them in whatever comes out and in everything that is stored: as they are,
//! in hexadecimal digits and in base64.

use std::{collections::HashMap, fs, net::SocketAddr, path::Path};

use bailiwick_peers::OpenBao;
use bailiwick_testkit::postgres::TestDatabase;
use serde_json::{Value, json};

use crate::{
    client::{Answer, Http, Owner, text},
    letters::{Begun, begun},
    postgres::{asked, beside_postgres},
    root_key::held_by,
    support::{HOST, Place, connect, free_port, get},
};

/// The least octets of what is searched for: shorter texts stand anywhere by chance.
const HEAD: usize = 8;

/// What was planted, in every way in which it could be written.
#[derive(Default)]
struct Planted {
    found_by: HashMap<[u8; HEAD], Vec<(String, Vec<u8>)>>,
    names: Vec<String>,
}

impl Planted {
    fn plant(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= 12, "{name} is too short to be searched for");
        self.names.push(name.to_owned());
        let hex = |upper: bool| -> Vec<u8> {
            secret
                .iter()
                .flat_map(|octet| {
                    if upper { format!("{octet:02X}") } else { format!("{octet:02x}") }.into_bytes()
                })
                .collect()
        };
        self.known(name, "as it is", secret.to_vec());
        self.known(name, "in hexadecimal digits", hex(false));
        self.known(name, "in hexadecimal digits", hex(true));
        for alphabet in ["+/", "-_"] {
            for before in 0..3 {
                self.known(name, "in base64", base64(secret, before, alphabet));
            }
        }
    }

    fn known(&mut self, name: &str, how: &str, octets: Vec<u8>) {
        let head = *octets.first_chunk::<HEAD>().unwrap();
        self.found_by.entry(head).or_default().push((format!("{name}, {how}"), octets));
    }

    /// Which of them stand in these octets.
    fn found_in(&self, octets: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, head) in octets.windows(HEAD).enumerate() {
            let Some(known) = self.found_by.get(head) else { continue };
            for (name, needle) in known {
                if octets[at..].starts_with(needle) && !found.contains(&name.as_str()) {
                    found.push(name.as_str());
                }
            }
        }
        found
    }

    #[track_caller]
    fn not_in(&self, place: &str, octets: &[u8]) {
        let found = self.found_in(octets);
        assert!(found.is_empty(), "{place} holds {found:?}");
    }
}

/// The characters of base64 that depend on the secret alone where so many octets stand before it (RFC 4648).
fn base64(secret: &[u8], before: usize, alphabet: &str) -> Vec<u8> {
    let letters: Vec<u8> =
        (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(alphabet.bytes()).collect();
    let octets = [&vec![0; before][..], secret].concat();
    let bits = |at: usize| {
        let octet = |at: usize| u32::from(octets.get(at).copied().unwrap_or_default());
        octet(at) << 16 | octet(at + 1) << 8 | octet(at + 2)
    };
    let mut written = Vec::new();
    for at in (0..octets.len()).step_by(3) {
        written.extend([18, 12, 6, 0].map(|shift| letters[(bits(at) >> shift & 63) as usize]));
    }
    let whole = octets.len() * 8 / 6;
    written[(before * 8).div_ceil(6)..whole].to_vec()
}

#[test]
fn what_is_planted_is_found_however_it_is_written() {
    let mut planted = Planted::default();
    planted.plant("it", b"marked-opensesame-4242");
    for (text, how) in [
        ("x marked-opensesame-4242 y", "as it is"),
        ("6d61726b65642d6f70656e736573616d652d34323432", "in hexadecimal digits"),
        ("6D61726B65642D6F70656E736573616D652D34323432", "in hexadecimal digits"),
        ("bWFya2VkLW9wZW5zZXNhbWUtNDI0Mg==", "in base64"),
        // With one and with two octets before it.
        ("eG1hcmtlZC1vcGVuc2VzYW1lLTQyNDI=", "in base64"),
        ("eHhtYXJrZWQtb3BlbnNlc2FtZS00MjQy", "in base64"),
    ] {
        assert_eq!(planted.found_in(text.as_bytes()), [format!("it, {how}")], "{text}");
    }
    assert!(planted.found_in(b"marked-opensesame-424").is_empty());
}

/// Somebody who puts secrets in and keeps what comes back.
struct Planter<'p> {
    planted: &'p mut Planted,
    at: SocketAddr,
    /// What was answered to those who had no right to a secret.
    said: String,
}

impl Planter<'_> {
    fn made(&mut self, who: &Owner, path: &str, body: &Value) -> Value {
        let answer = who.send(&mut Http::open(self.at), path, body).unwrap();
        assert!(matches!(answer.status(), 200 | 201), "{path}: {}{}", answer.head, answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// As [`made`](Self::made), of what takes no body.
    fn asked(&mut self, headers: &str, path: &str) -> Answer {
        let answer = Http::open(self.at).ask("POST", path, headers, "");
        assert!(matches!(answer.status(), 200 | 201), "{path}: {}{}", answer.head, answer.body);
        answer
    }

    fn refused(&mut self, headers: &str, path: &str, body: &str) {
        let head = format!("{headers}Content-Type: application/json\r\n");
        let answer = Http::open(self.at).ask("POST", path, &head, body);
        assert!(answer.status() >= 400, "{path}: {}{}", answer.head, answer.body);
        self.said.push_str(&answer.head);
        self.said.push_str(&answer.body);
    }

    fn cookies(&mut self, who: &str, headers: &str) {
        let line = headers.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap();
        let (_, value) = line.split_once('=').unwrap();
        self.planted.plant(&format!("the session of {who}"), value.as_bytes());
    }
}

/// Puts secrets in by every way there is, and wrong ways too.
fn plant(planter: &mut Planter<'_>, place: &Place, owner: &Owner) {
    planter.cookies("the owner", &owner.headers);
    // Stored secrets and the key that gets them.
    let value = "marked-stored-value-8f3a61";
    planter.planted.plant("a stored secret", value.as_bytes());
    planter.made(owner, "/v1/secrets", &json!({"name": "gateway/key", "value": value}));
    let new = json!({"name": "Runner", "scopes": ["secret:use"], "networks": ["127.0.0.1/32"]});
    let key = text(&planter.made(owner, "/v1/api-keys", &new)["secret"]);
    planter.planted.plant("an API key", key.as_bytes());
    let bearer = format!("Authorization: Bearer {key}\r\n");
    let head = format!("{bearer}Content-Type: application/json\r\n");
    let got =
        Http::open(planter.at).ask("POST", "/v1/secrets/resolve", &head, r#"{"names":["gateway/key"]}"#);
    assert!(got.status() == 200 && got.body.contains(value), "{}", got.body);
    // A document.
    let content = "marked-document-content-5be2c7 and what else it says";
    planter.planted.plant("a document", b"marked-document-content-5be2c7");
    let upload =
        planter.made(owner, "/v1/documents/uploads", &json!({"name": "Plan.txt", "octets": content.len()}));
    let path = format!("/v1/documents/uploads/{}", text(&upload["id"]));
    let range = format!("Content-Range: bytes 0-{}/{}\r\n", content.len() - 1, content.len());
    let head = format!("{}Content-Type: application/octet-stream\r\n{range}", owner.headers);
    let put = Http::open(planter.at).ask("PUT", &path, &head, content);
    assert!(put.status() < 300, "{}{}", put.head, put.body);
    planter.asked(&owner.headers, &format!("{path}/finish"));
    // A stream with a token in its address, and the secret that signs what is sent.
    planter.planted.plant("a token in an address", b"marked-siem-token-0d94ab");
    let url = "https://siem.example.com/marked-siem-token-0d94ab";
    let new = json!({"name": "SIEM", "place": {"kind": "webhook", "url": url}});
    let secret = text(&planter.made(owner, "/v1/audit/streams", &new)["secret"]);
    planter.planted.plant("a signing secret", secret.trim_start_matches("whsec_").as_bytes());
    // In wrong places: what is refused repeats no value. The name of a field that nobody knows is named to whoever sent it.
    planter.planted.plant("a value in a wrong place", b"marked-misplaced-77c0de");
    let wrong = json!({"name": "gateway/other", "value": "x", "odd": "marked-misplaced-77c0de"});
    planter.refused(&owner.headers, "/v1/secrets", &wrong.to_string());
    planter.refused(&owner.headers, "/v1/secrets", r#"{"name": "marked-misplaced-77c0de"#);
    let wrong = json!({"names": ["gateway/key"], "stage": "marked-misplaced-77c0de"});
    planter.refused(&bearer, "/v1/secrets/resolve", &wrong.to_string());
    planter.refused("Authorization: Bearer marked-misplaced-77c0de\r\n", "/v1/secrets/resolve", "{}");
    planter.refused("Cookie: __Host-bailiwick=marked-misplaced-77c0de\r\n", "/v1/secrets", "{}");
    let guess = json!({"address": "owner@acme.example", "password": "marked-misplaced-77c0de"});
    planter.refused("", "/v1/sign-in", &guess.to_string());
    // An authenticator and recovery codes. Last, because a proof gives the session another token.
    let begun = planter.made(owner, "/v1/me/factors", &json!({}));
    let seed = text(&begun["secret"]);
    planter.planted.plant("an authenticator's secret", seed.as_bytes());
    planter.planted.plant("an authenticator's secret in octets", &base32(&seed));
    let code = place.run(["demo-code", &seed]).out.trim().to_owned();
    let path = format!("/v1/me/factors/{}/verify", text(&begun["id"]));
    let answer = owner.send(&mut Http::open(planter.at), &path, &json!({"code": code})).unwrap();
    assert!(answer.status() < 300, "{}{}", answer.head, answer.body);
    let owner = match answer.cookie("__Host-bailiwick") {
        Some(_) => Owner::signed_in(planter.at, HOST, &answer),
        None => owner.clone(),
    };
    planter.cookies("the owner with a second factor", &owner.headers);
    let made = planter.asked(&owner.headers, "/v1/me/recovery-codes");
    let codes: Value = serde_json::from_str(&made.body).unwrap();
    let codes: Vec<_> = codes["codes"].as_array().unwrap().iter().map(text).collect();
    assert!(codes.len() >= 8, "{}", made.body);
    for code in codes {
        planter.planted.plant("a recovery code", code.as_bytes());
        let parts: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        planter.planted.plant("a recovery code without what parts it", parts.as_bytes());
    }
}

/// The octets of a text in base32 (RFC 4648).
fn base32(text: &str) -> Vec<u8> {
    let (mut octets, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = held << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push((held >> bits & 255) as u8);
        }
    }
    octets
}

fn nothing_planted_comes_out(mut place: Place, database: Option<&TestDatabase>) {
    let bao = OpenBao::start();
    held_by(&bao, &mut place);
    let mut planted = Planted::default();
    planted.plant("the token of the key service", place.read("token").as_bytes());
    planted.plant("a password", b"nine brass lanterns adrift");
    planted.plant("a password in a form", b"nine+brass+lanterns+adrift");
    let Begun { platform, owner, links, log } = begun(&mut place);
    for link in links {
        planted.plant("a link to a first password", link.rsplit('/').next().unwrap().as_bytes());
    }
    assert!(log.contains("answered status=303"), "{log}");
    let metrics = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let listen = metrics.to_string();
    let server = place.serve(&["--log-level", "debug", "--metrics-listen", &listen]);
    let mut planter = Planter { planted: &mut planted, at: server.address, said: String::new() };
    planter.cookies("the owner of the platform", &platform.headers);
    plant(&mut planter, &place, &owner);
    let said = planter.said;
    assert!(said.contains("application/problem+json"), "{said}");
    planted.not_in("what was answered", said.as_bytes());
    let counted = Http::named(connect(metrics), &listen).ask("GET", "/metrics", "", "");
    assert!(counted.body.contains("bailiwick_"), "{}", counted.body);
    planted.not_in("the metrics", counted.body.as_bytes());
    planted.not_in("the health page", get(server.address, "/readyz").as_bytes());
    let ended = server.stop();
    assert!(ended.1.contains("answered status="), "{}", ended.1);
    planted.not_in("the log at debug level", ended.1.as_bytes());
    planted.not_in("the log of the beginning", log.as_bytes());

    // The password of the mail server, which is refused or not reached.
    planted.plant("the password of the mail server", b"marked-mail-password-61cc0e");
    for (name, value) in [
        ("TRANSPORT", "smtp"),
        ("HOST", "127.0.0.1"),
        ("PORT", "9"),
        ("TLS", "starttls"),
        ("FROM", "no-reply@example.com"),
        ("USER", "bailiwick"),
        ("PASSWORD", "marked-mail-password-61cc0e"),
    ] {
        place.set(&format!("BAILIWICK_MAIL__{name}"), value);
    }
    for command in
        [&["check"][..], &["check", "--json"], &["config", "show"], &["keys", "status"], &["audit", "verify"]]
    {
        let ran = place.run(command);
        planted.not_in(&format!("what {command:?} says"), format!("{}{}", ran.out, ran.err).as_bytes());
    }
    let server = place.serve(&["--log-level", "debug"]);
    planted.not_in("the log of another start", server.stop().1.as_bytes());

    // Everything that is stored: the database with its write-ahead log, documents, checkpoints.
    let mut holds_names = false;
    for (path, content) in place.content() {
        holds_names |= content.windows(11).any(|window| window == b"gateway/key");
        if !path.ends_with("token") {
            planted.not_in(&path.display().to_string(), &content);
        }
    }
    let Some(database) = database else {
        return assert!(holds_names, "the search itself works");
    };
    let dump = dump(database);
    assert!(dump.contains("gateway/key"), "the search itself works");
    planted.not_in("a dump of the database", dump.as_bytes());
    for (path, content) in files(database) {
        planted.not_in(&path, &content);
    }
}

/// Every table as text.
fn dump(database: &TestDatabase) -> String {
    let tables =
        asked(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename");
    let tables: Vec<_> = tables.lines().filter(|line| !line.is_empty()).collect();
    assert!(tables.len() > 40, "{tables:?}");
    tables.iter().map(|table| asked(database, &format!("COPY {table} TO STDOUT"))).collect()
}

/// The files of the database, where the server is one of this account's.
fn files(database: &TestDatabase) -> Vec<(String, Vec<u8>)> {
    asked(database, "CHECKPOINT");
    let folder = asked(
        database,
        "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()",
    );
    let Ok(entries) = fs::read_dir(Path::new(folder.trim())) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(|path| Some((path.display().to_string(), fs::read(&path).ok()?))).collect()
}

#[test]
fn no_planted_secret_comes_out_or_lies_in_the_clear_on_sqlite() {
    nothing_planted_comes_out(Place::empty(), None);
}

#[test]
fn no_planted_secret_comes_out_or_lies_in_the_clear_on_postgresql() {
    let (place, database) = beside_postgres();
    nothing_planted_comes_out(place, Some(&database));
}
