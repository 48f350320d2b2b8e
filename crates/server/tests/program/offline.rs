//! Verifying with nothing but a text and some keys, and a witness of one's own.

use std::io::{BufRead, BufReader};

use bailiwick_proof::checkpoint::VerifierKey;

use crate::support::Place;

/// Computed by another program: see the tests of `bailiwick-proof`.
const VECTORS: &str = include_str!("../../../proof/tests/vectors/receipt-v1.json");

fn vector(name: &str) -> String {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    match &vectors[name] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn stranger_verifies_a_receipt_without_any_installation() {
    let place = Place::empty();
    let (key, witness) = (vector("log_key"), vector("witness_key"));
    place.write("good.tlog-proof", vector("receipt"));
    let good = place.run(["audit", "verify", "--receipt", "good.tlog-proof", "--key", &key]);
    assert_eq!(good.code, 0, "{good:?}");
    for said in [
        "is in the log",
        "user.created",
        "revision 1",
        "leaf 4",
        "signed at 11 events",
        "no cosignature was asked for",
    ] {
        assert!(good.out.contains(said), "{said}: {}", good.out);
    }
    let both =
        place.run(["audit", "verify", "--receipt", "good.tlog-proof", "--key", &key, "--witness", &witness]);
    assert!(
        both.code == 0 && both.out.contains("cosigned by witness.example/w1 at 2026-01-02T04:04:05"),
        "{both:?}"
    );
    place.write("head.tlog-proof", vector("head_receipt"));
    let head = place.run(["audit", "verify", "--receipt", "head.tlog-proof", "--key", &key]);
    assert!(head.code == 0 && head.out.contains("tree of heads"), "{head:?}");

    place.write("bad.tlog-proof", vector("receipt").replace("index 4", "index 5"));
    let bad = place.run(["audit", "verify", "--receipt", "bad.tlog-proof", "--key", &key]);
    assert!(bad.code == 1 && bad.err.contains("does not verify"), "{bad:?}");
    // The witness's key is not the log's, and a witness that is asked for has to have cosigned.
    let wrong = place.run(["audit", "verify", "--receipt", "good.tlog-proof", "--key", &witness]);
    assert!(wrong.code == 2 && wrong.err.contains("--key"), "{wrong:?}");
    let twice = place.run([
        "audit",
        "verify",
        "--receipt",
        "good.tlog-proof",
        "--key",
        &key,
        "--witness",
        &witness,
        "--quorum",
        "2",
    ]);
    assert!(twice.code == 1 && twice.err.contains("1 of 2 witnesses"), "{twice:?}");
    assert_eq!(
        place.run(["audit", "verify", "--receipt", "good.tlog-proof"]).code,
        2,
        "without a key nothing is proven"
    );
    assert_eq!(place.run(["audit", "verify", "--receipt", "nowhere", "--key", &key]).code, 2);
}

#[test]
fn stranger_verifies_a_bundle_without_any_installation() {
    const BUNDLE: &str = include_str!("../../../proof/tests/vectors/bundle-v1.html");
    let place = Place::empty();
    let (key, witness) = (vector("log_key"), vector("witness_key"));
    place.write("good.html", BUNDLE);
    let good = place.run(["audit", "verify", "good.html", "--key", &key, "--witness", &witness]);
    assert_eq!(good.code, 0, "{good:?}");
    for said in [
        "The bundle is whole: 4 records, each in the log of the tenant ",
        "the history of user 0193a7c2-7b1e-7000-8000-0000000000aa without a gap, revisions 1 to 4",
        "3 personal values disclosed, each the recorded one; 8 hidden",
        "signed at 11 events",
        "cosigned by witness.example/w1 at 2026-01-02T04:04:05",
    ] {
        assert!(good.out.contains(said), "{said}: {}", good.out);
    }
    for (from, to, said) in [
        ("user.renamed", "user.removed", "record 2 was changed: it is not what was hashed into leaf 5"),
        ("\"value\":\"Olive\"", "\"value\":\"Oliver\"", "record 2 (leaf 5): the value disclosed for"),
        ("records 4", "records 3", "the list of records is not to be believed"),
        (
            "\"nodes\":\"",
            "\"nodes\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "not the base64 of hashes",
        ),
        ("Only the data", "Not only the data", "the page around the records was changed"),
    ] {
        let changed = BUNDLE.replacen(from, to, 1);
        assert_ne!(changed, BUNDLE, "{from}");
        place.write("bad.html", changed);
        let bad = place.run(["audit", "verify", "bad.html", "--key", &key]);
        assert!(bad.code == 1 && bad.err.contains(said), "{from}: {bad:?}");
    }
    // One key signs the logs of all tenants, so whoever knows the name of the log asks for it.
    let name = BUNDLE.split_once("\\nlog ").unwrap().1.split_once("\\n").unwrap().0;
    let other = format!("{}0", &name[..name.len() - 1]);
    place.write("good.tlog-proof", vector("receipt"));
    for (log, code) in [(name, 0), (other.as_str(), 1), (&name[..name.len() - 1], 1)] {
        for file in [["good.html"].as_slice(), &["--receipt", "good.tlog-proof"]] {
            let rest = ["--key", &key, "--log", log];
            let said = place.run([["audit", "verify"].as_slice(), file, &rest].concat());
            assert!(
                said.code == code && (code == 0 || said.err.contains("of another log")),
                "{log}: {said:?}"
            );
        }
    }
    assert_eq!(place.run(["audit", "verify", "good.html"]).code, 2, "without a key nothing is proven");
    let two = place.run(["audit", "verify", "good.html", "--receipt", "x", "--key", &key]);
    assert_eq!(two.code, 2, "{two:?}");
}

#[test]
fn stranger_verifies_the_history_of_an_entity_without_any_installation() {
    let place = Place::empty();
    let key = vector("log_key");
    let page = vector("completeness");
    place.write("history.json", &page);
    let good = place.run(["audit", "verify", "--completeness", "history.json", "--key", &key]);
    assert!(good.code == 0 && good.out.contains("has no gap: revisions 1 to 7"), "{good:?}");
    place.write("altered.json", page.replace("Olive 3", "Olivia 3"));
    let bad = place.run(["audit", "verify", "--completeness", "altered.json", "--key", &key]);
    assert!(bad.code == 1 && bad.err.contains("revision"), "{bad:?}");
}

#[cfg(feature = "columnar")]
#[test]
fn folder_that_is_no_archive_is_no_archive_that_holds() {
    let place = Place::empty();
    let key = vector("log_key");
    let verify = |folder: &str| place.run(["audit", "verify", "--archive", folder, "--key", &key]);
    let tenant = "archive/0193a7c2-7b1e-7000-8000-000000000001";
    let segment = format!("{tenant}/0000000000000000-0000000000000006");
    std::fs::create_dir_all(place.path(&segment)).unwrap();
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    place.write(&format!("{segment}/events.parquet"), "x");
    let elsewhere = verify("elsewhere");
    assert!(elsewhere.code == 1 && elsewhere.err.contains("no segment of an archive"), "{elsewhere:?}");
    for part in [tenant, &segment] {
        let refused = verify(part);
        let around = place.path("archive").canonicalize().unwrap().display().to_string();
        assert!(refused.code == 2 && refused.err.contains(&format!("--archive {around}")), "{refused:?}");
    }
    let taken = verify("archive");
    assert!(taken.code == 1 && taken.err.contains("its manifest is missing"), "{taken:?}");
    assert!(taken.err.contains("0000000000000000-0000000000000006"), "{taken:?}");
    // The end of a log is seen against a checkpoint alone, and only of an archive.
    place.write("kept.checkpoint", "x");
    let kept = ["--checkpoint", "kept.checkpoint", "--key", &key];
    assert_eq!(place.run([["audit", "verify"].as_slice(), &kept].concat()).code, 2);
    let wrong = place.run([["audit", "verify", "--archive", "archive"].as_slice(), &kept].concat());
    assert!(wrong.code == 1 && wrong.err.contains("kept.checkpoint"), "{wrong:?}");
}

#[test]
fn operator_cannot_begin_another_epoch_of_a_log_that_is_whole() {
    let place = Place::installed();
    place.serve(&[]).stop();
    let reason = ["--reason", "The disk burned"];
    let begin =
        |tenant: &str| place.run([["audit", "new-epoch", "--tenant", tenant].as_slice(), &reason].concat());
    let whole = begin("platform");
    assert!(whole.code == 3 && whole.err.contains("holds everything that was signed"), "{whole:?}");
    let unknown = begin("nobody");
    assert!(unknown.code == 2 && unknown.err.contains("there is no tenant"), "{unknown:?}");
    assert_eq!(place.run(["audit", "new-epoch", "--tenant", "platform"]).code, 2, "a reason is asked for");
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("tree of heads: 1 heads"), "{verified:?}");
}

