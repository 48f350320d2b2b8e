//! A small log as a database would hold it, to be verified and tampered with.

use std::collections::BTreeMap;

use bailiwick_proof::{
    Hash,
    canonical::to_bytes,
    checkpoint::{Checkpoint, NoteSigner, SignedNote, VerifierKey},
    leaf_hash,
    tile::{Tile, TileId, complete_tiles},
    tree::{Fetched, Frontier},
    verify::{ChainWalker, Finding, StoredEvent, Verified, Verifier},
};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

pub const TENANT: &str = "01930000-0000-7000-8000-000000000000";
pub const ORIGIN: &str = "bailiwick.example/tenant/01930000-0000-7000-8000-000000000000";

/// One row of the event table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub leaf_index: Option<u64>,
    pub id: String,
    pub hash: Hash,
    pub bytes: Vec<u8>,
}

impl Row {
    pub fn stored(&self) -> StoredEvent<'_> {
        StoredEvent { leaf_index: self.leaf_index, id: &self.id, hash: self.hash, bytes: &self.bytes }
    }

    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// Writes other content under the same hash column.
    pub fn rewrite(&mut self, change: impl FnOnce(&mut Value)) {
        let mut value = self.value();
        change(&mut value);
        self.bytes = to_bytes(&value).unwrap();
    }

    /// Makes the hash column fit the bytes.
    pub fn forge_hash(&mut self) {
        self.hash = leaf_hash(&self.bytes);
    }

    pub fn revision(&self) -> u64 {
        self.value()["entity"]["revision"].as_u64().unwrap()
    }
}

/// The key that signs checkpoints.
pub struct LogKey(pub SigningKey);

impl LogKey {
    pub fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(ORIGIN, &self.public_key()).unwrap()
    }
}

impl NoteSigner for LogKey {
    fn name(&self) -> &str {
        ORIGIN
    }

    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// The database of one tenant, and the checkpoints kept outside it.
#[derive(Clone, Default)]
pub struct Log {
    pub rows: Vec<Row>,
    pub tiles: BTreeMap<TileId, Tile>,
    pub heads: BTreeMap<(String, String), (u64, Hash)>,
    pub checkpoints: Vec<String>,
}

/// A log of `count` events about ten entities, with its tiles, heads and a checkpoint at its end.
pub fn log(count: u64) -> Log {
    let mut log = Log::default();
    for number in 0..count {
        let row = log.next_row(number, Some(number));
        log.rows.push(row);
    }
    log.rebuild_tiles();
    log.sign(&LogKey::new(1));
    log
}

pub fn event_id(number: u64) -> String {
    format!("01930000-0000-7000-9000-{number:012x}")
}

pub fn entity_id(number: u64) -> String {
    format!("01930000-0000-7000-a000-{number:012x}")
}

impl Log {
    /// The event that changes its entity next, with the head moved on.
    pub fn next_row(&mut self, number: u64, leaf_index: Option<u64>) -> Row {
        let (kind, entity) = (["invitation", "user"][(number % 2) as usize], entity_id(number * 7 % 10));
        let head = self.heads.get(&(kind.to_owned(), entity.clone()));
        let (revision, prev) = head.map_or((1, None), |(revision, hash)| (revision + 1, Some(*hash)));
        let value = json!({
            "action": format!("{kind}.changed"),
            "actor": {"auth": "session", "credential": null, "id": entity_id(99), "kind": "user"},
            "changes": [{"after": number, "before": null, "op": "replace", "path": "/note"}],
            "entity": {"id": entity, "revision": revision, "type": kind},
            "id": event_id(number),
            "occurred_at": "2026-01-02T03:04:05.000006Z",
            "outcome": "ok",
            "prev": prev,
            "reason": null,
            "recorded_at": "2026-01-02T03:04:05.000007Z",
            "request": null,
            "source": {"agent": "cli", "ip": null},
            "tenant": TENANT,
            "v": 1,
        });
        let bytes = to_bytes(&value).unwrap();
        let row = Row { leaf_index, id: event_id(number), hash: leaf_hash(&bytes), bytes };
        self.heads.insert((kind.to_owned(), entity), (revision, row.hash));
        row
    }

