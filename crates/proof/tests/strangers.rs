//! What a stranger checks with nothing but a text and some keys: receipts, histories, and what witnesses are asked.
//!
//! `vectors/receipt-v1.json` was computed by another program, in another language, after the standards' own words; a
//! difference means that receipts handed out yesterday no longer verify.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "support/key.rs"]
mod key;
mod support;

use bailiwick_proof::{
    Hash,
    checkpoint::{
        Checkpoint, CosignerKey, EpochStatement, LogName, NoteSigner, SignedNote, Trust, TrustError, cosign,
    },
    completeness::{Complete, History, Incomplete, Page},
    leaf_hash,
    receipt::{About, Receipt, ReceiptError, Unproven},
    tile::{Row, TilePath, WIDTH, tile_hashes},
    tree::{Fetched, HashReader, Needs, ProofError, consistency_proof, inclusion_proof},
    witness::{AddCheckpoint, Answer, Refusal, Seen, judge, read_answer},
};
use key::Key;
use proptest::prelude::*;
use serde_json::Value;
use support::{NaiveReader, leaves, naive_root};

const VECTORS: &str = include_str!("vectors/receipt-v1.json");
const TENANT: &str = "0193a7c2-7b1e-7000-8000-000000000001";

fn cosigner(key: &Key) -> CosignerKey {
    CosignerKey::new(key.name(), &key.public_key()).unwrap()
}

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

fn text<'v>(vectors: &'v Value, name: &str) -> &'v str {
    vectors[name].as_str().unwrap()
}

fn trust(vectors: &Value) -> Trust {
    let logs = vec![text(vectors, "log_key").parse().unwrap()];
    let witnesses = vec![text(vectors, "witness_key").parse().unwrap()];
    Trust { logs, witnesses, quorum: 1 }
}

fn page(vectors: &Value) -> Page {
    serde_json::from_value(vectors["completeness"].clone()).unwrap()
}

#[test]
fn stranger_reads_a_receipt_of_another_maker() {
    let vectors = vectors();
    let receipt = Receipt::parse(text(&vectors, "receipt").as_bytes()).unwrap();
    assert_eq!(receipt.to_string(), text(&vectors, "receipt"), "one receipt, one text");
    let (vouched, about) = receipt.verify(&trust(&vectors)).unwrap();
    let About::Event(event) = about else { panic!("{about:?}") };
    assert_eq!((event.tenant, receipt.index, vouched.checkpoint.size), (TENANT, 4, 11));
    assert_eq!(
        LogName::parse(&vouched.checkpoint.origin),
        Some(LogName::tenant("bailiwick.example", TENANT, 1))
    );
    let at =
        vouched.witnesses.iter().map(|witness| (witness.name.as_str(), witness.seconds)).collect::<Vec<_>>();
    assert_eq!(at, [("witness.example/w1", 1_767_326_645)]);
    let head = Receipt::parse(text(&vectors, "head_receipt").as_bytes()).unwrap();
    let (_, about) = head.verify(&trust(&vectors)).unwrap();
    let About::Head(head) = about else { panic!("{about:?}") };
    assert_eq!((head.tag, head.epoch, head.size, head.micros), ([3; 32], 1, 21, 1_767_323_045_000_003));
}

#[test]
fn stranger_refuses_a_receipt_with_anything_changed() {
    let vectors = vectors();
    let trust = trust(&vectors);
    let good = Receipt::parse(text(&vectors, "receipt").as_bytes()).unwrap();
    let octets = good.extra.clone().unwrap();
    for at in [0, octets.len() / 2, octets.len() - 1] {
        let mut other = octets.clone();
        other[at] ^= 1;
        let receipt = Receipt { extra: Some(other), ..good.clone() };
        assert_eq!(receipt.verify(&trust), Err(Unproven::Inclusion(ProofError::WrongRoot)), "octet {at}");
    }
    assert_eq!(Receipt { extra: None, ..good.clone() }.verify(&trust), Err(Unproven::NoOctets));
    for index in [0, 3, 5, 10] {
        assert!(Receipt { index, ..good.clone() }.verify(&trust).is_err(), "leaf {index}");
    }
    let shorter = good.path[1..].to_vec();
    assert!(Receipt { path: shorter, ..good.clone() }.verify(&trust).is_err());
    // Another log's checkpoint, however well it is signed.
    let log = Key::new("bailiwick.example", 0x11);
    let tree = Checkpoint::parse(good.note.text()).unwrap();
    let other = Checkpoint::new(tree.origin.replace("0001", "0002"), tree.size, tree.root);
    let note = SignedNote::sign(&other.to_string(), &[&log]).unwrap();
    let alone = Trust { quorum: 0, ..trust.clone() };
    assert!(matches!(Receipt { note, ..good.clone() }.verify(&alone), Err(Unproven::OtherLog(_))));
    // Nobody whom the stranger trusts.
    let nobody = Trust { logs: vec![Key::new("bailiwick.example", 9).verifier()], ..trust.clone() };
    assert!(matches!(good.verify(&nobody), Err(Unproven::Trust(TrustError::Checkpoint(_)))));
}

