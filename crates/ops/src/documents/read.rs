//! Reading a version: every frame is authenticated before anything of it goes out.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Document, DocumentVersion, DocumentVersionState},
    ids::DocumentVersionId,
    rule::{DownloadDocument, Rule},
};
use bailiwick_store::{
    Error as StoreError, Event, Permit, Store,
    documents::{self, Stored},
};
use bailiwick_vault::{
    document::{DocumentError, DocumentKey, FRAME, Fault, Place, SEALED_FRAME, frames},
    secret::Wiped,
};

use super::{
    Cabinet,
    cabinet::in_peace,
    damage,
    place::{Source, Unread},
};
use crate::{Error, Result};

/// Frames that are in memory at one time.
const STEP: u64 = 16;

/// What whoever asks for a damaged version reads.
pub(super) const DAMAGED: Error = Error::Conflict(
    "What lies in the store is not what was stored. Nothing of it is handed out, and the finding was recorded.",
);

/// What whoever asks for a version reads whose place does not answer.
pub(super) const AWAY: Error = Error::Store(StoreError::Busy);

/// A version that is being read, some frames at a time.
#[derive(Debug)]
pub struct Reading {
    key: Arc<DocumentKey>,
    source: Option<Source>,
    octets: u64,
    /// The next octet that goes out, and the first that does not.
    from: u64,
    until: u64,
}

impl Reading {
    /// What comes next; nothing after the end.
    ///
    /// # Errors
    /// The version and what is wrong with it, or that its place does not answer. Nothing of the frames that were read with the one at
    /// fault goes out.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Unread> {
        let place = self.key.place();
        if self.from >= self.until {
            return Ok(None);
        }
        let missing = || DocumentError { place, fault: Fault::Missing };
        let source = self.source.take().ok_or_else(missing)?;
        let (key, from, until) = (Arc::clone(&self.key), self.from, self.until);
        let step = Step::of(self.octets, from, until);
        let read = source.read(step.at, step.length).await;
        let (source, sealed) = read.map_err(|error| Unread::of(place, error))?;
        let opened = in_peace(move || Ok(step.part(&step.open(&key, &sealed)?, from, until)));
        let opened: Result<Vec<u8>, DocumentError> = opened.await.map_err(Unread::Away)?;
        let opened = opened?;
        self.source = Some(source);
        self.from += opened.len() as u64;
        Ok(Some(opened))
    }
}

/// Frames that are read at one time: those with the octets from `from` on, [`STEP`] at most.
#[derive(Clone, Copy)]
pub(super) struct Step {
    first: u64,
    all: u64,
    /// Where they begin in the ciphertext.
    pub(super) at: u64,
    /// How long they are.
    pub(super) length: usize,
}

impl Step {
    /// Of a version of this length, whose octets from `from` up to `until` are asked for.
    pub(super) fn of(octets: u64, from: u64, until: u64) -> Self {
        let frame = FRAME as u64;
        let (first, all) = (from / frame, frames(octets));
        let behind = until.div_ceil(frame).min(first + STEP).min(all).max(first + 1);
        let plain = octets.min(behind * frame).saturating_sub(first * frame);
        let length = plain + (behind - first) * (SEALED_FRAME as u64 - frame);
        // Some frames: it fits.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Self { first, all, at: first * SEALED_FRAME as u64, length }
    }

    /// Opens them.
    pub(super) fn open(self, key: &DocumentKey, sealed: &[u8]) -> Result<Wiped, DocumentError> {
        let damaged = |fault| DocumentError { place: key.place(), fault };
        let number = u32::try_from(self.first).map_err(|_| damaged(Fault::Length))?;
        key.open_all(number, self.all, sealed)
    }

    /// Of what they hold, the octets from `from` up to `until`.
    fn part(self, plain: &[u8], from: u64, until: u64) -> Vec<u8> {
        let start = self.first * FRAME as u64;
        let at =
            |octet: u64| usize::try_from(octet.saturating_sub(start)).unwrap_or(usize::MAX).min(plain.len());
        plain.get(at(from)..at(until)).unwrap_or_default().to_vec()
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
    let opened = opened?;
    let begun: Result<_, Unread> = async {
        let key = opened?;
        let source = Source::open(cabinet, tenant, &stored.version, key.place()).await?;
        let octets = stored.version.octets.unsigned_abs();
        let mut reading = Reading { key: Arc::new(key), source: Some(source), octets, from, until };
        let first = reading.next().await?.unwrap_or_default();
        Ok((reading, first))
    }
    .await;
    match begun {
        Ok(begun) => Ok(begun),
        Err(unread) => Err(refused(store, permit, id, unread).await),
    }
}

/// What whoever asks for a version reads that could not be read, once that is recorded.
pub(super) async fn refused(
    store: &Store,
    permit: &Permit<DownloadDocument>,
    id: DocumentVersionId,
    unread: Unread,
) -> Error {
    match damage::note(store, permit, id, &unread).await {
        Err(error) => error,
        Ok(()) => match unread {
            Unread::Damaged(_) => DAMAGED,
            Unread::Away(_) => AWAY,
        },
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