    pub fn hashes(&self) -> Vec<Hash> {
        self.rows.iter().filter(|row| row.leaf_index.is_some()).map(|row| row.hash).collect()
    }

    /// Makes the stored tiles fit the hash columns.
    pub fn rebuild_tiles(&mut self) {
        self.tiles = complete_tiles(&Fetched::default(), 0, &self.hashes()).unwrap().into_iter().collect();
    }

    /// Makes the entity heads and every `prev` fit, as a forger with all the time in the world would.
    pub fn forge_chains(&mut self) {
        self.heads.clear();
        for row in &mut self.rows {
            let value = row.value();
            let key = (
                value["entity"]["type"].as_str().unwrap().to_owned(),
                value["entity"]["id"].as_str().unwrap().to_owned(),
            );
            let head = self.heads.get(&key).copied();
            let (revision, prev) = head.map_or((1, None), |(revision, hash)| (revision + 1, Some(hash)));
            row.rewrite(|value| {
                value["prev"] = json!(prev);
                value["entity"]["revision"] = json!(revision);
            });
            row.forge_hash();
            self.heads.insert(key, (revision, row.hash));
        }
    }

    /// Gives every row the leaf index of its position.
    pub fn renumber(&mut self) {
        for (row, index) in self.rows.iter_mut().zip(0..) {
            row.leaf_index = Some(index);
        }
    }

    pub fn root(&self) -> Hash {
        let mut frontier = Frontier::new();
        self.hashes().into_iter().for_each(|hash| frontier.push(hash));
        frontier.root()
    }

    /// Signs a checkpoint of the present state and keeps it outside.
    pub fn sign(&mut self, key: &LogKey) {
        let checkpoint = Checkpoint::new(ORIGIN, self.hashes().len() as u64, self.root());
        self.checkpoints.push(SignedNote::sign(&checkpoint.to_string(), &[key]).unwrap().to_string());
    }

    pub fn verify(&self) -> Result<Verified, Finding> {
        self.verify_with(&LogKey::new(1).verifier())
    }

    /// Everything there is to check, in the order of the manual.
    pub fn verify_with(&self, key: &VerifierKey) -> Result<Verified, Finding> {
        let mut verifier = Verifier::new(TENANT, &[42; 32]).with_tiles();
        for note in &self.checkpoints {
            verifier.signed_checkpoint(note.as_bytes(), ORIGIN, std::slice::from_ref(key))?;
        }
        for row in &self.rows {
            verifier.event(&row.stored())?;
            for id in verifier.due().to_vec() {
                if let Some(tile) = self.tiles.get(&id) {
                    verifier.tile(id, tile)?;
                }
            }
        }
        for ((kind, id), (revision, hash)) in &self.heads {
            verifier.head(kind, id, *revision, hash)?;
        }
        verifier.finish()
    }

    /// The walk entity by entity.
    pub fn walk(&self) -> Result<(), Finding> {
        let mut rows: Vec<(String, String, u64, &Row)> = self
            .rows
            .iter()
            .map(|row| {
                let entity = &row.value()["entity"];
                let text = |name: &str| entity[name].as_str().unwrap().to_owned();
                (text("type"), text("id"), row.revision(), row)
            })
            .collect();
        rows.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
        let mut heads = self.heads.iter().peekable();
        let mut walker = ChainWalker::new(TENANT);
        for (kind, id, _, row) in &rows {
            // The heads of all entities before this one.
            while let Some(((head_kind, head_id), (revision, hash))) =
                heads.next_if(|((k, i), _)| (k, i) < (kind, id))
            {
                walker.head(head_kind, head_id, *revision, hash)?;
            }
            walker.event(&row.stored())?;
        }
        for ((kind, id), (revision, hash)) in heads {
            walker.head(kind, id, *revision, hash)?;
        }
        walker.finish()
    }
}
