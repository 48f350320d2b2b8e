//! Golden vectors: what the log's formats look like, for whoever writes another verifier.
//!
//! `vectors/log-v1.json` is read and recomputed; a difference means that logs written yesterday no longer verify.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use bailiwick_proof::{
    checkpoint::Checkpoint,
    tree::{Frontier, consistency_proof, inclusion_proof},
};
use serde_json::{Value, json};
use support::{
    NaiveReader,
    log::{LogKey, ORIGIN, TENANT, log},
};

const VECTORS: &str = include_str!("vectors/log-v1.json");
const SIZE: u64 = 23;

fn computed() -> Value {
    let log = log(SIZE);
    let hashes = log.hashes();
    let mut frontier = Frontier::new();
    let mut roots = vec![json!(frontier.root())];
    for hash in &hashes {
        frontier.push(*hash);
        roots.push(json!(frontier.root()));
    }
    let events: Vec<Value> = log
        .rows
        .iter()
        .map(|row| json!({"bytes": String::from_utf8(row.bytes.clone()).unwrap(), "hash": row.hash, "leaf_index": row.leaf_index}))
        .collect();
    let heads: Vec<Value> = log
        .heads
        .iter()
        .map(|((kind, id), (revision, hash))| json!({"hash": hash, "id": id, "revision": revision, "type": kind}))
        .collect();
    let inclusion: Vec<Value> = [0, 5, 16, 22]
        .iter()
        .map(|index| json!({"leaf_index": index, "proof": inclusion_proof(&NaiveReader(&hashes), *index, SIZE).unwrap()}))
        .collect();
    let consistency: Vec<Value> = [1, 8, 13, 22]
        .iter()
        .map(
            |old| json!({"old": old, "proof": consistency_proof(&NaiveReader(&hashes), *old, SIZE).unwrap()}),
        )
        .collect();
    json!({
        "checkpoint": log.checkpoints[0],
        "consistency": consistency,
        "events": events,
        "frontier": hex::encode(frontier.to_bytes()),
        "heads": heads,
        "inclusion": inclusion,
        "origin": ORIGIN,
        "roots": roots,
        "tenant": TENANT,
        "verifier_key": LogKey::new(1).verifier().to_string(),
    })
}

#[test]
fn formats_are_those_of_the_first_day() {
    let computed = computed();
    let pinned: Value = serde_json::from_str(VECTORS).unwrap();
    assert!(computed == pinned, "the formats changed; now they are:\n{computed:#}");
}

#[test]
fn pinned_checkpoint_opens_with_the_pinned_key() {
    let pinned: Value = serde_json::from_str(VECTORS).unwrap();
    let key = pinned["verifier_key"].as_str().unwrap().parse().unwrap();
    let opened = Checkpoint::open(pinned["checkpoint"].as_str().unwrap().as_bytes(), ORIGIN, &[key]).unwrap();
    assert_eq!(json!(opened.root), pinned["roots"][SIZE as usize]);
}
