//! Evidence bundles as a stranger gets them: one file, and a key that came another way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use bailiwick_proof::{
    Hash,
    bundle::{Bundle, Finding, Findings, Manifest, ReadError, Record, Selection, own_page, read, write},
    canonical::to_bytes,
    checkpoint::{Checkpoint, CosignerKey, NoteSigner, SignedNote, Trust, TrustError, cosign},
    event::{Opening, OpeningError, commitments},
    leaf_hash,
    receipt::{Disclosed, Receipt, Unproven},
    tree::{inclusion_proof, part_hashes, parts_beside, verify_inclusions},
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Sha256;
use support::{
    NaiveReader, leaves,
    log::{Log, LogKey, ORIGIN, log},
    naive_root,
};

const SALT: [u8; 16] = [7; 16];

fn opening(value: &Value) -> Opening {
    let mut mac = Hmac::<Sha256>::new_from_slice(&SALT).unwrap();
    mac.update(&to_bytes(value).unwrap());
    let commit = hex::encode(mac.finalize().into_bytes());
    Opening { commit, salt: hex::encode(SALT), value: value.clone() }
}

/// A log of thirty events, where the one of leaf 12 has a personal value and a text that would end a script.
fn sample() -> Log {
    let mut log = log(30);
    let commit = opening(&json!("Ada </script><script>alert(1)</script>")).commit;
    log.rows[12].rewrite(|event| {
        event["changes"] = json!([
            {"after": {"commit": commit}, "before": null, "op": "add", "path": "/name"},
            {"after": "</script><!--<script>", "before": null, "op": "add", "path": "/note"}
        ]);
    });
    log.rows[12].forge_hash();
    log.forge_chains();
    log.rebuild_tiles();
    log.checkpoints.clear();
    log.sign(&LogKey::new(1));
    log
}

fn made(log: &Log, places: &[usize], of: Selection) -> Bundle {
    let hashes = log.hashes();
    let size = hashes.len() as u64;
    let indexes: Vec<u64> = places.iter().map(|place| *place as u64).collect();
    let parts = parts_beside(&indexes, size).unwrap();
    let manifest = Manifest {
        log: ORIGIN.to_owned(),
        size,
        root: log.root(),
        made: "2026-01-02T03:04:05.000006Z".to_owned(),
        meant: matches!(of, Selection::Search(_)).then(|| "UTC outcome:ok".to_owned()),
        of,
        page: own_page(),
        records: places.iter().map(|place| (*place as u64, hashes[*place])).collect(),
    };
    let record = |place: &usize| Record {
        octets: String::from_utf8(log.rows[*place].bytes.clone()).unwrap(),
        disclosed: Vec::new(),
    };
    let key = LogKey::new(1);
    Bundle {
        keys: vec![key.verifier()],
        witnesses: Vec::new(),
        manifest: manifest.sign(&key).unwrap(),
        checkpoint: SignedNote::parse(log.checkpoints.last().unwrap().as_bytes()).unwrap(),
        nodes: part_hashes(&NaiveReader(&hashes), size, &parts).unwrap(),
        records: places.iter().map(record).collect(),
        page: own_page(),
    }
}

fn searched() -> Bundle {
    made(&sample(), &[2, 3, 5, 8, 12, 13, 21, 29], Selection::Search("outcome:ok".into()))
}

/// The whole history of the thing that the first event is about.
fn history() -> Bundle {
    let log = sample();
    let entity = |place: usize| log.rows[place].value()["entity"].clone();
    let first = entity(0);
    let same = |place: &usize| {
        let other = entity(*place);
        (&other["type"], &other["id"]) == (&first["type"], &first["id"])
    };
    let places: Vec<usize> = (0..log.rows.len()).filter(same).collect();
    let of = Selection::Entity {
        kind: first["type"].as_str().unwrap().into(),
        id: first["id"].as_str().unwrap().into(),
        revisions: places.len() as u64,
    };
    made(&log, &places, of)
}

