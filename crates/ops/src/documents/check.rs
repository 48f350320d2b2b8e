//! Reading all of it again: every frame of every version, and the digest of its ciphertext.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState},
    ids::TenantId,
};
use bailiwick_store::{Job, Jobs, Store, documents};
use bailiwick_vault::document::{DocumentError, DocumentKey, Fault};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Cabinet, damage,
    place::{Source, Unread},
    read::{Step, open},
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
/// The store's, and those of a place that does not answer. What is wrong with a version is no error of the checking.
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
                let checked = match key {
                    Ok(key) => check(key, cabinet, tenant, &version).await,
                    Err(error) => Err(error.into()),
                };
                let error = match checked {
                    Ok(()) => None,
                    Err(Unread::Damaged(error)) => Some(error),
                    Err(Unread::Away(error)) => return Err(disk(error)),
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

/// Reads one version in constant memory, and says what is wrong with it.
async fn check(
    key: DocumentKey,
    cabinet: &Cabinet,
    tenant: TenantId,
    version: &DocumentVersion,
) -> Result<(), Unread> {
    let place = key.place();
    let mut source = Source::open(cabinet, tenant, version, place).await?;
    let octets = version.octets.unsigned_abs();
    let (mut digest, mut from, mut key) = (Sha256::new(), 0, Arc::new(key));
    loop {
        let step = Step::of(octets, from, octets);
        let read = source.read(step.at, step.length).await.map_err(|error| Unread::of(place, error))?;
        source = read.0;
        let sealed = read.1;
        let opened = in_peace(move || {
            digest.update(&sealed);
            let opened = step.open(&key, &sealed).map(|plain| plain.len() as u64);
            (digest, key, opened)
        });
        let (so_far, same, opened) = opened.await.map_err(Unread::Away)?;
        (digest, key) = (so_far, same);
        from += opened?;
        if from >= octets {
            break;
        }
    }
    if hexadecimal(&digest.finalize()) == version.digest {
        Ok(())
    } else {
        Err(DocumentError { place, fault: Fault::Digest }.into())
    }
}