#[test]
fn stranger_counts_each_witness_once_and_takes_no_word_that_is_not_theirs() {
    let (log, one, two) = (Key::new("log.example", 1), Key::new("w1.example", 2), Key::new("w2.example", 3));
    let checkpoint = Checkpoint::new("log.example/heads", 1, leaf_hash(b"x"));
    let mut note = SignedNote::sign(&checkpoint.to_string(), &[&log]).unwrap();
    let of = |witnesses: &[&Key], quorum| Trust {
        logs: vec![log.verifier()],
        witnesses: witnesses.iter().map(|key| cosigner(key)).collect(),
        quorum,
    };
    assert!(of(&[&one], 0).open(&note).unwrap().witnesses.is_empty());
    assert_eq!(of(&[&one], 1).open(&note), Err(TrustError::Quorum { found: 0, asked: 1 }));
    note.add_line(cosign(note.text(), 7, &one).unwrap()).unwrap();
    note.add_line(cosign(note.text(), 9, &one).unwrap()).unwrap();
    let opened = of(&[&one, &two], 1).open(&note).unwrap();
    assert_eq!((opened.witnesses.len(), opened.witnesses[0].seconds), (1, 9), "its last word");
    // The same key under two names, and twice under one, is one witness.
    let again = Key::new("w3.example", 2);
    let mut named = note.clone();
    named.add_line(cosign(note.text(), 8, &again).unwrap()).unwrap();
    for keys in [&[&one, &one][..], &[&one, &again], &[&again, &one]] {
        assert_eq!(of(keys, 2).open(&named), Err(TrustError::Quorum { found: 1, asked: 2 }));
    }
    // A cosignature of another text, and one whose time was changed.
    let mut other =
        SignedNote::sign(&Checkpoint::new("log.example/heads", 2, leaf_hash(b"y")).to_string(), &[&log])
            .unwrap();
    other.add_line(note.signatures()[1].clone()).unwrap();
    assert_eq!(of(&[&one], 0).open(&other), Err(TrustError::WrongCosignature("w1.example".into())));
    let mut line = note.signatures()[1].clone();
    line.signature[7] ^= 1;
    assert_eq!(cosigner(&one).cosigned(note.text(), &line), None);
    // A witness signs nothing as a log does, and a log nothing as a witness does.
    assert!(cosigner(&one).cosigned(note.text(), &note.signatures()[0]).is_none());
}

#[test]
fn stranger_follows_a_history_of_another_maker_to_its_beginning() {
    let vectors = vectors();
    let (complete, vouched) = Page::verify(&[page(&vectors)], &trust(&vectors)).unwrap();
    assert_eq!((complete.kind.as_str(), complete.revisions), ("user", 7));
    assert_eq!(vouched.checkpoint.size, 11);
    // The same over several pages.
    let whole = page(&vectors);
    let (first, rest) = whole.revisions.split_at(2);
    let pages = [
        Page { revisions: first.to_vec(), next: Some("5".into()), ..whole.clone() },
        Page { revisions: rest.to_vec(), receipt: None, ..whole.clone() },
    ];
    let again = Page::verify(&pages, &trust(&vectors)).unwrap().0;
    assert_eq!(again, Complete { revisions: 7, ..complete });
    assert_eq!(Page::verify(&pages[..1], &trust(&vectors)), Err(Incomplete::Missing(4)));
    assert_eq!(Page::verify(&pages[1..], &trust(&vectors)), Err(Incomplete::NoEvent));
}

#[test]
fn stranger_sees_a_history_with_a_revision_removed_altered_moved_or_put_in() {
    let vectors = vectors();
    let (trust, whole) = (trust(&vectors), page(&vectors));
    let with = |change: fn(&mut Vec<String>)| {
        let mut revisions = whole.revisions.clone();
        change(&mut revisions);
        Page::verify(&[Page { revisions, ..whole.clone() }], &trust).map(|_| ())
    };
    assert_eq!(with(|_| {}), Ok(()));
    assert_eq!(with(|all| drop(all.remove(0))), Err(Incomplete::Broken(6)));
    assert_eq!(with(|all| drop(all.remove(3))), Err(Incomplete::Broken(3)));
    assert_eq!(with(|all| drop(all.pop())), Err(Incomplete::Missing(1)));
    assert_eq!(with(|all| all.swap(1, 2)), Err(Incomplete::Broken(5)));
    assert_eq!(with(|all| all[2] = all[2].replace("Olive", "Olivia")), Err(Incomplete::Broken(4)));
    assert_eq!(with(|all| all.insert(2, all[1].clone())), Err(Incomplete::Broken(4)));
    assert_eq!(with(|all| all.push(all[0].clone())), Err(Incomplete::Beyond));
    let mut foreign = whole.clone();
    foreign.entity.id = foreign.entity.id.replace("aa", "ab");
    assert!(matches!(Page::verify(&[foreign], &trust), Err(Incomplete::Foreign(_))));
    let head = Receipt::parse(text(&vectors, "head_receipt").as_bytes()).unwrap();
    assert_eq!(History::begin(&head, &trust).map(|_| ()), Err(Incomplete::NoEvent));
}