fn trust() -> Trust {
    Trust { logs: vec![LogKey::new(1).verifier()], ..Trust::default() }
}

fn found(bundle: &Bundle) -> Vec<Finding> {
    bundle.verify(&trust()).err().map(|findings| findings.named).unwrap_or_default()
}

#[test]
fn stranger_verifies_the_file_with_the_key_alone() {
    for bundle in [searched(), history()] {
        let file = write(&bundle).unwrap();
        let again = read(file.as_bytes()).unwrap();
        assert_eq!(again, bundle, "what is written is read");
        let proven = again.verify(&trust()).unwrap();
        assert_eq!(proven.manifest.records.len(), bundle.records.len());
        assert_eq!(proven.vouched.checkpoint.size, 30);
        let other = Trust { logs: vec![LogKey::new(2).verifier()], ..Trust::default() };
        assert!(matches!(again.verify(&other).unwrap_err().named[..], [Finding::Signature(_)]));
    }
}

#[test]
fn stranger_reads_a_bundle_of_another_maker() {
    let file = include_bytes!("vectors/bundle-v1.html");
    let keys: Value = serde_json::from_str(include_str!("vectors/receipt-v1.json")).unwrap();
    let logs = vec![keys["log_key"].as_str().unwrap().parse().unwrap()];
    let witnesses = vec![keys["witness_key"].as_str().unwrap().parse().unwrap()];
    let trust = Trust { logs, witnesses, quorum: 1 };
    let bundle = read(file).unwrap();
    let proven = bundle.verify(&trust).unwrap();
    assert_eq!((proven.disclosed, proven.hidden, proven.manifest.records.len()), (3, 8, 4));
    assert_eq!(proven.vouched.witnesses[0].seconds, 1_767_326_645);
    let said = proven.manifest.of.to_string();
    assert_eq!(said, "entity user 0193a7c2-7b1e-7000-8000-0000000000aa 4");
    // The page of this version around the same data is another page than the one that was signed.
    let own = read(write(&bundle).unwrap().as_bytes()).unwrap();
    assert_eq!(own.verify(&trust).unwrap_err().named, [Finding::Page]);
    assert_eq!(Bundle { page: bundle.page, ..own }, bundle);
}

#[test]
fn nothing_that_a_record_says_ends_the_data_block() {
    let mut bundle = searched();
    bundle.records[4].disclosed = vec![opening(&json!("Ada </script><script>alert(1)</script>"))];
    let file = write(&bundle).unwrap();
    assert_eq!(file.matches("</script>").count(), 2, "that of the data and that of the script");
    assert_eq!(file.matches("<script").count(), 2);
    assert!(!file.contains("<!--"));
    let proven = read(file.as_bytes()).unwrap().verify(&trust()).unwrap();
    assert_eq!((proven.disclosed, proven.hidden), (1, 0));
}

#[test]
fn stranger_sees_each_record_that_was_changed_removed_moved_or_put_in() {
    let good = searched();
    let with = |change: &dyn Fn(&mut Vec<Record>)| {
        let mut bundle = good.clone();
        change(&mut bundle.records);
        found(&bundle)
    };
    assert_eq!(with(&|_| ()), []);
    let changed = with(&|all| all[2].octets = all[2].octets.replace("\"ok\"", "\"no\""));
    assert_eq!(changed, [Finding::Changed { record: 3, leaf: 5 }]);
    assert_eq!(with(&|all| drop(all.remove(0))), [Finding::Removed { record: 1, leaf: 2 }]);
    assert_eq!(with(&|all| drop(all.pop())), [Finding::Removed { record: 8, leaf: 29 }]);
    assert_eq!(with(&|all| all.swap(1, 2)), [Finding::Moved { record: 2, leaf: 5 }]);
    let stranger = Record { octets: good.records[0].octets.replace("/note", "/nota"), disclosed: Vec::new() };
    assert_eq!(with(&|all| all.insert(4, stranger.clone())), [Finding::Inserted { record: 5 }]);
    assert_eq!(with(&|all| all.push(all[0].clone())), [Finding::Inserted { record: 9 }]);
    // A real record of the log that was not asked for is no better.
    let real = made(&sample(), &[4], Selection::Search("x".into())).records.remove(0);
    assert_eq!(with(&|all| all.insert(2, real.clone())), [Finding::Inserted { record: 3 }]);
    assert_eq!(with(&Vec::clear).len(), 8);
}