#[test]
fn witness_is_made_once_and_shows_its_key() {
    let place = Place::empty();
    let log = format!("bailiwick.example {}", vector("log_key"));
    let made = place.run(["witness", "init", "--dir", "w", "--name", "w1.example", "--log", &log]);
    assert_eq!(made.code, 0, "{made:?}");
    let shown = place.run(["witness", "key", "--dir", "w"]);
    assert!(
        shown.code == 0 && shown.out.starts_with("w1.example+") && made.out.contains(shown.out.trim()),
        "{shown:?}"
    );
    assert!(place.read("w/logs").contains("bailiwick.example "));
    let again = place.run(["witness", "init", "--dir", "w", "--name", "w1.example"]);
    assert!(again.code == 3 && again.err.contains("exists already"), "{again:?}");
    assert_eq!(place.run(["witness", "key", "--dir", "w"]).out, shown.out, "and nothing was touched");
    let wrong = place.run(["witness", "init", "--dir", "other", "--name", "w 1"]);
    assert!(wrong.code == 3 && !place.path("other").exists(), "{wrong:?}");
    let wrong =
        place.run(["witness", "init", "--dir", "other", "--name", "w2", "--log", "bailiwick.example"]);
    assert!(wrong.code == 3 && wrong.err.contains("is not a log"), "{wrong:?}");
}

