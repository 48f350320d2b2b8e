//! Signed notes: who signed, who did not, and what is no note at all.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/key.rs"]
mod key;

use bailiwick_proof::{
    Hash,
    checkpoint::{Checkpoint, CheckpointError, MAX_NOTE_BYTES, NoteError, SignedNote, VerifierKey},
};
use key::Key;

fn checkpoint() -> Checkpoint {
    Checkpoint::new("log.example", 7, Hash([9; 32]))
}

/// The example in the documentation of Go's `sumdb/note`.
#[test]
fn the_published_note_verifies() {
    let key: VerifierKey =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let parsed = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(parsed.verify(&key), Ok(()));
    assert_eq!(parsed.to_string(), note);
}

#[test]
fn auditor_opens_a_checkpoint_that_the_log_signed() {
    let log = Key::new("log.example", 1);
    let note = SignedNote::sign(&checkpoint().to_string(), &[&log]).unwrap().to_string();
    assert_eq!(Checkpoint::open(note.as_bytes(), "log.example", &[log.verifier()]), Ok(checkpoint()));
    assert!(matches!(
        Checkpoint::open(note.as_bytes(), "other.example", &[log.verifier()]),
        Err(CheckpointError::Origin { .. })
    ));
}

#[test]
fn a_witness_may_add_its_signature() {
    let (log, witness) = (Key::new("log.example", 1), Key::new("witness.example", 2));
    let mut note = SignedNote::sign(&checkpoint().to_string(), &[&log]).unwrap();
    note.add_signature(&witness).unwrap();
    let note = SignedNote::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(note.verify(&log.verifier()), Ok(()));
    assert_eq!(note.verify(&witness.verifier()), Ok(()));
    assert_eq!(note.verify(&Key::new("witness.example", 3).verifier()), Err(NoteError::Unsigned));
}

#[test]
fn another_key_of_the_same_name_is_not_the_log() {
    let (log, thief) = (Key::new("log.example", 1), Key::new("log.example", 2));
    let note = SignedNote::sign(&checkpoint().to_string(), &[&thief]).unwrap();
    assert_eq!(note.verify(&log.verifier()), Err(NoteError::Unsigned));
}

#[test]
fn a_known_key_with_a_wrong_signature_spoils_the_note() {
    let (log, witness) = (Key::new("log.example", 1), Key::new("witness.example", 2));
    let signed = SignedNote::sign(&checkpoint().to_string(), &[&log, &witness]).unwrap().to_string();
    let forged = signed.replace("\n7\n", "\n6\n");
    let note = SignedNote::parse(forged.as_bytes()).unwrap();
    assert_eq!(note.verify(&log.verifier()), Err(NoteError::WrongSignature("log.example".into())));
    // The log's own signature may be gone, but a signature that claims a known key must still be right.
    let keys = [log.verifier(), witness.verifier()];
    assert!(matches!(note.verify_any(&keys), Err(NoteError::WrongSignature(_))));
}

#[test]
fn every_flipped_bit_of_a_note_is_noticed() {
    let log = Key::new("log.example", 1);
    let note = SignedNote::sign(&checkpoint().to_string(), &[&log]).unwrap().to_string().into_bytes();
    for place in 0..note.len() {
        for bit in 0..8 {
            let mut forged = note.clone();
            forged[place] ^= 1 << bit;
            let opened = Checkpoint::open(&forged, "log.example", &[log.verifier()]);
            assert!(opened.is_err(), "octet {place} bit {bit}");
        }
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let log = Key::new("log.example", 1);
    let good = SignedNote::sign(&checkpoint().to_string(), &[&log]).unwrap().to_string();
    let line = good.lines().last().unwrap();
    let cases = [
        (String::new(), NoteError::Shape),
        ("text\n".to_owned(), NoteError::Shape),
        (format!("text\n{line}\n"), NoteError::Shape),
        (good.trim_end().to_owned(), NoteError::Shape),
        (good.replace("— ", "- "), NoteError::SignatureLine(1)),
        (format!("{good}— name\n"), NoteError::SignatureLine(2)),
        (format!("{good}— name AAAAAA==\n"), NoteError::SignatureLine(2)),
        (format!("{good}— a+b AAAAAAAA\n"), NoteError::SignatureLine(2)),
        (format!("{good}—  AAAAAAAA\n"), NoteError::SignatureLine(2)),
        (format!("{good}— name AAAAAAAA \n"), NoteError::SignatureLine(2)),
        (good.replace('7', "7\t"), NoteError::NotText),
        (good.replace('\n', "\r\n"), NoteError::NotText),
        (format!("{good}{}", format!("{line}\n").repeat(64)), NoteError::TooLong),
        ("x".repeat(MAX_NOTE_BYTES + 1), NoteError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(SignedNote::parse(text.as_bytes()), Err(error), "{:?}", text.get(..80.min(text.len())));
    }
    assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotText));
}

#[test]
fn a_text_that_cannot_be_a_note_is_not_signed() {
    let log = Key::new("log.example", 1);
    assert!(SignedNote::sign("no newline at the end", &[&log]).is_err());
    assert!(SignedNote::sign("text\n", &[]).is_err());
    assert_eq!(SignedNote::sign("text\n", &[&Key::new("two words", 1)]), Err(NoteError::KeyName));
}