#[test]
fn stranger_sees_an_altered_proof_checkpoint_list_and_page() {
    let good = searched();
    let mut nodes = good.clone();
    nodes.nodes[0].0[31] ^= 1;
    assert!(matches!(found(&nodes)[..], [Finding::Proof(_)]));
    let mut fewer = good.clone();
    fewer.nodes.pop();
    assert!(matches!(found(&fewer)[..], [Finding::Proof(_)]));
    // An honest checkpoint of the same log at another size.
    let mut older = log(20);
    older.checkpoints.clear();
    older.sign(&LogKey::new(1));
    let checkpoint = SignedNote::parse(older.checkpoints[0].as_bytes()).unwrap();
    assert_eq!(found(&Bundle { checkpoint, ..good.clone() }), [Finding::OtherCheckpoint]);
    let forged = Checkpoint::new(ORIGIN, 30, leaf_hash(b"another"));
    let checkpoint = SignedNote::sign(&forged.to_string(), &[&LogKey::new(9)]).unwrap();
    assert!(matches!(found(&Bundle { checkpoint, ..good.clone() })[..], [Finding::Checkpoint(_)]));
    // The checkpoint in the place of the list, and the list of another selection.
    let manifest = good.checkpoint.clone();
    assert!(matches!(found(&Bundle { manifest, ..good.clone() })[..], [Finding::Manifest(_)]));
    let manifest = made(&sample(), &[2, 3], Selection::Search("outcome:ok".into())).manifest;
    assert!(!found(&Bundle { manifest, ..good.clone() }).is_empty());
    let file = write(&good).unwrap();
    let page = read(file.replace("Verified", "verified").as_bytes()).unwrap();
    assert_eq!(found(&page), [Finding::Page]);
    for two in [
        file.replace("</main>", "<script type=\"application/json\" id=\"bundle\"></script></main>"),
        file.replacen("id=\"bundle\"", "id=\"x\"", 1),
    ] {
        assert_eq!(read(two.as_bytes()), Err(ReadError::NoData));
    }
}

/// A list that the log's own key signs, of a tree that holds what does not belong there: by it alone the records are in order.
#[test]
fn stranger_sees_a_record_of_another_tenant_and_what_is_no_event() {
    let with = |octets: &dyn Fn(&mut support::log::Row)| {
        let mut log = sample();
        octets(&mut log.rows[5]);
        log.rows[5].forge_hash();
        log.rebuild_tiles();
        log.checkpoints.clear();
        log.sign(&LogKey::new(1));
        found(&made(&log, &[2, 5, 8], Selection::Search("outcome:ok".into())))
    };
    assert_eq!(with(&|_| ()), []);
    let other =
        with(&|row| row.rewrite(|event| event["tenant"] = json!("01930000-0000-7000-8000-00000000000b")));
    assert_eq!(other, [Finding::OtherLog { record: 2, leaf: 5 }]);
    let none = with(&|row| row.bytes = b"{}".to_vec());
    assert!(matches!(none[..], [Finding::Event { record: 2, leaf: 5, .. }]), "{none:?}");
    // The same list and the same tree under the name of no tenant's log.
    let (log, key) = (sample(), LogKey::new(1));
    let mut heads = made(&log, &[2], Selection::Search("outcome:ok".into()));
    let name = "bailiwick.example/heads";
    let manifest = Manifest { log: name.into(), ..Manifest::parse(heads.manifest.text()).unwrap() };
    heads.manifest = manifest.sign(&key).unwrap();
    let checkpoint = Checkpoint::new(name, manifest.size, manifest.root);
    heads.checkpoint = SignedNote::sign(&checkpoint.to_string(), &[&key]).unwrap();
    assert_eq!(found(&heads), [Finding::NoTenant(name.into())]);
}

