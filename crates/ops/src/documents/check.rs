//! Reading all of it again: every frame of every version, and the digest of its ciphertext.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState},
    ids::TenantId,
};
use bailiwick_store::{Job, Jobs, Store, documents};
use bailiwick_vault::document::{DocumentError, DocumentKey, Fault, SEALED_FRAME, frames};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Cabinet, damage,
    read::{fault_of, file_of, open},
    upload::{disk, hexadecimal},
};
use crate::{Error, Result, documents::cabinet::in_peace};

/// What was found of one version.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The tenant.
    pub tenant: TenantId,
    /// The version.
    pub version: DocumentVersion,
    /// What is wrong with it.
    pub error: Option<DocumentError>,
}

/// Reads every version of every tenant again, tells `each` what was found, and records what changed: a version that is damaged, or is whole again.
///
/// # Errors
/// The store's. What is wrong with a version is no error of the checking.
pub async fn check_all(
    store: &Store,
    jobs: &Jobs,
    cabinet: &Cabinet,
    mut each: impl FnMut(&Checked),
) -> Result<()> {
    for tenant in documents::tenants_with_documents(store).await? {
        let permit = jobs.permit(Job::Console, tenant);
        let mut after = Uuid::nil();
        loop {
            let some = documents::all_versions(&mut store.read(&permit).await?, after).await?;
            let Some(last) = some.last() else { break };
            after = last.version.id.uuid();
            for stored in some {
                let mut view = store.read(&permit).await?;
                let key = open(&mut view, tenant.bytes(), &stored).await?;
                drop(view);
                let version = stored.version;
                let (path, of) = (cabinet.path(tenant, version.id), version.clone());
                let error = match key {
                    Ok(key) => in_peace(move || check(&key, &path, &of)).await.map_err(disk)?.err(),
                    Err(error) => Some(error),
                };
                match (&error, version.state) {
                    (Some(error), _) => damage::record(store, &permit, version.id, error).await?,
                    (None, DocumentVersionState::Damaged) => {
                        damage::recovered(store, &permit, version.id).await?;
                    }
                    (None, _) => {}
                }
                each(&Checked { tenant, version, error });
            }
        }
    }
    Ok::<_, Error>(())
}

/// Reads one version in constant memory.
fn check(key: &DocumentKey, path: &Path, version: &DocumentVersion) -> Result<(), DocumentError> {
    let damaged = |fault| DocumentError { place: key.place(), fault };
    let mut file = file_of(path, version.sealed_octets.unsigned_abs()).map_err(damaged)?;
    let all = frames(version.octets.unsigned_abs());
    let (mut digest, mut frame) = (Sha256::new(), vec![0; SEALED_FRAME]);
    for (number, count) in (0..all).zip(0_u32..) {
        let read = fill(&mut file, &mut frame).map_err(|error| damaged(fault_of(&error)))?;
        let sealed = frame.get_mut(..read).ok_or_else(|| damaged(Fault::Truncated))?;
        digest.update(&*sealed);
        key.open(count, number + 1 == all, sealed)?;
    }
    if hexadecimal(&digest.finalize()) == version.digest { Ok(()) } else { Err(damaged(Fault::Digest)) }
}

/// Reads as much as there is, up to a frame.
fn fill(file: &mut File, frame: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(room) = frame.get_mut(read..).filter(|room| !room.is_empty()) {
        match file.read(room)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}
