//! Reading segments again: before records of one leave the database, and when one was asked back.

use std::{
    fs::File,
    io::{self, ErrorKind},
    mem,
    path::Path,
};

use bailiwick_domain::ids::{AuditRestoreId, TenantId};
use bailiwick_ops::audit::{restore::Restores, retention::Retention};
use bailiwick_proof::archive::SegmentWalk;
use bailiwick_store::{
    Error as StoreError,
    audit::{
        archive::{self, Segment},
        restore::{AT_ONCE, Back},
    },
};
use tempfile::TempDir;
use tokio::sync::mpsc::{Sender, channel};

use super::{
    check,
    place::{EVENTS, MANIFEST, Name, TILES, blocking},
    write::{Archive, Fault},
};

/// Why records stay, or do not come back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackFault {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] Fault),
    /// The operation.
    #[error(transparent)]
    Ops(#[from] bailiwick_ops::Error),
}

impl From<StoreError> for BackFault {
    fn from(error: StoreError) -> Self {
        Self::Archive(error.into())
    }
}

impl From<io::Error> for BackFault {
    fn from(error: io::Error) -> Self {
        Self::Archive(error.into())
    }
}

impl Archive {
    /// Fetches a segment that was noted, and checks all of it: its events lead to the root that was signed, and its manifest is the one
    /// that was noted.
    async fn fetched(&self, tenant: TenantId, segment: &Segment) -> Result<TempDir, Fault> {
        let name = Name { first: segment.first.unsigned_abs(), size: segment.size.unsigned_abs() };
        let work = TempDir::new()?;
        for file in [EVENTS, TILES, MANIFEST] {
            let to = work.path().join(file);
            self.place.fetch(&format!("{tenant}/{}/{file}", name.folder()), &to).await?;
        }
        let (key, folder) = (self.signer.verifier().clone(), work.path().to_owned());
        let checked = blocking(move || check::segment(&folder, &[key], &mut SegmentWalk::default())).await;
        let checked = checked.map_err(|cause| Fault::Refused { tenant, name: name.folder(), cause })?;
        if checked.digest != segment.digest || checked.manifest.tenant != tenant.to_string() {
            return Err(Fault::Foreign { tenant, name: name.folder() });
        }
        Ok(work)
    }

    /// The segment of a tenant that ends at a tree of this size, as it was noted.
    async fn noted(&self, tenant: TenantId, size: i64) -> Result<Segment, Fault> {
        let permit = self.permit(tenant);
        Ok(archive::find(&mut self.store.read(&permit).await?, size).await?)
    }
}

/// Takes records whose time is over, of segments that the archive was just seen to hold.
#[derive(Clone)]
pub(crate) struct Retain {
    archive: Archive,
    retention: Retention,
}

impl Retain {
    pub(crate) const fn new(archive: Archive, retention: Retention) -> Self {
        Self { archive, retention }
    }