#[test]
fn history_of_one_thing_has_no_gap_or_is_refused() {
    let good = history();
    assert_eq!(good.records.len(), 3);
    assert_eq!(found(&good), []);
    // The log's own key signs a list that leaves a revision out: the history says so by itself.
    let log = sample();
    let entity = |place: usize| log.rows[place].value()["entity"].clone();
    let first = entity(0);
    let places: Vec<usize> = (0..30)
        .filter(|place| entity(*place)["id"] == first["id"] && entity(*place)["type"] == first["type"])
        .collect();
    let of = |revisions| Selection::Entity {
        kind: first["type"].as_str().unwrap().into(),
        id: first["id"].as_str().unwrap().into(),
        revisions,
    };
    let without = |missing: usize| {
        let mut places = places.clone();
        places.remove(missing);
        places
    };
    let all = places.len() as u64;
    assert_eq!(found(&made(&log, &without(0), of(all))), [Finding::Gap(1)]);
    assert_eq!(found(&made(&log, &without(1), of(all))), [Finding::Gap(2)]);
    assert_eq!(found(&made(&log, &without(places.len() - 1), of(all))), [Finding::Gap(all)]);
    let mut more = places.clone();
    more.push((0..30).find(|place| !places.contains(place)).unwrap());
    more.sort_unstable();
    assert!(matches!(found(&made(&log, &more, of(all)))[..], [Finding::OtherEntity { .. }]));
}

#[test]
fn disclosed_value_is_the_recorded_one_or_named() {
    let mut bundle = searched();
    let value = opening(&json!("Ada </script><script>alert(1)</script>"));
    bundle.records[4].disclosed = vec![value.clone()];
    assert_eq!(found(&bundle), []);
    let named = |opening: Opening, cause| {
        let mut other = bundle.clone();
        let commit = opening.commit.clone();
        other.records[4].disclosed = vec![opening];
        assert_eq!(found(&other), [Finding::Disclosed { record: 5, leaf: 12, commit, cause }]);
    };
    named(Opening { value: json!("Eve"), ..value.clone() }, OpeningError::Other);
    named(Opening { salt: "00".repeat(16), ..value.clone() }, OpeningError::Other);
    named(opening(&json!("Eve")), OpeningError::Unknown);
    // Whoever hands it on may hide it again.
    bundle.records[4].disclosed.clear();
    let proven = bundle.verify(&trust()).unwrap();
    assert_eq!((proven.disclosed, proven.hidden), (0, 1));
    // In another record it opens nothing.
    bundle.records[0].disclosed = vec![value];
    assert!(matches!(
        found(&bundle)[..],
        [Finding::Disclosed { record: 1, cause: OpeningError::Unknown, .. }]
    ));
}

#[test]
fn receipt_carries_a_value_and_verifies_with_it_and_without() {
    let log = sample();
    let hashes = log.hashes();
    let receipt = Receipt {
        extra: Some(log.rows[12].bytes.clone()),
        index: 12,
        path: inclusion_proof(&NaiveReader(&hashes), 12, 30).unwrap(),
        note: SignedNote::parse(log.checkpoints[0].as_bytes()).unwrap(),
    };
    assert_eq!(commitments(&log.rows[12].bytes).len(), 1);
    let value = opening(&json!("Ada </script><script>alert(1)</script>"));
    let disclosed = Disclosed { values: vec![value.clone()], receipt: receipt.clone() };
    let text = disclosed.to_string();
    assert_eq!(Disclosed::parse(text.as_bytes()), Ok(disclosed.clone()));
    assert!(disclosed.verify(&trust()).is_ok());
    let plain = Disclosed { values: Vec::new(), receipt: receipt.clone() };
    assert_eq!(plain.to_string(), receipt.to_string(), "without values it is the receipt");
    assert!(Disclosed::parse(plain.to_string().as_bytes()).unwrap().verify(&trust()).is_ok());
    assert!(text.ends_with(&receipt.to_string()));
    let wrong = Disclosed { values: vec![Opening { value: json!("Eve"), ..value }], receipt };
    assert!(matches!(wrong.verify(&trust()), Err(Unproven::Value { cause: OpeningError::Other, .. })));
    for (from, to) in [("v1\n", "v2\n"), ("\n\nc2sp", "\nc2sp"), (" ", "  ")] {
        assert!(Disclosed::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from}");
    }
}

