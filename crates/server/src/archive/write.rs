//! Writing segments.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use bailiwick_columnar::{Record, Writer};
use bailiwick_domain::{ids::TenantId, rule::ByJob};
use bailiwick_proof::{
    Hash,
    archive::{FileOf, Manifest, SegmentWalk},
    leaf_hash,
    tile::{Tile, TileId},
    tree::Frontier,
};
use bailiwick_store::{
    Error as StoreError, Job, Jobs, Permit, Store,
    audit::{
        Signer,
        archive::{self, Due, HOUR, Kept, Segment},
    },
};
use tempfile::TempDir;

use super::{
    check::{self, Refused},
    place::{EVENTS, MANIFEST, Name, Place, TILES, blocking},
};

/// Why a segment was not archived.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The database.
    #[error("the log could not be read")]
    Store(#[from] StoreError),
    /// The archive, or the disk on which segments are made ready.
    #[error("the archive could not be written or read")]
    Place(#[from] io::Error),
    /// A record in the database that is not the one that was hashed.
    #[error(
        "the event at leaf {leaf} of tenant {tenant} is not what was hashed: run `bailiwick audit verify`"
    )]
    Altered {
        /// Whose.
        tenant: TenantId,
        /// Where.
        leaf: i64,
    },
    /// What came back from the archive does not hold.
    #[error("the segment {name} of tenant {tenant} does not hold as it was read back")]
    Refused {
        /// Whose.
        tenant: TenantId,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        cause: Refused,
    },
    /// A segment in the archive that is not the next one of this log.
    #[error("the segment {name} of tenant {tenant} lies in the archive and is not the next one of this log")]
    Foreign {
        /// Whose.
        tenant: TenantId,
        /// Its name.
        name: String,
    },
}

/// Archives what is older than an hour. Several servers may do so over one database: the first to note a segment wins.
#[derive(Clone)]
pub(crate) struct Archive {
    pub(super) store: Store,
    jobs: Arc<Jobs>,
    pub(super) signer: Signer,
    pub(super) place: Arc<Place>,
}

impl Archive {
    pub(crate) const fn new(store: Store, jobs: Arc<Jobs>, signer: Signer, place: Arc<Place>) -> Self {
        Self { store, jobs, signer, place }
    }

    /// The server's own permit for a tenant's archive.
    pub(super) fn permit(&self, tenant: TenantId) -> Permit<ByJob> {
        self.jobs.permit(Job::Archive, tenant)
    }

