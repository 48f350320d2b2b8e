//! A new installation on an embedded database, from `init` to a verified log.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Place, events_in, replaced};

#[test]
fn operator_begins_an_installation_that_passes_every_check() {
    let place = Place::empty();
    let init = place.run([
        "init",
        "--dir",
        "srv",
        "--email",
        "root@example.com",
        "--name",
        "Root Owner",
        "--set",
        "server.public_url=https://office.example.com",
    ]);
    assert_eq!(init.code, 0, "{init:?}");
    assert!(
        init.out.contains("https://office.example.com/enrol/")
            && init.out.contains("bailiwick serve --config srv/bailiwick.toml"),
        "{}",
        init.out
    );
    let config = place.read("srv/bailiwick.toml");
    for line in [
        "public_url = \"https://office.example.com\"",
        "origin = \"office.example.com\"",
        "url = \"sqlite:data/bailiwick.db\"",
        "# https = \"enforce\"",
    ] {
        assert!(config.lines().any(|l| l == line), "{line} is not in\n{config}");
    }
    let link = init.out.rsplit("/enrol/").next().unwrap().trim();
    let holds =
        |content: &[u8], text: &str| content.windows(text.len()).any(|window| window == text.as_bytes());
    for (path, content) in place.content() {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is open to others", path.display());
        assert!(!holds(&content, link), "the link is in {}", path.display());
    }
    // Events lie packed in the file, where nothing would be found.
    let events = events_in(&place.path("srv/data/bailiwick.db"));
    assert!(
        events.iter().any(|event| holds(&event.octets, "\"action\":\"user.created\"")),
        "the search itself works"
    );
    assert!(!events.iter().any(|event| holds(&event.octets, link)), "the link is in an event");
    let check = place.run(["check", "--config", "srv/bailiwick.toml", "--json"]);
    let lines: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    let states: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["check"].as_str().unwrap(), line["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("configuration", "ok"),
            ("certificate", "skipped"),
            ("mail", "skipped"),
            ("messages", "skipped"),
            ("passwords", "skipped"),
            ("root key", "ok"),
            ("signing key", "ok"),
            ("database", "ok"),
            ("schema", "ok"),
            ("regions", "ok"),
            ("wrapped keys", "ok"),
            ("checkpoints", "ok")
        ]
    );
    assert_eq!(check.code, 0);
}

#[test]
fn what_the_environment_gives_does_not_go_into_the_file() {
    let mut place = Place::empty();
    place.set("BAILIWICK_DATABASE__URL", "sqlite:elsewhere.db");
    assert_eq!(place.run(["init", "--email", "root@example.com", "--name", "Root"]).code, 0);
    assert!(!place.read("bailiwick.toml").contains("elsewhere.db"));
    assert!(place.path("elsewhere.db").exists() && !place.path("data").exists());
}

#[test]
fn auditor_sees_what_was_verified_and_is_told_the_record_that_does_not_fit() {
    let place = Place::installed();
    // The line that the page of the log shows.
    let verified = place.run(["audit", "verify", "--config", "bailiwick.toml"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(
        verified.out.contains("4 events")
            && verified.out.contains("signed up to leaf 4")
            && verified.out.contains("Every record fits: 4 events, 1 tenant."),
        "{}",
        verified.out
    );

    // One byte of one stored event.
    let events = events_in(&place.path("data/bailiwick.db"));
    let event =
        events.iter().find(|event| event.octets.starts_with(b"{\"action\":\"policy.created\"")).unwrap();
    let mut altered = event.packed.clone();
    altered[40] ^= 1;
    let database = fs::read(place.path("data/bailiwick.db")).unwrap();
    place.write("data/bailiwick.db", replaced(&database, &event.packed, &altered));
    let refused = place.run(["audit", "verify"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("the audit log does not verify")
            && refused.err.contains("tenant platform")
            && refused.err.contains("event"),
        "{}",
        refused.err
    );
}

#[test]
fn operator_who_gives_no_address_is_warned_of_what_was_assumed() {
    let place = Place::empty();
    let init = ["init", "--email", "root@example.com", "--name", "Root Owner"];
    let ran = place.run(init);
    assert_eq!(ran.code, 0, "{ran:?}");
    for words in [
        "WARNING",
        "server.public_url = \"http://localhost:8080\"",
        "server.https = \"off\"",
        "audit.origin = \"localhost\"",
        "can never change",
        "--set server.public_url=https://",
    ] {
        assert!(ran.err.contains(words), "{words} is not in\n{}", ran.err);
    }
    let check = place.run(["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(
        check.out.contains("`server.public_url` is http://localhost:8080")
            && check.out.contains("never change"),
        "{}",
        check.out
    );
    let told = place.run(
        ["init", "--dir", "told", "--set", "server.public_url=https://office.example.com"]
            .into_iter()
            .chain(init.into_iter().skip(1)),
    );
    assert!(told.code == 0 && !told.err.contains("WARNING"), "{told:?}");
    let check = place.run(["check", "--config", "told/bailiwick.toml"]);
    assert!(check.code == 0 && !check.out.contains("never change"), "{check:?}");
}

#[test]
fn operator_reads_one_verdict_when_all_is_well() {
    let place = Place::installed();
    let ran = place.run(["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().last(), Some("All is well: 8 checks passed, 4 did not apply."), "{}", ran.out);
}

#[test]
fn operator_without_a_configuration_is_told_how_to_come_by_one() {
    let ran = Place::empty().run(["check"]);
    assert!(
        ran.code == 2 && ran.out.contains("--config FILE") && ran.out.contains("`bailiwick init`; docs"),
        "{ran:?}"
    );
    assert!(!ran.out.contains("config show"), "it fails the same way: {}", ran.out);
}

#[test]
fn migrating_twice_changes_nothing() {
    let place = Place::installed();
    let ran = place.run(["migrate"]);
    assert!(ran.code == 0 && ran.out.contains("up to date"), "{ran:?}");
}

#[test]
fn operator_reads_every_check_that_fails_and_what_to_do() {
    let place = Place::installed();
    fs::remove_file(place.path("checkpoints/signing.key")).unwrap();
    let ran = place.run(["check"]);
    assert_eq!(ran.code, 1);
    for line in [
        "root key       ok",
        "signing key    failed",
        "schema         ok",
        "checkpoints    skipped",
        "what to do: see that `audit.checkpoints`",
    ] {
        assert!(ran.out.contains(line), "{line} is not in\n{}", ran.out);
    }
    assert!(ran.err.contains("1 of 12 checks failed"));
    place.write("bailiwick.toml", "nonsense = 1");
    let ran = place.run(["check", "--json"]);
    assert!(ran.code == 2 && ran.out.contains("there is no key `nonsense`"), "{ran:?}");
}