#[test]
fn cosignatures_count_as_everywhere() {
    struct Witness(LogKey);
    impl NoteSigner for Witness {
        fn name(&self) -> &str {
            "witness.example"
        }
        fn public_key(&self) -> [u8; 32] {
            self.0.public_key()
        }
        fn sign(&self, message: &[u8]) -> [u8; 64] {
            self.0.sign(message)
        }
    }
    let witness = Witness(LogKey::new(3));
    let key = CosignerKey::new("witness.example", &witness.public_key()).unwrap();
    let mut bundle = searched();
    let asked = Trust { witnesses: vec![key.clone()], quorum: 1, ..trust() };
    let none = bundle.verify(&asked).unwrap_err().named;
    assert_eq!(none, [Finding::Checkpoint(TrustError::Quorum { found: 0, asked: 1 })]);
    let line = cosign(bundle.checkpoint.text(), 1_767_326_645, &witness).unwrap();
    bundle.checkpoint.add_line(line).unwrap();
    bundle.witnesses = vec![key];
    let again = read(write(&bundle).unwrap().as_bytes()).unwrap();
    assert_eq!(again.verify(&asked).unwrap().vouched.witnesses[0].seconds, 1_767_326_645);
}

#[test]
fn findings_are_sentences_and_have_a_bound() {
    let log = log(300);
    let places: Vec<usize> = (0..300).collect();
    let mut bundle = made(&log, &places, Selection::Search(String::new()));
    bundle.records.truncate(1);
    let findings: Findings = bundle.verify(&trust()).unwrap_err();
    assert_eq!((findings.named.len(), findings.more), (100, 199));
    let text = findings.to_string();
    assert!(text.starts_with("a record was removed: the one of leaf 1, record 2 of the list\n"), "{text}");
    assert!(text.ends_with("and 199 more"));
}

