//! Adding a version: begun with its length, sent in parts, finished as one change.

use std::{
    fs::{self, File},
    io,
};

use bailiwick_domain::{
    entity::{Document, DocumentState, DocumentVersion, DocumentVersionState},
    ids::{DocumentId, DocumentVersionId, TenantId},
    rule::WriteDocuments,
    visible::is_line,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    documents::{self, OPEN, Upload},
};
use bailiwick_vault::document::{ALGORITHM, FRAME, LONGEST, Place, sealed_octets};
use sha2::{
    Digest as _, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use super::{
    Cabinet, MOST_PART, MOST_VERSIONS,
    cabinet::{append, in_peace},
    media,
    place::name,
    read::AWAY as AWAY_FOR_NOW,
};
use crate::{Error, Result};

const UNFINISHED: Error = Error::Conflict("The upload is not complete yet.");

const AWAY: Error =
    Error::Conflict("Another request is at this upload. Ask how far it is, and go on from there.");

/// A version to be: of a document that there is, or of a new one with a name.
#[derive(Clone, Debug, Default)]
pub struct NewVersion {
    /// What people call the document, where it is a new one.
    pub name: Option<String>,
    /// The document, where there is one.
    pub document: Option<DocumentId>,
    /// Its length in octets.
    pub octets: u64,
}

/// An upload that goes on where it was.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The upload, and later the version.
    pub id: DocumentVersionId,
    /// The document.
    pub document: DocumentId,
    /// Its length in octets.
    pub octets: u64,
    /// How much of it is on disk.
    pub received: u64,
}

impl From<Upload> for Begun {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            document: upload.document,
            octets: upload.octets.unsigned_abs(),
            received: upload.received.unsigned_abs(),
        }
    }
}

/// Begins an upload. Until it is finished, it is no document, and nobody but whoever began it knows of it.
///
/// # Errors
/// `Invalid` with the fields `name`, `document` and `octets`; `Conflict` while too many are open; `NotFound` for a document that is not there.
pub async fn begin(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    new: NewVersion,
) -> Result<Begun> {
    let most = cabinet.largest.min(LONGEST);
    let octets = i64::try_from(new.octets)
        .ok()
        .filter(|octets| *octets > 0 && new.octets <= most)
        .ok_or_else(|| Error::field("octets", format!("A document has between 1 and {most} octets.")))?;
    let name = match (&new.name, new.document) {
        (Some(name), None) => Some(named(name)?),
        (None, Some(_)) => None,
        _ => {
            return Err(Error::field(
                "name",
                "Give the name of a new document, or the id of one that is there.",
            ));
        }
    };
    let mut view = store.read(permit).await?;
    if let Some(document) = new.document
        && documents::kept(&mut view, document).await?.versions >= MOST_VERSIONS
    {
        return Err(Error::Conflict("The document has as many versions as one may have. Begin a new one."));
    }
    if documents::open_uploads(&mut view).await? >= OPEN {
        return Err(Error::Conflict("Too many uploads are open. Finish one of them, or abandon it."));
    }
    let (id, document): (DocumentVersionId, _) =
        (store.new_id(), new.document.unwrap_or_else(|| store.new_id()));
    let place = Place { tenant: view.tenant().bytes(), document: document.bytes(), version: id.bytes() };
    let (_, sealed_key) = documents::new_key(&mut view, place).await?;
    let now = view.now();
    drop(view);
    let upload = Upload {
        id,
        document,
        name,
        octets,
        received: 0,
        sealed_key,
        media: String::new(),
        digesting: Sha256::new().serialize().to_vec(),
        created_by: permit.actor().id(),
        created_at: now,
        touched_at: now,
    };
    documents::begin(store, permit, &upload).await?;
    Ok(upload.into())
}

/// A name as it is kept: one line that shows, without what a path would be made of.
fn named(name: &str) -> Result<String> {
    let name = name.trim();
    let fits = (1..=200).contains(&name.chars().count()) && is_line(name) && !name.contains(['/', '\\']);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(Error::field("name", "Enter a name of up to 200 letters, without slashes."))
    }
}

/// How far an upload is.
///
/// # Errors
/// `NotFound`; `Conflict` for one that somebody else began.
pub async fn look(store: &Store, permit: &Permit<WriteDocuments>, id: DocumentVersionId) -> Result<Begun> {
    Ok(own(store, permit, id).await?.into())
}