#[test]
fn server_has_its_logs_cosigned_by_a_witness_in_another_process() {
    let mut place = Place::installed();
    let key = place.read("checkpoints/signing.key");
    let field = |name: &str| {
        let mut values = key.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        values.next().unwrap().to_owned()
    };
    let public: [u8; 32] = hex::decode(field("public")).unwrap().try_into().unwrap();
    let origin = field("name");
    let log = format!("{origin} {}", VerifierKey::new(&origin, &public).unwrap());
    let made = place.run(["witness", "init", "--dir", "w", "--name", "w1.example", "--log", &log]);
    assert_eq!(made.code, 0, "{made:?}");
    let vkey = place.run(["witness", "key", "--dir", "w"]).out.trim().to_owned();
    let mut witness =
        place.command(["witness", "serve", "--dir", "w", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut lines = BufReader::new(witness.stderr.take().unwrap()).lines().map(Result::unwrap);
    let address =
        lines.find_map(|line| Some(line.split("address=").nth(1)?.split_whitespace().next()?.to_owned()));
    place.set("BAILIWICK_AUDIT__WITNESS", &format!("http://{} {vkey}", address.unwrap()));
    let server = place.serve(&[]);
    // Each log is asked about before the tree of their heads.
    assert!(lines.any(|line| line.contains("cosigned") && line.contains("/heads")));
    server.stop();
    witness.kill().unwrap();
    witness.wait().unwrap();
    let state = place.read("w/state");
    assert!(
        state.contains(&format!("{origin}/tenant/")) && state.contains(&format!("{origin}/heads")),
        "{state}"
    );
    let verified = place.run(["audit", "verify"]);
    assert!(verified.code == 0 && verified.out.contains("cosigned by w1.example"), "{verified:?}");
}