    /// Takes what is over, of every tenant. Returns how many records went; the first failure keeps nobody else's.
    pub(crate) async fn round(&self) -> Result<usize, BackFault> {
        let (mut taken, mut failed, mut after) = (0_usize, None, None);
        loop {
            let tenants = self.retention.tenants(after).await?;
            let Some(last) = tenants.last() else { break };
            after = Some(*last);
            for tenant in tenants {
                match self.tenant(tenant, &mut failed).await {
                    Ok(records) => taken += usize::try_from(records).unwrap_or(0),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(taken), Err)
    }

    async fn tenant(&self, tenant: TenantId, failed: &mut Option<BackFault>) -> Result<i64, BackFault> {
        let (mut taken, mut next) = (0, Some(0));
        while let Some(from) = next {
            let (segments, behind) = self.retention.due(tenant, from).await?;
            for segment in segments {
                // Noted once is not there for ever: what goes from here must be there now.
                let noted = self.archive.noted(tenant, segment.size).await?;
                match self.archive.fetched(tenant, &noted).await {
                    Ok(_) => {
                        let records = self.retention.take(tenant, segment).await?;
                        tracing::info!(%tenant, size = segment.size, records, "records of an archived segment left the database");
                        taken += records;
                    }
                    Err(error) => {
                        tracing::error!(%tenant, size = segment.size, "a segment of the archive does not hold; its records stay");
                        failed.get_or_insert(error.into());
                    }
                }
            }
            next = behind;
        }
        Ok(taken)
    }
}

/// Brings segments back that were asked for, and takes their records again when their time is over.
#[derive(Clone)]
pub(crate) struct BringBack {
    archive: Archive,
    restores: Restores,
}

impl BringBack {
    pub(crate) const fn new(archive: Archive, restores: Restores) -> Self {
        Self { archive, restores }
    }

    /// Does what there is to do. Returns how many segments came back or went; the first failure keeps nobody else waiting.
    pub(crate) async fn round(&self) -> Result<usize, BackFault> {
        let (mut done, mut failed) = (0, None);
        for tenant in self.restores.tenants().await? {
            match self.tenant(tenant).await {
                Ok(segments) => done += segments,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn tenant(&self, tenant: TenantId) -> Result<usize, BackFault> {
        let work = self.restores.work(tenant).await?;
        let mut done = 0;
        for id in work.over.iter().copied() {
            self.restores.expire(tenant, id).await?;
        }
        for id in work.over.into_iter().chain(work.ended) {
            while self.restores.take_back(tenant, id).await? > 0 {}
            done += 1;
        }
        for id in work.waiting {
            done += usize::from(self.bring(tenant, id).await?);
        }
        Ok(done)
    }

    /// Brings one back. What cannot be is said so, and not tried again; what may be later is.
    async fn bring(&self, tenant: TenantId, id: AuditRestoreId) -> Result<bool, BackFault> {
        match self.put(tenant, id).await {
            Ok(None) => Ok(false),
            Ok(Some(records)) => {
                self.restores.finish(tenant, id, records).await?;
                Ok(true)
            }
            Err(error) => {
                let why = hopeless(&error).ok_or(error)?;
                tracing::error!(%tenant, restore = %id, why, "a segment cannot be brought back");
                self.restores.fail(tenant, id, why).await?;
                Ok(true)
            }
        }
    }

    /// Puts the records of a segment back, some in memory at a time. Nothing where it was ended meanwhile.
    async fn put(&self, tenant: TenantId, id: AuditRestoreId) -> Result<Option<i64>, BackFault> {
        let asked = self.restores.find(tenant, id).await?;
        let noted = self.archive.noted(tenant, asked.segment).await?;
        let work = self.archive.fetched(tenant, &noted).await?;
        let (send, mut receive) = channel(2);
        let events = work.path().join(EVENTS);
        let reading = tokio::task::spawn_blocking(move || read(&events, &send));
        let mut records = 0;
        while let Some(batch) = receive.recv().await {
            match self.restores.put(tenant, id, &batch).await? {
                Some(put) => records += put,
                None => return Ok(None),
            }
        }
        reading.await.map_err(io::Error::other)??;
        Ok(Some(records))
    }
}

/// Hands on the records of a file, in pieces.
fn read(events: &Path, send: &Sender<Vec<Back>>) -> io::Result<()> {
    let mut batch = Vec::with_capacity(AT_ONCE);
    let hand =
        |batch: Vec<Back>| send.blocking_send(batch).map_err(|_| io::Error::other("nobody takes them"));
    bailiwick_columnar::read::<io::Error>(File::open(events)?, |stored| {
        batch.push(Back { leaf_index: stored.leaf_index, octets: stored.octets.to_vec() });
        if batch.len() == AT_ONCE { hand(mem::take(&mut batch)) } else { Ok(()) }
    })?;
    if batch.is_empty() { Ok(()) } else { hand(batch) }
}

/// What people are told of a failure that no second try mends.
fn hopeless(error: &BackFault) -> Option<&'static str> {
    match error {
        BackFault::Archive(Fault::Place(error)) if error.kind() == ErrorKind::NotFound => {
            Some("The archive does not hold this segment any more.")
        }
        BackFault::Archive(Fault::Refused { .. } | Fault::Foreign { .. }) => {
            Some("What lies in the archive is not the segment that was archived.")
        }
        BackFault::Ops(bailiwick_ops::Error::Store(StoreError::Corrupt(_)))
        | BackFault::Archive(Fault::Store(StoreError::Corrupt(_))) => {
            Some("A record of the archive is not the one that was taken.")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use bailiwick_domain::{
        entity::RestoreState,
        rule::{ChangeRetention, RecordEvents, RestoreSegment},
        time::Span,
    };
    use bailiwick_ops::audit::{
        ingest::{Ask, record},
        restore as asking, retention as operations,
    };
    use bailiwick_store::audit::{self, Sought, log, restore, retention};
    use bailiwick_testkit::{Db, Tenant, both_databases};
    use serde_json::json;

    use super::*;
    use crate::archive::Place;

    /// Days after which the records may go.
    const KEPT: i64 = 90;

    struct Jobs {
        archive: Archive,
        retain: Retain,
        bring: BringBack,
    }

    fn jobs(db: &Db) -> Jobs {
        let place = Place::Folder(db.folder().join("archive"));
        let archive = Archive::new(db.store.clone(), db.jobs(), db.signer(), Arc::new(place));
        Jobs {
            retain: Retain::new(archive.clone(), Retention::new(db.store.clone(), db.jobs())),
            bring: BringBack::new(archive.clone(), Restores::new(db.store.clone(), db.jobs())),
            archive,
        }
    }

    /// More than a block of records of the product, archived and old enough to go.
    async fn aged(db: &Db, jobs: &Jobs) -> Tenant {
        let acme = db.tenant("acme").await;
        let event = |n: usize| {
            json!({
                "key": format!("{n}"), "action": "app.plan.changed", "reason": "Wombat.",
                "entity": {"type": "app.plan", "id": format!("N-{}", n % 5)}
            })
        };
        let body = json!((0..700).map(event).collect::<Vec<_>>()).to_string().into_bytes();
        let permit = acme.owner().permit::<RecordEvents>().await;
        record(&db.store, permit, Arc::from(body), Ask { whole: true, included: false }).await.unwrap();
        db.settle().await;
        let owner = acme.owner();
        let permit = owner.permit::<ChangeRetention>().await;
        let set = owner.confirmed(async |answer| {
            operations::set(&db.store, &permit, "app", Some(KEPT), "Policy 7", answer).await
        });
        set.await.unwrap();
        db.sign().await;
        db.clock.advance(Span::days(KEPT));
        jobs.archive.round().await.unwrap();
        acme
    }

    async fn plans(db: &Db, acme: &Tenant, sought: Sought) -> i64 {
        let mut view = db.store.read(&acme.job()).await.unwrap();
        audit::tally(&mut view, &sought).await.unwrap().count
    }

    async fn ask(db: &Db, acme: &Tenant) -> AuditRestoreId {
        let size = archive::segments(&mut db.store.read(&acme.job()).await.unwrap(), 9).await.unwrap().0;
        let owner = acme.user(bailiwick_domain::role::Role::TenantOwner).await;
        let permit = owner.permit::<RestoreSegment>().await;
        let segment = size.last().unwrap().size;
        asking::ask(&db.store, &permit, segment, 7, "It is looked into.").await.unwrap().id
    }

    both_databases! {
        async fn segment_comes_back_for_search_and_goes_again(db: Db) {
            let jobs = jobs(&db);
            let acme = aged(&db, &jobs).await;
            let changed = || Sought::default().action("app.plan.changed");
            assert_eq!(plans(&db, &acme, changed()).await, 700);
            let all = plans(&db, &acme, Sought::default()).await;
            let taken = jobs.retain.round().await.unwrap();
            assert!(taken > 400, "{taken}");
            let taken = i64::try_from(taken).unwrap();
            db.sign().await;
            assert_eq!(plans(&db, &acme, changed()).await, 700 - taken);
            db.verify().await.unwrap();

            let asked = ask(&db, &acme).await;
            assert_eq!(jobs.bring.round().await.unwrap(), 1);
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let back = restore::find(&mut view, asked).await.unwrap();
            assert_eq!((back.state, back.records), (RestoreState::Done, taken));
            let found = audit::search(&mut view, &changed(), audit::Place::Before(300)).await.unwrap().items;
            assert_eq!(found.len(), 50);
            let leaves: Vec<_> = found.iter().filter_map(|one| one.leaf_index).collect();
            assert_eq!(restore::among(&mut view, &leaves).await.unwrap().len(), 50);
            let stub = retention::stub(&mut view, found[0].event).await.unwrap().unwrap();
            assert_eq!(stub.back.map(|(id, _)| id), Some(asked));
            let receipt = log::receipt(&mut view, found[0].event).await.unwrap().unwrap();
            assert_eq!(receipt.index, stub.leaf_index.unsigned_abs());
            drop(view);
            assert_eq!(plans(&db, &acme, changed()).await, 700);
            let words = Sought::default().action("app.plan.changed").outcome("ok");
            assert_eq!(plans(&db, &acme, words).await, 700);
            db.sign().await;
            let reports = db.verify().await.unwrap();
            assert_eq!(reports[0].verified.retired, 0, "what is back is verified as it lies there");
            assert_eq!(jobs.retain.round().await.unwrap(), 0, "what is back is not taken anew");

            db.clock.advance(Span::days(7));
            assert_eq!(jobs.bring.round().await.unwrap(), 1);
            assert_eq!(plans(&db, &acme, changed()).await, 700 - taken);
            db.sign().await;
            assert_eq!(i64::try_from(db.verify().await.unwrap()[0].verified.retired).unwrap(), taken);
            assert!(plans(&db, &acme, Sought::default()).await < all + 100);
            assert_eq!(jobs.bring.round().await.unwrap(), 0);
        }

        async fn nothing_goes_of_a_segment_that_the_archive_does_not_hold_any_more(db: Db) {
            let jobs = jobs(&db);
            let acme = aged(&db, &jobs).await;
            let own = db.folder().join("archive").join(acme.id().to_string());
            let names = crate::archive::place::segments(&own).unwrap();
            let segment = own.join(names[0].folder());
            let events = fs::read(segment.join(EVENTS)).unwrap();
            let mut damaged = events.clone();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 1;
            fs::remove_file(segment.join(EVENTS)).unwrap();
            assert!(matches!(jobs.retain.round().await, Err(BackFault::Archive(Fault::Place(_)))));
            fs::write(segment.join(EVENTS), &damaged).unwrap();
            assert!(matches!(jobs.retain.round().await, Err(BackFault::Archive(Fault::Refused { .. }))));
            assert_eq!(plans(&db, &acme, Sought::default().action("app.plan.changed")).await, 700);
            fs::write(segment.join(EVENTS), &events).unwrap();
            assert!(jobs.retain.round().await.unwrap() > 400);

            // Nor does another record come back than the one that went.
            fs::write(segment.join(EVENTS), &damaged).unwrap();
            let asked = ask(&db, &acme).await;
            assert_eq!(jobs.bring.round().await.unwrap(), 1);
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let failed = restore::find(&mut view, asked).await.unwrap();
            assert_eq!((failed.state, failed.records), (RestoreState::Failed, 0));
            assert!(failed.failure.unwrap().contains("not the segment"));
        }
    }
}
