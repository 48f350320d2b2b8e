#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use bailiwick_domain::time::Timestamp;
use bailiwick_proof::{
    Hash,
    checkpoint::{Checkpoint, NoteSigner, SignedNote, VerifierKey},
    leaf_hash,
    tree::{Frontier, HashReader, consistency_proof},
};
use bailiwick_vault::{entropy::SystemEntropy, provider::FileProvider, signer::Signer};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;

const LOG: &str = "log.example/tenant/0193a7c2-7b1e-7000-8000-000000000001";

struct StoppedClock;
impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_679_315_147_000_000)
    }
}

/// A log of small numbers, `story` telling one history from another.
struct Log {
    key: SigningKey,
    leaves: Vec<Hash>,
}

impl HashReader for Log {
    type Error = std::convert::Infallible;
    fn tile(&self, _: bailiwick_proof::tile::TileId) -> Result<bailiwick_proof::tile::Tile, Self::Error> {
        unreachable!("the log is smaller than a tile")
    }
    fn leaf(&self, index: u64) -> Result<Hash, Self::Error> {
        Ok(self.leaves[usize::try_from(index).unwrap()])
    }
}

impl Log {
    async fn new(folder: &TempDir) -> Self {
        let entropy: Arc<dyn bailiwick_domain::clock::Entropy> = Arc::new(SystemEntropy);
        let provider = FileProvider::create(&folder.path().join("log.key"), Arc::clone(&entropy)).unwrap();
        let (signer, _) = Signer::generate("log.example", &provider, &*entropy).await.unwrap();
        Self { key: SigningKey::of(signer), leaves: Vec::new() }
    }

    fn grow(&mut self, to: u64, story: u8) {
        for number in self.leaves.len() as u64..to {
            self.leaves.push(leaf_hash(&[number.to_be_bytes().as_slice(), &[story]].concat()));
        }
    }

    fn vkey(&self) -> VerifierKey {
        VerifierKey::new("log.example", &self.key.public_key()).unwrap()
    }

    fn request(&self, origin: &str, old: u64) -> AddCheckpoint {
        let mut frontier = Frontier::new();
        self.leaves.iter().for_each(|leaf| frontier.push(*leaf));
        let text = Checkpoint::new(origin, frontier.size(), frontier.root()).to_string();
        let note = SignedNote::sign(&text, &[&self.key]).unwrap();
        let proof = consistency_proof(self, old.min(frontier.size()), frontier.size()).unwrap();
        AddCheckpoint { old, proof, note }
    }
}

struct Stage {
    folder: TempDir,
    log: Log,
    verifier: CosignerKey,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(&folder).await;
        let trusted = format!("log.example {}", log.vkey());
        let witness = folder.path().join("witness");
        let made = Folder::create(&witness, "w1.example", &[trusted], Arc::new(SystemEntropy)).await.unwrap();
        let verifier = made.verifier().unwrap();
        Self { folder, log, verifier }
    }

    /// The witness as it is after a restart.
    async fn router(&self) -> Router {
        let path = self.folder.path().join("witness");
        let folder = Folder::open(&path, Arc::new(SystemEntropy)).await.unwrap();
        let (trusted, state, verifier) =
            (folder.trusted().unwrap(), folder.state().unwrap(), folder.verifier().unwrap());
        assert_eq!(verifier, self.verifier);
        router(folder, verifier, trusted, state, Arc::new(StoppedClock))
    }

    async fn post(&self, body: String) -> (u16, String, String) {
        posted(self.router().await, body).await
    }
}

