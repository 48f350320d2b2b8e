//! Documents whose complete versions lie in an object store: here a folder that can be away.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::UNIX_EPOCH,
};

use bailiwick_domain::{
    entity::DocumentVersionState,
    ids::DocumentVersionId,
    rule::{DownloadDocument, WriteDocuments},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    documents::{self, Cabinet, Documents, Doing, Found, NewVersion, Objects, check_all},
};
use bailiwick_store::documents as stored;
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::document::{FRAME, SEALED_FRAME};
use tokio::sync::mpsc::Sender;

use crate::{documents::plain, raised::raised};

#[derive(Debug)]
struct Shelf {
    folder: PathBuf,
    away: AtomicBool,
}

impl Shelf {
    fn is_away(&self) -> io::Result<()> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(io::Error::other("the cable is out")),
            false => Ok(()),
        }
    }

    fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn names(&self, tenant: &Tenant) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.join(tenant.id().to_string())) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Objects for Shelf {
    fn address(&self, name: &str) -> String {
        format!("shelf://documents/{name}")
    }

    fn put<'a>(&'a self, name: &'a str, file: &'a Path) -> Doing<'a, ()> {
        Box::pin(async move {
            self.is_away()?;
            let to = self.folder.join(name);
            fs::create_dir_all(to.parent().unwrap())?;
            fs::copy(file, to).map(drop)
        })
    }

    fn length<'a>(&'a self, name: &'a str) -> Doing<'a, u64> {
        Box::pin(async move {
            self.is_away()?;
            Ok(fs::metadata(self.folder.join(name))?.len())
        })
    }

    fn read<'a>(&'a self, name: &'a str, from: u64, octets: u64) -> Doing<'a, Vec<u8>> {
        Box::pin(async move {
            self.is_away()?;
            assert!(octets <= 16 * SEALED_FRAME as u64, "in constant memory");
            let all = fs::read(self.folder.join(name))?;
            let at = |octet: u64| usize::try_from(octet).unwrap().min(all.len());
            Ok(all[at(from)..at(from + octets)].to_vec())
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Doing<'a, ()> {
        Box::pin(async move {
            self.is_away()?;
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        })
    }

    fn list<'a>(&'a self, folder: &'a str, found: Sender<Found>) -> Doing<'a, ()> {
        Box::pin(async move {
            self.is_away()?;
            let Ok(entries) = fs::read_dir(self.folder.join(folder)) else { return Ok(()) };
            for entry in entries {
                let entry = entry?;
                let since = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap();
                let written = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap());
                let name = format!("{folder}{}", entry.file_name().into_string().unwrap());
                drop(found.send(Found { name, written }).await);
            }
            Ok(())
        })
    }

    fn abandon(&self, _: Timestamp) -> Doing<'_, usize> {
        Box::pin(async { Ok(0) })
    }
}

struct Stage {
    shelf: Arc<Shelf>,
    cabinet: Cabinet,
}

impl Stage {
    fn of(db: &Db) -> Self {
        let shelf = Arc::new(Shelf { folder: db.folder().join("shelf"), away: AtomicBool::new(false) });
        let cabinet = Cabinet::new(db.folder().join("documents"), 8 << 20, None);
        Self { cabinet: cabinet.with_objects(Arc::clone(&shelf) as _), shelf }
    }

    async fn sent(&self, tenant: &Tenant, octets: &[u8]) -> DocumentVersionId {
        let permit = tenant.owner().permit::<WriteDocuments>().await;
        let (store, new) = (
            &tenant.db.store,
            NewVersion { name: Some("Plan.txt".into()), document: None, octets: octets.len() as u64 },
        );
        let id = documents::begin(store, &permit, &self.cabinet, new).await.unwrap().id;
        documents::part(store, &permit, &self.cabinet, id, 0, octets.to_vec()).await.unwrap();
        id
    }

    async fn finish(&self, tenant: &Tenant, id: DocumentVersionId) -> Result<DocumentVersionId, Error> {
        let permit = tenant.owner().permit::<WriteDocuments>().await;
        let finished = documents::finish(&tenant.db.store, &permit, &self.cabinet, id).await?;
        Ok(finished.1.id)
    }