async fn own(store: &Store, permit: &Permit<WriteDocuments>, id: DocumentVersionId) -> Result<Upload> {
    let upload = documents::upload(&mut store.read(permit).await?, id).await?;
    if upload.created_by == permit.actor().id() {
        Ok(upload)
    } else {
        Err(Error::Conflict("Somebody else began this upload."))
    }
}

/// Takes the octets from `at` on: seals them, puts them onto the disk, and then notes that they are there.
///
/// # Errors
/// `Invalid` with the field `range` for a part that is too long, leaves the document, or ends within a frame; `Conflict` for one that does not
/// begin where the last one ended.
pub async fn part(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
    at: u64,
    octets: Vec<u8>,
) -> Result<Begun> {
    put(store, permit, cabinet, id, at, octets, Ends::AsSaid).await
}

/// Whether a version ends with a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Where it is as long as was said when it began.
    AsSaid,
    /// It does not.
    Later,
    /// It does, shorter than was said or not.
    Here,
}

pub(super) async fn put(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
    at: u64,
    octets: Vec<u8>,
    ends: Ends,
) -> Result<Begun> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    own(store, permit, id).await?;
    let mut file = take(cabinet, tenant, id).await?;
    // From here on nobody else writes the file, so what is read now stays true.
    let mut view = store.read(permit).await?;
    let before = documents::upload(&mut view, id).await?;
    let begun = Begun::from(before.clone());
    if at != begun.received {
        return Err(Error::Conflict("This part does not begin where the last one ended."));
    }
    let end = at.saturating_add(octets.len() as u64);
    if octets.is_empty() || octets.len() > MOST_PART || end > begun.octets {
        return Err(Error::field(
            "range",
            "A part has up to 4 MiB and ends with the document at the latest.",
        ));
    }
    let ends = match ends {
        Ends::AsSaid => end == begun.octets,
        Ends::Later => false,
        Ends::Here => true,
    };
    if !ends && !octets.len().is_multiple_of(FRAME) {
        return Err(Error::field("range", "Every part but the last has a multiple of 65,536 octets."));
    }
    let place = Place { tenant: tenant.bytes(), document: before.document.bytes(), version: id.bytes() };
    let key = documents::key(&mut view, place, before.sealed_key.clone()).await?;
    drop(view);
    let first = u32::try_from(at / FRAME as u64).map_err(|_| Error::NotFound)?;
    let media = if at == 0 { media::sniff(&octets).to_owned() } else { before.media.clone() };
    let mut digest = digesting(&before.digesting)?;
    let (drawing, from) = (store.clone(), if at == 0 { 0 } else { sealed_octets(at) });
    let written = in_peace(move || {
        let mut sealed = Vec::new();
        key.seal(first, &octets, ends, drawing.entropy(), &mut sealed).map_err(io::Error::other)?;
        append(&mut file, from, &sealed)?;
        digest.update(&sealed);
        Ok((file, digest.serialize().to_vec()))
    });
    let (file, digesting) = written.await.map_err(disk)?.map_err(disk)?;
    let received = i64::try_from(end).map_err(|_| Error::NotFound)?;
    let octets = if ends { received } else { before.octets };
    let after = Upload { octets, received, media, digesting, ..before.clone() };
    documents::advance(store, permit, &before, &after).await?;
    // Held until it is noted: the next part must find what this one has written.
    drop(file);
    Ok(after.into())
}

/// The file of an upload, for one request alone.
async fn take(cabinet: &Cabinet, tenant: TenantId, id: DocumentVersionId) -> Result<File> {
    let taking = cabinet.clone();
    in_peace(move || taking.take(tenant, id)).await.map_err(disk)?.map_err(disk)?.ok_or(AWAY)
}

