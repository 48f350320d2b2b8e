//! An installation whose root key something else holds, with a real OpenBao.

use std::fs;

use bailiwick_peers::OpenBao;
use serde_json::{Value, json};

use crate::{client::Http, letters::owners, support::Place};

/// A folder with a token for the key `bailiwick`, and settings that lead to the service.
fn place(bao: &OpenBao) -> Place {
    let mut place = Place::empty();
    held_by(bao, &mut place);
    place
}

/// Makes the key `bailiwick`, and has settings lead to it.
pub(crate) fn held_by(bao: &OpenBao, place: &mut Place) {
    bao.make_key("bailiwick", &json!({}));
    place.write("token", bao.token("bailiwick"));
    place.set("BAILIWICK_KEYS__PROVIDER", "transit");
    place.set("BAILIWICK_KEYS__TRANSIT_URL", &bao.address());
    place.set("BAILIWICK_KEYS__TRANSIT_TOKEN_FILE", place.path("token").to_str().unwrap());
}

const INIT: [&str; 5] = ["init", "--email", "root@example.com", "--name", "Root Owner"];

#[test]
fn operator_begins_checks_and_serves_with_a_root_key_that_openbao_holds() {
    let bao = OpenBao::start();
    let place = place(&bao);
    let init = place.run(INIT);
    assert_eq!(init.code, 0, "{init:?}");
    let file = place.read("root.key");
    assert!(file.contains("\nid transit:transit/bailiwick@1\n"), "{file}");
    let check = place.run(["check"]);
    assert!(check.code == 0 && check.out.contains("root key       ok"), "{check:?}");
    let verified = place.run(["audit", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let server = place.serve(&[]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    drop(server);
    // Nothing that was written has the token.
    let token = place.read("token");
    for (path, content) in place.content() {
        let holds = content.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!holds || path.ends_with("token"), "{} has the token", path.display());
    }
}

#[test]
fn a_holder_that_is_gone_refuses_or_holds_another_key_is_named_with_its_setting() {
    let bao = OpenBao::start();
    let mut place = place(&bao);
    assert_eq!(place.run(INIT).code, 0);
    let token = place.read("token");

    place.write("token", "hunter2");
    let denied = ["does not let this server use the key", "what to do: correct `keys.transit_token_file`"];
    place.refuses(["serve"], 3, &denied);
    place.write("token", &token);

    let (status, _) = bao.ask("POST", "transit/keys/other", &Value::Null);
    assert!(status < 300);
    let other = "keys.transit_key=other";
    place.refuses(["serve", "--set", other], 3, &["transit:transit/bailiwick@1", "`keys.transit_key`"]);

    for (path, body) in [("config", json!({"deletion_allowed": true})), ("", Value::Null)] {
        let method = if path.is_empty() { "DELETE" } else { "POST" };
        let path = format!("transit/keys/bailiwick/{path}");
        let (status, answer) = bao.ask(method, path.trim_end_matches('/'), &body);
        assert!(status < 300, "{answer}");
    }
    place.refuses(["serve"], 3, &["it has no such key", "`keys.transit_key`"]);
    bao.make_key("bailiwick", &json!({}));
    place.refuses(["serve"], 3, &["did not wrap what", "another key stands there by the same name"]);

    let address = bao.address();
    drop(bao);
    let gone = place.refuses(["serve"], 3, &[&address, "it cannot be reached", "`keys.transit_url`"]);
    assert!(!gone.err.contains(&token), "{}", gone.err);
    let check = place.run(["check"]);
    assert!(check.code == 1 && check.out.contains("root key       failed"), "{check:?}");

    // What is wrapped elsewhere is no root key file, and nothing falls back to one.
    place.set("BAILIWICK_KEYS__PROVIDER", "file");
    place.refuses(["serve"], 3, &["root.key"]);
    let fresh = Place::installed();
    place.write("root.key", fresh.read("root.key"));
    place.set("BAILIWICK_KEYS__PROVIDER", "transit");
    place.refuses(["serve"], 3, &["is not the file of a root key that is held elsewhere"]);
}

#[test]
fn keys_in_memory_serve_while_openbao_is_away_and_new_organisations_wait() {
    let bao = OpenBao::start();
    let mut place = place(&bao);
    let (platform, owner) = owners(&mut place);
    let server = place.serve(&[]);
    let secret = |name: &str| json!({"name": name, "value": "opensesame-4242"});
    let tenant = |slug: &str| {
        let owner = format!("owner@{slug}.example");
        json!({"slug": slug, "name": slug, "region": "local", "owner_email": owner, "owner_name": "Olive Owner"})
    };
    let send = |who: &crate::client::Owner, path: &str, body: &Value| {
        who.send(&mut Http::open(server.address), path, body).unwrap()
    };
    assert_eq!(send(&owner, "/v1/secrets", &secret("before")).status(), 201);
    assert_eq!(send(&platform, "/v1/tenants", &tenant("globex")).status(), 201);
    drop(bao);
    assert_eq!(send(&owner, "/v1/secrets", &secret("meanwhile")).status(), 201, "its keys are in memory");
    let waits = send(&platform, "/v1/tenants", &tenant("initech"));
    assert_eq!(waits.status(), 503, "{}{}", waits.head, waits.body);
    assert!(waits.head.to_ascii_lowercase().contains("\r\nretry-after: "), "{}", waits.head);
    let ready = server.get("/readyz");
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("root key"), "{ready}");
    assert!(owner.read(server.address, "/v1/keys")["provider_away_since"].is_string());
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn an_installation_that_cannot_begin_leaves_nothing_behind() {
    let bao = OpenBao::start();
    let place = place(&bao);
    bao.make_key("leaves", &json!({"exportable": true}));
    let before = fs::read_dir(place.path("")).unwrap().count();
    let unfit = place.run([&INIT[..], &["--set", "keys.transit_key=leaves"]].concat());
    assert_eq!(unfit.code, 3, "{unfit:?}");
    drop(bao);
    let gone = place.run(INIT);
    assert!(gone.code == 3 && gone.err.contains("it cannot be reached"), "{gone:?}");
    assert_eq!(fs::read_dir(place.path("")).unwrap().count(), before);
}

#[test]
fn a_credential_in_the_settings_or_on_the_command_line_is_refused_unread() {
    let mut place = Place::installed();
    place.set("BAILIWICK_KEYS__PROVIDER", "transit");
    place.set("BAILIWICK_KEYS__TRANSIT_URL", "http://127.0.0.1:9");
    let words = ["does not stand here: give it as an environment variable, or name its file"];
    place.refuses(["serve", "--set", "keys.transit_token=hunter2"], 2, &words);
    let config = place.read("bailiwick.toml");
    place.write("bailiwick.toml", config.replace("\n[keys]\n", "\n[keys]\ntransit_token = \"hunter2\"\n"));
    place.refuses(["serve"], 2, &words);
    place.write("bailiwick.toml", &config);
    place.refuses(["serve"], 2, &["needs a token: `keys.transit_token_file`"]);
    place.set("BAILIWICK_KEYS__TRANSIT_TOKEN", "hunter2");
    let shown = place.run(["config", "show"]);
    assert!(!shown.out.contains("hunter2") && shown.out.contains("***"), "{shown:?}");
    place.set("BAILIWICK_KEYS__TRANSIT_TOKEN_FILE", "token");
    place.refuses(["serve"], 2, &["is given twice"]);
    place.set("BAILIWICK_KEYS__TRANSIT_URL", "http://bao.example.com");
    place.refuses(["serve"], 2, &["`keys.transit_url`", "http leads to this machine only"]);
}

/// What the everyday build leaves out is refused by name.
#[cfg(not(feature = "pkcs11"))]
#[test]
fn a_holder_that_was_left_out_of_the_program_is_named() {
    let mut place = Place::installed();
    for (name, value) in
        [("PROVIDER", "pkcs11"), ("PKCS11_MODULE", "/m.so"), ("PKCS11_TOKEN", "t"), ("PKCS11_PIN", "hunter2")]
    {
        place.set(&format!("BAILIWICK_KEYS__{name}"), value);
    }
    place.refuses(["serve"], 3, &["this program was built without it", "--features bailiwick-server/pkcs11"]);
}
