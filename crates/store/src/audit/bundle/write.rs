//! From what was asked for to the file.

use std::sync::Arc;

use bailiwick_domain::disclosure::Disclosure;
use bailiwick_proof::{
    bundle::{Bundle, MAX_KEYS, MakeError, Manifest, Record, Selection, list_hash, own_page, write},
    checkpoint::{Checkpoint, NoteError, NoteSigner, SignedNote, Trust, VerifierKey},
    event::scan,
    leaf_hash,
};

use super::{
    Asked,
    collect::{leaves, nodes, records},
};
use crate::{
    Error, Result,
    audit::{log::newest_covering, witness::cosigned},
    tx::Scope,
};

/// A bundle that is ready to be handed out, once its making is recorded.
#[derive(Clone, Debug)]
pub struct Bundled {
    /// The file.
    pub file: String,
    /// What it is of, as its list says it.
    pub selection: String,
    /// How many records are in it.
    pub records: i64,
    /// How many personal values are shown.
    pub values: i64,
    /// The size of the tree that they are proven in.
    pub size: i64,
    /// SHA-256 of its list of records, in hexadecimal digits.
    pub list: String,
}

/// Says that stored records are not what was signed.
pub(super) const fn altered() -> Error {
    Error::Conflict("These records do not lead to what was signed. Run a verification.")
}

/// A bundle of what was asked for, under the newest checkpoint that covers all of it and that enough witnesses have cosigned, or
/// else under the newest. Of personal values it shows those of `disclosure` that can still be opened.
///
/// # Errors
/// [`Error::Conflict`] for no record at all, for more than a bundle holds, and for records that are not what was signed;
/// [`Error::NotFound`] for a thing without a signed record.
pub async fn bundle(scope: &mut impl Scope, asked: &Asked, disclosure: &Disclosure) -> Result<Bundled> {
    let key = scope.shared().vouching.get().cloned();
    let key = key.ok_or(Error::Conflict("This server signs no log, so it can vouch for none."))?;
    let leaves = leaves(scope, asked).await?;
    let last = leaves.last().copied().unwrap_or_default();
    let (size, note) = newest_covering(scope, last).await?.ok_or_else(altered)?;
    let note = cosigned(scope, size, note).await?;
    let checkpoint = SignedNote::parse(note.as_bytes()).map_err(|_| altered())?;
    let nodes = nodes(scope, &leaves, size.unsigned_abs()).await?;
    let records = records(scope, &leaves, disclosure).await?;
    let mut witnesses = scope.shared().witness_policy().witnesses;
    witnesses.truncate(MAX_KEYS);
    let (asked, made) = (asked.clone(), scope.now().to_string());
    // Hashing, checking and writing some thousand records takes a moment, which nobody else is to wait for.
    let written = tokio::task::spawn_blocking(move || {
        let signed = Checkpoint::parse(checkpoint.text()).map_err(|_| altered())?;
        let indexes = leaves.iter().map(|leaf| leaf.unsigned_abs());
        let hashes = records.iter().map(|record| leaf_hash(record.octets.as_bytes()));
        let manifest = Manifest {
            log: signed.origin,
            size: signed.size,
            root: signed.root,
            made,
            of: selection(&asked, &records)?,
            meant: match &asked {
                Asked::Search { sought, .. } => Some(sought.meant()),
                Asked::Entity { .. } => None,
            },
            page: own_page(),
            records: indexes.zip(hashes).collect(),
        };
        let list = manifest.sign(&*key).map_err(unmade)?;
        let values = records.iter().map(|record| record.disclosed.len()).sum();
        let bundle = Bundle {
            keys: vec![verifier(&key)?],
            witnesses,
            manifest: list,
            checkpoint,
            nodes,
            records,
            page: own_page(),
        };
        finish(&bundle, &manifest, values)
    });
    written.await.map_err(|error| Error::Proof(error.to_string()))?
}

fn finish(bundle: &Bundle, manifest: &Manifest, values: usize) -> Result<Bundled> {
    // A bundle that proves nothing is none: whoever asks learns it here, and not from whom they show it to.
    bundle.verify(&Trust { logs: bundle.keys.clone(), ..Trust::default() }).map_err(|_| altered())?;
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Bundled {
        file: write(bundle).map_err(unmade)?,
        selection: manifest.of.to_string(),
        records: number(bundle.records.len()),
        values: number(values),
        size: i64::try_from(manifest.size).unwrap_or(i64::MAX),
        list: list_hash(&bundle.manifest).to_string(),
    })
}

/// What was asked for, in the words of the records themselves.
fn selection(asked: &Asked, records: &[Record]) -> Result<Selection> {
    match asked {
        Asked::Search { line, .. } => Ok(Selection::Search(line.clone())),
        Asked::Entity { .. } => {
            let first = records.first().ok_or(Error::NotFound)?;
            let fields = scan(first.octets.as_bytes()).map_err(|_| altered())?;
            Ok(Selection::Entity {
                kind: fields.entity.kind.to_owned(),
                id: fields.entity.id.to_owned(),
                revisions: records.len() as u64,
            })
        }
    }
}

fn verifier(key: &Arc<dyn NoteSigner + Send + Sync>) -> Result<VerifierKey> {
    VerifierKey::new(key.name(), &key.public_key()).map_err(|error| Error::Proof(error.to_string()))
}

fn unmade(error: MakeError) -> Error {
    match error {
        MakeError::TooLong => Error::Conflict("The file would be longer than 64 MiB. Narrow the search."),
        MakeError::Manifest(_) => {
            Error::Conflict("This line of search cannot stand in a list. Write it on one line.")
        }
        MakeError::Note(NoteError::TooLong) => {
            Error::Conflict("This search stands for more things than a list can name. Narrow it.")
        }
        MakeError::Note(error) => Error::Proof(error.to_string()),
    }
}