async fn posted(router: Router, body: String) -> (u16, String, String) {
    let answer =
        router.oneshot(Request::post("/add-checkpoint").body(Body::from(body)).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn witness_cosigns_a_log_that_grew_and_remembers_it_over_a_restart() {
    let mut stage = Stage::set().await;
    for (old, size) in [(0, 3), (3, 3), (3, 8), (8, 100)] {
        stage.log.grow(size, 1);
        let request = stage.log.request(LOG, old);
        let (status, _, body) = stage.post(request.to_string()).await;
        assert_eq!(status, 200, "{body}");
        let line: NoteSignature = body.strip_suffix('\n').unwrap().parse().unwrap();
        assert_eq!(stage.verifier.cosigned(request.note.text(), &line), Some(1_679_315_147));
    }
    let (status, kind, body) = stage.post(stage.log.request(LOG, 8).to_string()).await;
    assert_eq!((status, kind.as_str(), body.as_str()), (409, "text/x.tlog.size", "100\n"));
}

#[tokio::test]
async fn witness_refuses_a_second_history_and_keeps_it_as_evidence() {
    let mut stage = Stage::set().await;
    stage.log.grow(10, 1);
    assert_eq!(stage.post(stage.log.request(LOG, 0).to_string()).await.0, 200);
    // Another history of the same size, then a longer one.
    stage.log.leaves.truncate(4);
    stage.log.grow(10, 2);
    let forked = stage.log.request(LOG, 10);
    let (status, kind, body) = stage.post(forked.to_string()).await;
    assert_eq!((status, kind.as_str(), body.as_str()), (409, "text/x.tlog.size", "10\n"));
    let evidence = std::fs::read_to_string(stage.folder.path().join("witness/refused")).unwrap();
    assert_eq!(evidence, forked.to_string());
    stage.log.grow(12, 2);
    assert_eq!(stage.post(stage.log.request(LOG, 10).to_string()).await.0, 422);
    // The first history is still the one that goes on.
    stage.log.leaves.truncate(4);
    stage.log.grow(12, 1);
    assert_eq!(stage.post(stage.log.request(LOG, 10).to_string()).await.0, 200);
}

#[tokio::test]
async fn witness_answers_as_the_standard_says() {
    let mut stage = Stage::set().await;
    stage.log.grow(5, 1);
    let good = stage.log.request(LOG, 0);
    let mut unsigned = good.clone();
    let stranger = Log::new(&tempfile::tempdir().unwrap()).await;
    unsigned.note = SignedNote::sign(good.note.text(), &[&stranger.key]).unwrap();
    let ahead = AddCheckpoint { old: 6, ..good.clone() };
    let proven = AddCheckpoint { proof: vec![leaf_hash(b"x")], ..good.clone() };
    for (body, status) in [
        (String::new(), 400),
        ("old 0\n".to_owned(), 400),
        ("x".repeat(MAX_REQUEST_BYTES + 1), 413),
        (stage.log.request("other.example/tenant/x", 0).to_string(), 404),
        (stage.log.request("log.example.evil", 0).to_string(), 404),
        (unsigned.to_string(), 403),
        (ahead.to_string(), 400),
        (AddCheckpoint { old: 2, ..good.clone() }.to_string(), 409),
        (proven.to_string(), 422),
        (good.to_string(), 200),
    ] {
        assert_eq!(stage.post(body.clone()).await.0, status, "{body}");
    }
}

#[tokio::test]
async fn of_requests_that_come_at_once_none_sets_the_witness_back() {
    let mut stage = Stage::set().await;
    let router = stage.router().await;
    let mut requests = Vec::new();
    for size in [3, 9, 27] {
        stage.log.grow(size, 1);
        requests.push(stage.log.request(LOG, 0).to_string());
    }
    let mut answers = Vec::new();
    for request in requests {
        answers.push(tokio::spawn(posted(router.clone(), request)));
    }
    let mut cosigned = 0;
    for answer in answers {
        cosigned += usize::from(answer.await.unwrap().0 == 200);
    }
    assert_eq!(cosigned, 1, "each came from nothing, and nothing is where a log begins only once");
}

#[tokio::test]
async fn witness_that_lost_its_state_is_not_run_again() {
    let stage = Stage::set().await;
    let path = stage.folder.path().join("witness");
    std::fs::remove_file(path.join("state")).unwrap();
    let folder = Folder::open(&path, Arc::new(SystemEntropy)).await.unwrap();
    let refusal = folder.state().unwrap_err().to_string();
    assert!(refusal.contains("must not go on"), "{refusal}");
    std::fs::write(path.join("state"), "bailiwick-witness-state v1\n12\nhalf").unwrap();
    assert!(folder.state().is_err());
    let first = folder.lock().unwrap();
    assert!(folder.lock().is_err(), "two of them would cosign two histories");
    drop(first);
    assert!(folder.lock().is_ok());
}
