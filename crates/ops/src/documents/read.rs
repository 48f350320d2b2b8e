//! Reading a version: every frame is authenticated before anything of it goes out.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use bailiwick_domain::{
    entity::{Document, DocumentVersion, DocumentVersionState},
    ids::DocumentVersionId,
    rule::{DownloadDocument, Rule},
};
use bailiwick_store::{
    Error as StoreError, Event, Permit, Store,
    documents::{self, Stored},
};
use bailiwick_vault::document::{DocumentError, DocumentKey, FRAME, Fault, Place, SEALED_FRAME, frames};

use super::{Cabinet, cabinet::in_peace, damage, upload::disk};
use crate::{Error, Result};

/// Frames that are in memory at one time.
const STEP: u64 = 16;

/// What whoever asks for a damaged version reads.
pub(super) const DAMAGED: Error = Error::Conflict(
    "What lies in the store is not what was stored. Nothing of it is handed out, and the finding was recorded.",
);

/// A version that is being read, some frames at a time.
#[derive(Debug)]
pub struct Reading {
    key: Arc<DocumentKey>,
    file: Option<File>,
    octets: u64,
    /// The next octet that goes out, and the first that does not.
    from: u64,
    until: u64,
}

impl Reading {
    /// What comes next; nothing after the end.
    ///
    /// # Errors
    /// The version and what is wrong with it. Nothing of the frames that were read with the one at fault goes out.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, DocumentError> {
        let missing = DocumentError { place: self.key.place(), fault: Fault::Missing };
        if self.from >= self.until {
            return Ok(None);
        }
        let mut file = self.file.take().ok_or(missing)?;
        let (key, octets, from, until) = (Arc::clone(&self.key), self.octets, self.from, self.until);
        let read = in_peace(move || {
            let read = step(&key, &mut file, octets, from, until)?;
            Ok::<_, DocumentError>((file, read))
        });
        let (file, read) = read.await.map_err(|_| missing)??;
        self.file = Some(file);
        self.from += read.len() as u64;
        Ok(Some(read))
    }
}

/// Opens the frames from the one with octet `from` on, [`STEP`] at most.
fn step(
    key: &DocumentKey,
    file: &mut File,
    octets: u64,
    from: u64,
    until: u64,
) -> Result<Vec<u8>, DocumentError> {
    let damaged = |fault| DocumentError { place: key.place(), fault };
    let frame = FRAME as u64;
    let (first, all) = (from / frame, frames(octets));
    let behind = until.div_ceil(frame).min(first + STEP).min(all);
    let plain = (octets.min(behind * frame)) - first * frame;
    let length = plain + (behind - first) * (SEALED_FRAME as u64 - frame);
    let mut sealed = vec![0; usize::try_from(length).map_err(|_| damaged(Fault::Length))?];
    let read =
        file.seek(SeekFrom::Start(first * SEALED_FRAME as u64)).and_then(|_| file.read_exact(&mut sealed));
    read.map_err(|error| damaged(fault_of(&error)))?;
    let number = u32::try_from(first).map_err(|_| damaged(Fault::Length))?;
    let plain = key.open_all(number, all, &mut sealed)?;
    let start = first * frame;
    let part = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(plain.len());
    Ok(plain.get(part(from)..part(until)).unwrap_or_default().to_vec())
}

pub(super) fn fault_of(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::Truncated,
        _ => Fault::Missing,
    }
}

/// A version of a document that is kept, with the document.
///
/// # Errors
/// `NotFound`.
pub async fn find<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    id: DocumentVersionId,
) -> Result<(Document, DocumentVersion)> {
    let mut view = store.read(permit).await?;
    let version = documents::version(&mut view, id).await?.version;
    Ok((documents::kept(&mut view, version.document).await?, version))
}

/// Begins to read octets `from` up to `until` of a version, and reads the first of them.
///
/// # Errors
/// `NotFound`; `Conflict` for a damaged one, which is recorded.
pub async fn reading(
    store: &Store,
    permit: &Permit<DownloadDocument>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
    (from, until): (u64, u64),
) -> Result<(Reading, Vec<u8>)> {
    let mut view = store.read(permit).await?;
    let stored = documents::version(&mut view, id).await?;
    if stored.version.state == DocumentVersionState::Deleted {
        return Err(Error::NotFound);
    }
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let opened = open(&mut view, tenant.bytes(), &stored).await;
    drop(view);
    let (path, sealed) = (cabinet.path(tenant, id), stored.version.sealed_octets.unsigned_abs());
    let begun = match opened? {
        Ok(key) => {
            let place = key.place();
            let file = in_peace(move || file_of(&path, sealed)).await.map_err(disk)?;
            match file {
                Ok(file) => {
                    let octets = stored.version.octets.unsigned_abs();
                    let mut reading = Reading { key: Arc::new(key), file: Some(file), octets, from, until };
                    reading.next().await.map(|first| (reading, first.unwrap_or_default()))
                }
                Err(fault) => Err(DocumentError { place, fault }),
            }
        }
        Err(error) => Err(error),
    };
    match begun {
        Ok(begun) => Ok(begun),
        Err(error) => {
            damage::record(store, permit, id, &error).await?;
            Err(DAMAGED)
        }
    }
}

/// The data key of a version, or what is wrong with it.
pub(super) async fn open(
    view: &mut bailiwick_store::View,
    tenant: [u8; 16],
    stored: &Stored,
) -> Result<Result<DocumentKey, DocumentError>> {
    let place =
        Place { tenant, document: stored.version.document.bytes(), version: stored.version.id.bytes() };
    let sealed = stored.sealed_key.clone().ok_or(Error::NotFound)?;
    match documents::key(view, place, sealed).await {
        Ok(key) => Ok(Ok(key)),
        Err(StoreError::Vault(cause)) => match cause.downcast::<DocumentError>() {
            Ok(error) => Ok(Err(*error)),
            Err(cause) => Err(Error::Store(StoreError::Vault(cause))),
        },
        Err(error) => Err(error.into()),
    }
}

/// The file of a version, if it is as long as it was.
pub(super) fn file_of(path: &std::path::Path, sealed: u64) -> Result<File, Fault> {
    let file = File::open(path).map_err(|_| Fault::Missing)?;
    let length = file.metadata().map_err(|_| Fault::Missing)?.len();
    if length == sealed { Ok(file) } else { Err(Fault::Length) }
}

/// Records that somebody downloads a version, before they get anything of it.
///
/// # Errors
/// `NotFound`.
pub async fn note_download(
    store: &Store,
    permit: &Permit<DownloadDocument>,
    id: DocumentVersionId,
) -> Result<()> {
    store
        .change(permit, async |tx| {
            let before = documents::lock_version(tx, id).await?;
            let after = DocumentVersion { downloads: before.downloads + 1, ..before.clone() };
            let written = documents::replace_version(tx, before, after).await?;
            let event = Event::new("document_version.downloaded", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
}