    /// Writes a segment for each tenant that has one due. Returns how many; the first failure keeps no other tenant waiting.
    pub(crate) async fn round(&self) -> Result<usize, Fault> {
        let (mut done, mut failed, mut after) = (0, None, None);
        loop {
            let tenants = archive::tenants_behind(&self.store, after).await?;
            let Some(last) = tenants.last() else { break };
            after = Some(*last);
            for tenant in tenants {
                match self.next(tenant).await {
                    Ok(written) => done += usize::from(written),
                    // Another server was quicker.
                    Err(Fault::Store(StoreError::Conflict(_))) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }

    /// Archives the next segment of a tenant, if its oldest record is an hour old.
    async fn next(&self, tenant: TenantId) -> Result<bool, Fault> {
        let permit = self.permit(tenant);
        let due = archive::due(&mut self.store.read(&permit).await?).await?;
        let Some(due) = due.filter(|due| due.oldest + HOUR <= self.store.now()) else { return Ok(false) };
        let first = due.first.unsigned_abs();
        let left = self.place.segment(&tenant.to_string(), first).await?;
        let name = match left {
            // Written by a server that was gone before it could note it.
            Some(name) => name,
            None => self.write(&permit, tenant, &due).await?,
        };
        let (segment, edge) = self.read_back(tenant, &due, name).await?;
        archive::note_segment(&self.store, &permit, &segment, &edge).await?;
        tracing::info!(%tenant, segment = name.folder(), octets = segment.octets, "a segment of the log is archived");
        Ok(true)
    }

    /// Puts a segment into the archive, its manifest last.
    async fn write(&self, permit: &Permit<ByJob>, tenant: TenantId, due: &Due) -> Result<Name, Fault> {
        let work = TempDir::new()?;
        let events = self.events(permit, tenant, due, &work.path().join(EVENTS)).await?;
        let tiles = archive::higher_tiles(&mut self.store.read(permit).await?, due.first, due.size).await?;
        let tiles = write_tiles(&work.path().join(TILES), &tiles)?;
        let manifest = Manifest {
            checkpoint: due.checkpoint.clone(),
            events,
            first_leaf: due.first.unsigned_abs(),
            frontier: hex::encode(due.frontier.to_bytes()),
            // Each epoch of a log has a name of its own, and a checkpoint begins with it.
            log: due.checkpoint.lines().next().unwrap_or_default().to_owned(),
            previous: due.previous,
            size: due.size.unsigned_abs(),
            tenant: tenant.to_string(),
            tiles,
            written_at: self.store.now().to_string(),
        };
        std::fs::write(work.path().join(MANIFEST), self.signer.seal(&manifest)?)?;
        let name = Name { first: manifest.first_leaf, size: manifest.size };
        let folder = format!("{tenant}/{}", name.folder());
        for file in [EVENTS, TILES] {
            self.place.put(&format!("{folder}/{file}"), &work.path().join(file)).await?;
        }
        // Another server may just have put its own and noted that one: the segments behind it name it by its digest.
        self.place.put_once(&format!("{folder}/{MANIFEST}"), &work.path().join(MANIFEST)).await?;
        Ok(name)
    }

    /// Writes the events of a segment, each checked against its hash, some in memory at a time.
    async fn events(
        &self,
        permit: &Permit<ByJob>,
        tenant: TenantId,
        due: &Due,
        path: &Path,
    ) -> Result<FileOf, Fault> {
        let mut writer = Writer::archive(File::create(path)?)?;
        let mut next = due.first;
        while next < due.size {
            let records = archive::records(&mut self.store.read(permit).await?, next, due.size).await?;
            let Some(last) = records.last() else { return Err(Fault::Altered { tenant, leaf: next }) };
            let (from, behind) = (next, last.leaf_index + 1);
            writer = blocking(move || push(writer, tenant, from, records)).await?;
            next = behind;
        }
        let file = path.to_owned();
        blocking(move || {
            writer.finish()?.sync_all()?;
            Ok(FileOf::read(EVENTS, File::open(file)?)?)
        })
        .await
    }

    /// Fetches a segment and checks all of it: what is in the archive counts, not what was sent there.
    async fn read_back(&self, tenant: TenantId, due: &Due, name: Name) -> Result<(Segment, Frontier), Fault> {
        let work = TempDir::new()?;
        for file in [EVENTS, TILES, MANIFEST] {
            let to = work.path().join(file);
            self.place.fetch(&format!("{tenant}/{}/{file}", name.folder()), &to).await?;
        }
        let key = self.signer.verifier().clone();
        let (checked, edge) = blocking(move || {
            let mut walk = SegmentWalk::default();
            let checked = check::segment(work.path(), &[key], &mut walk)?;
            Ok::<_, Refused>((checked, walk.edge().cloned().unwrap_or_default()))
        })
        .await
        .map_err(|cause| Fault::Refused { tenant, name: name.folder(), cause })?;
        let manifest = &checked.manifest;
        let ours = manifest.first_leaf == due.first.unsigned_abs()
            && manifest.size == name.size
            && manifest.previous == due.previous
            && manifest.frontier == hex::encode(due.frontier.to_bytes())
            && self.signer.notary().epoch_of(&manifest.log, tenant).is_some()
            && manifest.tenant == tenant.to_string();
        if !ours {
            return Err(Fault::Foreign { tenant, name: name.folder() });
        }
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let segment = Segment {
            first: due.first,
            size: count(manifest.size),
            octets: count(checked.octets),
            digest: checked.digest,
            written_at: self.store.now(),
        };
        Ok((segment, edge))
    }
}

/// Adds records, each in its place and with the octets that were hashed.
fn push(
    mut writer: Writer<File>,
    tenant: TenantId,
    from: i64,
    records: Vec<Kept>,
) -> Result<Writer<File>, Fault> {
    for (place, Kept { leaf_index, hash, octets }) in (from..).zip(records) {
        if leaf_index != place || leaf_hash(&octets) != hash {
            return Err(Fault::Altered { tenant, leaf: place });
        }
        let Hash(hash) = hash;
        writer.push(Record { leaf_index, hash, octets, proof: None })?;
    }
    Ok(writer)
}

/// One tile after the other: its level in one octet, its number in eight, big-endian, and its 256 hashes.
fn write_tiles(path: &Path, tiles: &[(TileId, Tile)]) -> io::Result<FileOf> {
    let mut file = File::create(path)?;
    for (id, tile) in tiles {
        file.write_all(&[id.level])?;
        file.write_all(&id.index.to_be_bytes())?;
        file.write_all(&tile.to_bytes())?;
    }
    file.sync_all()?;
    FileOf::read(TILES, File::open(path)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_testkit::{Db, both_databases};

    use super::*;
    use crate::archive::verify;

    fn archive_of(db: &Db) -> Archive {
        let place = Place::Folder(db.folder().join("archive"));
        Archive::new(db.store.clone(), db.jobs(), db.signer(), Arc::new(place))
    }

    both_databases! {
        async fn stranger_with_the_public_key_checks_the_archive_and_finds_one_altered_octet(db: Db) {
            let acme = db.tenant("acme").await;
            db.sign().await;
            let archive = archive_of(&db);
            assert_eq!(archive.round().await.unwrap(), 0, "nothing is an hour old");
            db.clock.advance(Span::hours(1));
            assert_eq!(archive.round().await.unwrap(), 1);
            assert_eq!(archive.round().await.unwrap(), 0, "nothing is new");
            // Enough that tiles are completed in the second segment.
            for _ in 0..150 {
                acme.add(Role::Auditor).await;
            }
            db.sign().await;
            db.clock.advance(Span::hours(1));
            assert_eq!(archive.round().await.unwrap(), 1);
            let (folder, key) = (db.folder().join("archive"), [db.signer().verifier().clone()]);
            verify(&folder, &key, &[]).unwrap();
            let (segments, count) =
                archive::segments(&mut db.store.read(&acme.job()).await.unwrap(), 9).await.unwrap();
            assert_eq!((count, segments[0].first), (2, segments[1].size));

            let own = folder.join(acme.id().to_string());
            let names = crate::archive::place::segments(&own).unwrap();
            let events = own.join(names[1].folder()).join(EVENTS);
            let mut octets = fs::read(&events).unwrap();
            let middle = octets.len() / 2;
            octets[middle] ^= 1;
            fs::remove_file(&events).unwrap();
            fs::write(&events, &octets).unwrap();
            assert!(format!("{:?}", verify(&folder, &key, &[]).unwrap_err()).contains("events.parquet"));
            octets[middle] ^= 1;
            fs::write(&events, &octets).unwrap();
            verify(&folder, &key, &[]).unwrap();
            // Without the first, the second still holds by itself; without its manifest it is no segment.
            fs::remove_dir_all(own.join(names[0].folder())).unwrap();
            verify(&folder, &key, &[]).unwrap();
        }

        async fn segment_that_a_killed_server_left_is_checked_and_noted(db: Db) {
            let acme = db.tenant("acme").await;
            db.sign().await;
            db.clock.advance(Span::hours(1));
            let archive = archive_of(&db);
            let permit = db.jobs().permit(Job::Archive, acme.id());
            let due = archive::due(&mut db.store.read(&permit).await.unwrap()).await.unwrap().unwrap();
            let name = archive.write(&permit, acme.id(), &due).await.unwrap();
            // In the meantime there is more to archive; what is there counts all the same.
            acme.add(Role::Auditor).await;
            db.sign().await;
            assert_eq!(archive.round().await.unwrap(), 1);
            let (segments, count) =
                archive::segments(&mut db.store.read(&acme.job()).await.unwrap(), 9).await.unwrap();
            assert_eq!((count, segments[0].size.unsigned_abs()), (1, name.size));
        }
    }
}