    async fn read(
        &self,
        tenant: &Tenant,
        id: DocumentVersionId,
        from: usize,
        until: usize,
    ) -> Result<Vec<u8>, Error> {
        let permit = tenant.owner().permit::<DownloadDocument>().await;
        let range = (from as u64, until as u64);
        let (mut reading, mut all) =
            documents::reading(&tenant.db.store, &permit, &self.cabinet, id, range).await?;
        while let Some(more) = reading.next().await.map_err(|_| Error::Conflict("it was cut"))? {
            all.extend(more);
        }
        Ok(all)
    }

    fn job(&self, db: &Db) -> Documents {
        Documents::new(db.store.clone(), db.jobs(), self.cabinet.clone())
    }

    async fn checked(&self, db: &Db) -> Result<Vec<Option<String>>, Error> {
        let mut found = Vec::new();
        let each = |one: &documents::Checked| found.push(one.error.map(|error| error.fault.to_string()));
        check_all(&db.store, &db.jobs(), &self.cabinet, each).await?;
        Ok(found)
    }

    /// What lies in the folder of a tenant.
    fn staged(&self, tenant: &Tenant) -> usize {
        let folder = tenant.db.folder().join("documents").join(tenant.id().to_string());
        fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

both_databases! {
    async fn version_goes_to_the_object_store_and_comes_back_in_ranges(db: Db) {
        let (acme, stage) = (db.tenant("acme").await, Stage::of(&db));
        let whole = plain(40 * FRAME + 5);
        let id = stage.sent(&acme, &whole).await;
        assert_eq!((stage.staged(&acme), stage.shelf.names(&acme).len()), (1, 0), "sealed in the folder until it is whole");
        stage.finish(&acme, id).await.unwrap();
        assert_eq!((stage.staged(&acme), stage.shelf.names(&acme)), (0, vec![format!("{id}.sealed")]));
        let version = stored::version(&mut db.store.read(&acme.job()).await.unwrap(), id).await.unwrap().version;
        assert_eq!(version.place, format!("shelf://documents/{}/{id}.sealed", acme.id()));
        for (from, until) in [(0, whole.len()), (FRAME - 1, FRAME + 1), (17 * FRAME, 40 * FRAME + 5), (5, 6)] {
            assert!(stage.read(&acme, id, from, until).await.unwrap() == whole[from..until], "{from} to {until}");
        }
        assert_eq!(stage.checked(&db).await.unwrap(), [None]);
        let lies = stage.shelf.folder.join(format!("{}/{id}.sealed", acme.id()));
        let sealed = fs::read(&lies).unwrap();
        assert!(!sealed.windows(32).any(|window| window == &whole[..32]), "nothing lies in the clear");
        let mut bad = sealed.clone();
        bad[20 * SEALED_FRAME + 9] ^= 1;
        fs::write(&lies, bad).unwrap();
        assert_eq!(stage.checked(&db).await.unwrap().len(), 1);
        assert!(stage.read(&acme, id, 20 * FRAME, 21 * FRAME).await.is_err());
        fs::write(&lies, sealed).unwrap();
        assert_eq!(stage.checked(&db).await.unwrap(), [None]);
        assert_eq!(stage.finish(&acme, id).await.unwrap(), id, "asked again, it is the same version");
        assert_eq!(stage.staged(&acme), 0);
    }

    async fn store_that_is_away_damages_nothing_and_loses_no_upload(db: Db) {
        let (acme, stage) = (db.tenant("acme").await, Stage::of(&db));
        let id = stage.sent(&acme, b"content").await;
        stage.shelf.set_away(true);
        assert!(matches!(stage.finish(&acme, id).await, Err(Error::Store(bailiwick_store::Error::Busy))));
        stage.shelf.set_away(false);
        stage.finish(&acme, id).await.unwrap();
        stage.shelf.set_away(true);
        assert!(matches!(stage.read(&acme, id, 0, 7).await, Err(Error::Store(bailiwick_store::Error::Busy))));
        assert!(stage.checked(&db).await.is_err());
        let version = stored::version(&mut db.store.read(&acme.job()).await.unwrap(), id).await.unwrap().version;
        assert_eq!((version.state, raised(&acme, "document_version.damaged").await), (DocumentVersionState::Available, 0));
        stage.shelf.set_away(false);
        assert_eq!(stage.read(&acme, id, 0, 7).await.unwrap(), b"content");
        fs::remove_file(stage.shelf.folder.join(format!("{}/{id}.sealed", acme.id()))).unwrap();
        assert!(matches!(stage.read(&acme, id, 0, 7).await, Err(Error::Conflict(_))), "gone is damaged");
        assert_eq!(raised(&acme, "document_version.damaged").await, 1);
    }

    async fn what_lay_in_the_folder_before_stays_readable_there(db: Db) {
        let (acme, stage) = (db.tenant("acme").await, Stage::of(&db));
        let before = Stage { shelf: Arc::clone(&stage.shelf), cabinet: Cabinet::new(db.folder().join("documents"), 8 << 20, None) };
        let old = before.sent(&acme, b"before").await;
        before.finish(&acme, old).await.unwrap();
        let new = stage.sent(&acme, b"behind").await;
        stage.finish(&acme, new).await.unwrap();
        assert_eq!(stage.read(&acme, old, 0, 6).await.unwrap(), b"before");
        assert_eq!(stage.read(&acme, new, 0, 6).await.unwrap(), b"behind");
        assert_eq!(stage.checked(&db).await.unwrap(), [None, None]);
        assert!(matches!(before.read(&acme, new, 0, 6).await, Err(Error::Store(_))), "no store is configured any more");
        assert_eq!(raised(&acme, "document_version.damaged").await, 0);
    }

    async fn deleted_document_leaves_the_object_store_and_orphans_are_swept(db: Db) {
        let (acme, other, stage) = (db.tenant("acme").await, db.tenant("other").await, Stage::of(&db));
        let id = stage.sent(&acme, b"content").await;
        stage.finish(&acme, id).await.unwrap();
        let kept = stage.sent(&acme, b"kept").await;
        stage.finish(&acme, kept).await.unwrap();
        let document = stored::version(&mut db.store.read(&acme.job()).await.unwrap(), id).await.unwrap().version.document;
        crate::documents::delete(&acme, document).await.unwrap();
        stage.shelf.set_away(true);
        assert!(stage.job(&db).round().await.is_err());
        stage.shelf.set_away(false);
        assert_eq!(stage.job(&db).round().await.unwrap(), 1);
        assert_eq!(stage.shelf.names(&acme), [format!("{kept}.sealed")]);

        // A crash left an object and a file of an upload; somebody else's objects lie beside.
        let orphan: DocumentVersionId = "0193a7c2-7b1e-7000-8000-00000000aaaa".parse().unwrap();
        let stranger = "0193a7c2-7b1e-7000-8000-00000000bbbb";
        for tenant in [acme.id().to_string(), stranger.to_owned()] {
            fs::create_dir_all(stage.shelf.folder.join(&tenant)).unwrap();
            fs::write(stage.shelf.folder.join(tenant).join(format!("{orphan}.sealed")), b"left").unwrap();
        }
        let open = stage.sent(&other, b"on its way").await;
        let folder = db.folder().join("documents").join(other.id().to_string());
        fs::write(folder.join(format!("{orphan}.part")), b"left").unwrap();
        fs::write(folder.join(format!("{orphan}.sealed")), b"left").unwrap();
        assert_eq!(stage.job(&db).sweep().await.unwrap(), 0, "nothing is a day old");
        db.clock.advance(Span::days(36_500));
        assert_eq!(stage.job(&db).sweep().await.unwrap(), 3);
        assert_eq!(stage.shelf.names(&acme), [format!("{kept}.sealed")]);
        assert!(stage.shelf.folder.join(stranger).join(format!("{orphan}.sealed")).exists(), "of a tenant that is not ours");
        assert!(folder.join(format!("{open}.part")).exists());
        assert_eq!(stage.staged(&other), 1);
    }
}
