//! Reading a bundle out of its file, and writing its data block.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{
    Bundle, MAX_BUNDLE_BYTES, MAX_KEYS, MAX_MANIFEST_BYTES, MAX_RECORDS, Record,
    page::{self, CLOSE, OPEN},
};
use crate::{
    checkpoint::{CosignerKey, KeyError, NoteError, SignedNote, VerifierKey},
    event::Opening,
    hash::Hash,
};

const FORMAT: &str = "bailiwick-bundle/v1";

/// Why a file is not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More octets than are read.
    #[error("the file is longer than {MAX_BUNDLE_BYTES} octets")]
    TooLong,
    /// Not UTF-8.
    #[error("the file is not UTF-8 text")]
    NotText,
    /// No data block, or more than one.
    #[error("the file does not have exactly one block of records")]
    NoData,
    /// The data block is not the JSON that it has to be.
    #[error("the block of records: {0}")]
    Json(String),
    /// Another format.
    #[error("this is a bundle of another format than {FORMAT}")]
    Format,
    /// More records or keys than a bundle holds.
    #[error("the file has more than {MAX_RECORDS} records or {MAX_KEYS} keys")]
    TooMany,
    /// A key that is none.
    #[error("a key in the file: {0}")]
    Key(#[from] KeyError),
    /// The list of records is no signed note.
    #[error("the list of records: {0}")]
    Manifest(NoteError),
    /// The checkpoint is no signed note.
    #[error("the checkpoint: {0}")]
    Checkpoint(NoteError),
    /// The proof is not a number of hashes.
    #[error("the proof is not the base64 of hashes")]
    Nodes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    format: String,
    keys: Vec<String>,
    witnesses: Vec<String>,
    manifest: String,
    checkpoint: String,
    nodes: String,
    records: Vec<RecordData>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordData {
    octets: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    disclosed: Vec<Opening>,
}

/// Reads a bundle without checking what it says.
///
/// # Errors
/// A file that is none, or is larger than is read.
pub fn read(octets: &[u8]) -> Result<Bundle, ReadError> {
    if octets.len() > MAX_BUNDLE_BYTES {
        return Err(ReadError::TooLong);
    }
    let text = std::str::from_utf8(octets).map_err(|_| ReadError::NotText)?;
    let (before, rest) = text.split_once(OPEN).ok_or(ReadError::NoData)?;
    let (data, after) = rest.split_once(CLOSE).ok_or(ReadError::NoData)?;
    // A browser and this reader take the same block for the data: there is one, and nothing in it ends it early.
    if after.contains(OPEN) || data.contains('<') {
        return Err(ReadError::NoData);
    }
    let data: Data = serde_json::from_str(data).map_err(|error| ReadError::Json(error.to_string()))?;
    if data.format != FORMAT {
        return Err(ReadError::Format);
    }
    if data.records.len() > MAX_RECORDS || data.keys.len() > MAX_KEYS || data.witnesses.len() > MAX_KEYS {
        return Err(ReadError::TooMany);
    }
    let nodes = STANDARD.decode(&data.nodes).map_err(|_| ReadError::Nodes)?;
    let (nodes, odd) = nodes.as_chunks::<32>();
    if !odd.is_empty() {
        return Err(ReadError::Nodes);
    }
    let manifest = SignedNote::parse_within(data.manifest.as_bytes(), MAX_MANIFEST_BYTES);
    Ok(Bundle {
        keys: data.keys.iter().map(|text| text.parse::<VerifierKey>()).collect::<Result<_, _>>()?,
        witnesses: data.witnesses.iter().map(|text| text.parse::<CosignerKey>()).collect::<Result<_, _>>()?,
        manifest: manifest.map_err(ReadError::Manifest)?,
        checkpoint: SignedNote::parse(data.checkpoint.as_bytes()).map_err(ReadError::Checkpoint)?,
        nodes: nodes.iter().copied().map(Hash).collect(),
        records: data
            .records
            .into_iter()
            .map(|RecordData { octets, disclosed }| Record { octets, disclosed })
            .collect(),
        page: page::page_hash(before, after),
    })
}

/// The data block of a bundle.
pub(super) fn block(bundle: &Bundle) -> String {
    let data = Data {
        format: FORMAT.to_owned(),
        keys: bundle.keys.iter().map(ToString::to_string).collect(),
        witnesses: bundle.witnesses.iter().map(ToString::to_string).collect(),
        manifest: bundle.manifest.to_string(),
        checkpoint: bundle.checkpoint.to_string(),
        nodes: STANDARD.encode(bundle.nodes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>()),
        records: bundle
            .records
            .iter()
            .map(|record| RecordData { octets: record.octets.clone(), disclosed: record.disclosed.clone() })
            .collect(),
    };
    // Writing texts and values fails for nothing; an empty block would be refused by every reader.
    // A less-than sign stands within texts only, and nothing that a record says may end the block or begin a comment.
    serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c")
}