/// Makes a version of a complete upload, and a document where it is the first. Asked again, as after an answer that was lost, it gives
/// the same version.
///
/// # Errors
/// `Conflict` for an upload that is not complete, or that another request is finishing; `NotFound` where it, or its document, is gone.
pub async fn finish(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
) -> Result<(Document, DocumentVersion)> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let upload = match own(store, permit, id).await {
        Ok(upload) => upload,
        Err(Error::NotFound) => return finished(store, permit, id).await,
        Err(error) => return Err(error),
    };
    if upload.received != upload.octets {
        return Err(UNFINISHED);
    }
    let sealed = sealed_octets(upload.octets.unsigned_abs());
    let Some(objects) = cabinet.stores_objects() else {
        let completing = cabinet.clone();
        in_peace(move || completing.complete(tenant, id, sealed)).await.map_err(disk)?.map_err(disk)?;
        return match write_down(store, permit, cabinet, id).await {
            // Another request has finished it in the meantime.
            Err(Error::NotFound) => finished(store, permit, id).await,
            outcome => outcome,
        };
    };
    // Held until it is a version: whoever else finishes it meanwhile asks again later.
    let file = take(cabinet, tenant, id).await?;
    let path = cabinet.unfinished(tenant, id);
    let length = file.metadata().map_err(disk)?.len();
    let outcome = match own(store, permit, id).await {
        Err(Error::NotFound) => finished(store, permit, id).await,
        Err(error) => return Err(error),
        Ok(_) if length != sealed => {
            return Err(disk(io::Error::other("the file of an upload is not as long as was noted")));
        }
        Ok(_) => {
            if let Err(error) = objects.put(&name(tenant, id), &path).await {
                tracing::error!(%error, version = %id, "a version could not be put into the object store");
                return Err(AWAY_FOR_NOW);
            }
            write_down(store, permit, cabinet, id).await
        }
    };
    if outcome.is_ok() {
        in_peace(move || fs::remove_file(path)).await.map_err(disk)?.map_err(disk)?;
    }
    drop(file);
    outcome
}

/// What an upload has become that is finished already.
async fn finished(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    id: DocumentVersionId,
) -> Result<(Document, DocumentVersion)> {
    let mut view = store.read(permit).await?;
    let version = documents::version(&mut view, id).await?.version;
    if version.created_by != permit.actor().id() {
        return Err(Error::NotFound);
    }
    Ok((documents::kept(&mut view, version.document).await?, version))
}

/// Makes a version of an upload whose file is where it stays.
async fn write_down(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    cabinet: &Cabinet,
    id: DocumentVersionId,
) -> Result<(Document, DocumentVersion)> {
    let place = cabinet.place(permit.tenant().ok_or(Error::NotFound)?, id);
    store
        .change(permit, async |tx| {
            let upload = documents::finish(tx, id).await?;
            if upload.received != upload.octets {
                return Err(UNFINISHED);
            }
            let now = tx.now();
            let (written, document, action) = match &upload.name {
                Some(name) => {
                    let document = Document {
                        id: upload.document,
                        name: name.clone(),
                        state: DocumentState::Kept,
                        versions: 1,
                        created_by: upload.created_by,
                        created_at: now,
                        changed_at: now,
                    };
                    let written = documents::insert(tx, document.clone()).await?;
                    (written, document, "document.created")
                }
                None => {
                    let before = documents::lock(tx, upload.document).await?;
                    if before.versions >= MOST_VERSIONS {
                        return Err(Error::Conflict("The document has as many versions as one may have."));
                    }
                    let document =
                        Document { versions: before.versions + 1, changed_at: now, ..before.clone() };
                    let written = documents::replace(tx, before, document.clone()).await?;
                    (written, document, "document.version_added")
                }
            };
            let version = DocumentVersion {
                id,
                document: document.id,
                number: document.versions,
                media: upload.media.clone(),
                octets: upload.octets,
                sealed_octets: i64::try_from(sealed_octets(upload.octets.unsigned_abs()))
                    .map_err(|_| Error::NotFound)?,
                algorithm: ALGORITHM.to_owned(),
                key_version: documents::key_version(&upload.sealed_key)?,
                digest: hexadecimal(&digesting(&upload.digesting)?.finalize()),
                place: place.clone(),
                state: DocumentVersionState::Available,
                damage: None,
                downloads: 0,
                created_by: upload.created_by,
                created_at: now,
            };
            let stored = documents::add(tx, version.clone(), upload.sealed_key).await?;
            let event = Event::new("document_version.stored", &stored)?;
            tx.also(event);
            let event = Event::new(action, &written)?;
            Ok(tx.record(event, (document, version)))
        })
        .await
}

fn digesting(state: &[u8]) -> Result<Sha256> {
    let corrupt = || Error::Store(bailiwick_store::Error::Corrupt("the digest of an upload".into()));
    let state = SerializedState::<Sha256>::try_from(state).map_err(|_| corrupt())?;
    Sha256::deserialize(&state).map_err(|_| corrupt())
}

pub(super) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The disk did not do what was asked: the operator finds the reason in the log.
pub(super) fn disk(error: io::Error) -> Error {
    Error::Store(bailiwick_store::Error::vault(error))
}