#[test]
fn file_that_is_no_bundle_is_refused_with_the_reason() {
    let file = write(&searched()).unwrap();
    let with = |from: &str, to: &str| read(file.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert_eq!(read(b"<html></html>"), Err(ReadError::NoData));
    assert_eq!(read(&[0xff]), Err(ReadError::NotText));
    assert_eq!(with("bailiwick-bundle/v1", "bailiwick-bundle/v2"), ReadError::Format);
    assert!(matches!(with("\"nodes\":", "\"knots\":"), ReadError::Json(_)));
    assert!(matches!(with("{\"format\"", "{\"more\":1,\"format\""), ReadError::Json(_)));
    assert!(matches!(with("\"nodes\":", "\"nodes\":\"\",\"nodes\":"), ReadError::Json(_)), "twice");
    assert!(matches!(with("{\"octets\":\"", "{\"octets\":\"\\ud800"), ReadError::Json(_)), "half of a pair");
    assert!(matches!(with("\"nodes\":\"", "\"nodes\":\"A"), ReadError::Nodes));
    assert!(matches!(with("\"witnesses\":[]", "\"witnesses\":[\"x\"]"), ReadError::Key(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_octet_more_or_less_or_another_is_always_noticed(at in any::<prop::sample::Index>(), flip in 1_u8..=255, kind in 0_u8..3, entity in any::<bool>()) {
        let good = if entity { history() } else { searched() };
        let file = write(&good).unwrap().into_bytes();
        let start = file.windows(13).position(|window| window == b"{\"format\":\"ba").unwrap();
        let end = start + file[start..].iter().position(|octet| *octet == b'<').unwrap();
        // Anywhere within the data; what is outside is the page, which is compared as a whole.
        let place = start + at.index(end - start);
        let mut other = file.clone();
        match kind {
            0 => other[place] ^= flip,
            1 => drop(other.remove(place)),
            _ => other.insert(place, flip),
        }
        prop_assume!(other != file);
        if let Ok(read_again) = read(&other) {
            // Another spelling of the very same data is no change; keys in the file are not looked at.
            let same = Bundle { keys: good.keys.clone(), witnesses: good.witnesses.clone(), ..read_again.clone() } == good;
            // A signature line of a key that nobody knows proves nothing and harms nothing; one of the log's own is what counts.
            let key = LogKey::new(1).verifier();
            let lines = |note: &SignedNote| {
                let own = note.signatures().iter().filter(|line| line.name == key.name() && line.key_id == key.id());
                (note.text().to_owned(), own.cloned().collect::<Vec<_>>())
            };
            let unsaid = read_again.records == good.records && read_again.nodes == good.nodes
                && (lines(&read_again.manifest), lines(&read_again.checkpoint)) == (lines(&good.manifest), lines(&good.checkpoint));
            prop_assert!(same || unsaid || read_again.verify(&trust()).is_err());
        }
        let mut page = file;
        let outside = at.index(start);
        page[outside] ^= flip;
        if let Ok(read_again) = read(&page) {
            prop_assert!(read_again.verify(&trust()).is_err(), "an octet of the page");
        }
    }

    #[test]
    fn any_set_of_leaves_leads_to_the_root_and_no_other_set_does(size in 1_u64..300, chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..40), at in any::<prop::sample::Index>()) {
        let all = leaves(size);
        let mut indexes: Vec<u64> = chosen.iter().map(|one| one.index(all.len()) as u64).collect();
        indexes.sort_unstable();
        indexes.dedup();
        let hash = |index: u64| all[usize::try_from(index).unwrap()];
        let root = naive_root(&all);
        let parts = parts_beside(&indexes, size).unwrap();
        let hashes = part_hashes(&NaiveReader(&all), size, &parts).unwrap();
        let set: Vec<(u64, Hash)> = indexes.iter().map(|index| (*index, hash(*index))).collect();
        prop_assert_eq!(verify_inclusions(&set, size, &hashes, &root), Ok(()));
        let place = at.index(set.len());
        let mut changed = set.clone();
        changed[place].1 = leaf_hash(b"another");
        prop_assert!(verify_inclusions(&changed, size, &hashes, &root).is_err());
        let mut fewer = set.clone();
        fewer.remove(place);
        prop_assert!(verify_inclusions(&fewer, size, &hashes, &root).is_err());
        let mut twice = set.clone();
        twice.insert(place, set[place]);
        prop_assert!(verify_inclusions(&twice, size, &hashes, &root).is_err());
        prop_assert!(verify_inclusions(&set, size, &[&hashes[..], &[root]].concat(), &root).is_err());
        if !hashes.is_empty() {
            let mut other = hashes.clone();
            other[at.index(hashes.len())].0[0] ^= 1;
            prop_assert!(verify_inclusions(&set, size, &other, &root).is_err());
        }
        // One leaf alone has the hashes of its audit path, from left to right.
        let one = indexes[place];
        let parts = parts_beside(&[one], size).unwrap();
        let alone = part_hashes(&NaiveReader(&all), size, &parts).unwrap();
        let mut path = inclusion_proof(&NaiveReader(&all), one, size).unwrap();
        prop_assert_eq!(alone.len(), path.len());
        path.sort_unstable();
        let mut sorted = alone;
        sorted.sort_unstable();
        prop_assert_eq!(sorted, path);
    }

    #[test]
    fn no_file_makes_the_reader_panic(octets in prop::collection::vec(any::<u8>(), 0..400), text in any::<String>()) {
        let _ = read(&octets);
        let _ = read(format!("<script type=\"application/json\" id=\"bundle\">{text}</script>").as_bytes());
        let _ = Disclosed::parse(&octets);
        let _ = commitments(text.as_bytes());
    }
}