#[test]
fn witness_judges_the_requests_of_another_maker() {
    let vectors = vectors();
    let keys = trust(&vectors).logs;
    let request = AddCheckpoint::parse(text(&vectors, "add_checkpoint").as_bytes()).unwrap();
    assert_eq!(request.to_string(), text(&vectors, "add_checkpoint"));
    let seen = Seen { size: 5, root: text(&vectors["seen"], "root").parse().unwrap() };
    let checkpoint = judge(&request, &keys, seen).unwrap();
    assert_eq!(checkpoint.size, 11);
    let witness = Key::new("witness.example/w1", 0x22);
    let line = cosign(request.note.text(), 1_767_326_645, &witness).unwrap();
    assert_eq!(line.to_string(), text(&vectors, "cosignature"));
    let body = format!("{line}\n");
    let answer =
        |status, body: &str| read_answer(status, body.as_bytes(), request.note.text(), &cosigner(&witness));
    assert_eq!(answer(200, &body), Answer::Cosigned(line, 1_767_326_645));
    assert_eq!(answer(200, "\u{2014} somebody AAAAAAAA\n"), Answer::Nothing);
    assert_eq!(
        (answer(409, "11\n"), answer(409, "011\n"), answer(409, "11")),
        (Answer::Last(11), Answer::Nothing, Answer::Nothing)
    );
    assert_eq!(
        (answer(422, ""), answer(404, ""), answer(403, ""), answer(500, &body)),
        (Answer::Inconsistent, Answer::Unknown, Answer::Unknown, Answer::Nothing)
    );
    let forked = AddCheckpoint::parse(text(&vectors, "fork").as_bytes()).unwrap();
    assert_eq!(judge(&forked, &keys, seen), Err(Refusal::Inconsistent));
    let now = Seen { size: 11, root: checkpoint.root };
    let asked_again = AddCheckpoint { old: 11, proof: Vec::new(), ..forked.clone() };
    assert_eq!(judge(&asked_again, &keys, now), Err(Refusal::Fork(11)));
    assert_eq!(judge(&request, &keys, now), Err(Refusal::Stale(11)));
    assert_eq!(judge(&request, &[], seen), Err(Refusal::Unsigned));
}

#[test]
fn statement_of_an_epoch_of_another_maker_reads() {
    let vectors = vectors();
    let statement = EpochStatement::open(text(&vectors, "epoch").as_bytes(), &trust(&vectors).logs).unwrap();
    assert_eq!((statement.epoch(), statement.kept.size, statement.signed.size), (2, 5, 11));
    assert_eq!((statement.kept.seconds, statement.signed.seconds), (Some(1_767_323_045), None));
    assert!(
        EpochStatement::open(
            text(&vectors, "epoch").as_bytes(),
            &[Key::new("bailiwick.example", 9).verifier()]
        )
        .is_err()
    );
}

#[test]
fn other_spellings_of_a_receipt_are_refused() {
    let vectors = vectors();
    let good = text(&vectors, "receipt");
    for (text, error) in [
        (good.replace("@v1", "@v2"), ReceiptError::Line(1)),
        (good.replace("index 4", "index 04"), ReceiptError::Line(3)),
        (good.replace("extra ", "extra  "), ReceiptError::Line(2)),
        (good.replace("extra ", "data "), ReceiptError::Line(2)),
        (good.replacen("\n\n", "\n", 1), ReceiptError::Line(8)),
        ("c2sp.org/tlog-proof@v1".to_owned(), ReceiptError::Shape),
    ] {
        let found = Receipt::parse(text.as_bytes());
        assert!(
            found.is_err() && (found == Err(error.clone()) || matches!(error, ReceiptError::Line(8))),
            "{text}: {found:?}"
        );
    }
    assert_eq!(
        Receipt::parse(&vec![b'x'; bailiwick_proof::receipt::MAX_RECEIPT_BYTES + 1]),
        Err(ReceiptError::TooLong)
    );
    assert_eq!(Receipt::parse(&[0xff]), Err(ReceiptError::NotText));
}

fn note_of(log: &Key, leaves: &[Hash]) -> SignedNote {
    let checkpoint = Checkpoint::new("log.example/heads", leaves.len() as u64, naive_root(leaves));
    SignedNote::sign(&checkpoint.to_string(), &[log]).unwrap()
}

proptest! {
    #[test]
    fn receipt_of_any_leaf_leads_to_the_root_and_is_read_as_written(size in 1_u64..600, at in any::<prop::sample::Index>(), extra in prop::option::of(prop::collection::vec(any::<u8>(), 0..60))) {
        let (log, leaves) = (Key::new("log.example", 1), leaves(size));
        let index = at.index(leaves.len()) as u64;
        let path = inclusion_proof(&NaiveReader(&leaves), index, size).unwrap();
        let receipt = Receipt { extra, index, path, note: note_of(&log, &leaves) };
        prop_assert_eq!(Receipt::parse(receipt.to_string().as_bytes()), Ok(receipt.clone()));
        let trust = Trust { logs: vec![log.verifier()], ..Trust::default() };
        prop_assert!(receipt.lead(&leaves[at.index(leaves.len())], &trust).is_ok());
        prop_assert!(receipt.lead(&leaf_hash(b"another"), &trust).is_err());
    }

    #[test]
    fn witness_cosigns_whatever_grew_and_nothing_else(old in 0_u64..300, more in 0_u64..300, flip in any::<prop::sample::Index>()) {
        let (log, leaves) = (Key::new("log.example", 1), leaves((old + more).max(1)));
        let size = leaves.len() as u64;
        let proof = consistency_proof(&NaiveReader(&leaves), old.min(size), size).unwrap();
        let old = old.min(size);
        let request = AddCheckpoint { old, proof, note: note_of(&log, &leaves) };
        prop_assert_eq!(AddCheckpoint::parse(request.to_string().as_bytes()), Ok(request.clone()));
        let seen = Seen { size: old, root: naive_root(&leaves[..usize::try_from(old).unwrap()]) };
        prop_assert!(judge(&request, &[log.verifier()], seen).is_ok());
        if old > 0 {
            let other = Seen { size: old, root: leaf_hash(b"another history") };
            let refused = judge(&request, &[log.verifier()], other);
            prop_assert_eq!(refused, Err(if old == size { Refusal::Fork(old) } else { Refusal::Inconsistent }));
        }
        let mut proof = request.proof.clone();
        if !proof.is_empty() {
            let at = flip.index(proof.len());
            proof[at] = leaf_hash(b"x");
            let wrong = AddCheckpoint { proof, ..request };
            prop_assert_eq!(judge(&wrong, &[log.verifier()], seen), Err(Refusal::Inconsistent));
        }
    }

    #[test]
    fn tiles_hold_the_hashes_that_the_standard_defines(size in 1_u64..1_500, level in 0_u8..3, index in 0_u64..6, width in 1_u64..=256) {
        let leaves = leaves(size);
        let path = TilePath { row: Row::Hashes(level), index, width };
        let found = tile_hashes(&NaiveReader(&leaves), path, size).unwrap();
        // MTH over 256^level leaves each, from place 256·index on, whole ones only.
        let span = 256_usize.pow(u32::from(level));
        let whole: Vec<Hash> = leaves.chunks_exact(span).map(naive_root).collect();
        let first = usize::try_from(index * WIDTH).unwrap();
        let expected = whole.get(first..first + usize::try_from(width).unwrap()).map(<[Hash]>::to_vec);
        prop_assert_eq!(&found, &expected);
        // What it needs is what it reads.
        if let Some(expected) = expected {
            let needs = Needs::tile(path, size);
            let mut fetched = Fetched::default();
            for id in &needs.tiles {
                fetched.tiles.insert(*id, NaiveReader(&leaves).tile(*id).unwrap());
            }
            for leaf in &needs.leaves {
                fetched.leaves.insert(*leaf, leaves[usize::try_from(*leaf).unwrap()]);
            }
            prop_assert_eq!(tile_hashes(&fetched, path, size).unwrap(), Some(expected));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in any::<String>(), octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Receipt::parse(&octets);
        let _ = AddCheckpoint::parse(&octets);
        let _ = Receipt::parse(format!("c2sp.org/tlog-proof@v1\n{text}").as_bytes());
        let _ = AddCheckpoint::parse(format!("old 0\n{text}").as_bytes());
        let _ = EpochStatement::parse(&format!("bailiwick-epoch/v1\n{text}"));
        let _ = LogName::parse(&text);
        let _ = text.parse::<TilePath>();
        let _ = text.parse::<CosignerKey>();
    }
}
