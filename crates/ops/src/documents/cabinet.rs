//! The folder in which versions are sealed, and in which they lie unless there is an object store.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::{
    ids::{DocumentVersionId, TenantId},
    time::Span,
};

use super::place::{Objects, name};

/// Where the ciphertexts of documents lie, and what is kept there. Servers that share a database share the folder, into which uploads come
/// in parts also where complete ones go to an object store.
#[derive(Clone, Debug)]
pub struct Cabinet {
    folder: Arc<Path>,
    objects: Option<Arc<dyn Objects>>,
    /// Octets of a version at most.
    pub largest: u64,
    /// How long a document is kept after its newest version came; for ever without it.
    pub retention: Option<Span>,
}

impl Cabinet {
    /// The folder, which is made when the first file is.
    pub fn new(folder: PathBuf, largest: u64, retention: Option<Span>) -> Self {
        Self { folder: folder.into(), objects: None, largest, retention }
    }

    /// The same, with complete versions in an object store. What lies in the folder already stays there, and is read there.
    #[must_use]
    pub fn with_objects(self, objects: Arc<dyn Objects>) -> Self {
        Self { objects: Some(objects), ..self }
    }

    /// How evidence names the folder.
    pub const LOCAL: &'static str = "local";

    /// How evidence names the place of a version that is stored now.
    pub(super) fn place(&self, tenant: TenantId, version: DocumentVersionId) -> String {
        match &self.objects {
            Some(objects) => objects.address(&name(tenant, version)),
            None => Self::LOCAL.to_owned(),
        }
    }

    /// The object store; an error where versions lie in one and none is configured any more.
    pub(super) fn objects(&self) -> io::Result<&Arc<dyn Objects>> {
        let error = || io::Error::other("a version lies in an object store, and none is configured");
        self.objects.as_ref().ok_or_else(error)
    }

    /// Whether complete versions go to an object store.
    pub(super) fn stores_objects(&self) -> Option<Arc<dyn Objects>> {
        self.objects.clone()
    }

    /// Where a version lies in the folder.
    pub fn path(&self, tenant: TenantId, version: DocumentVersionId) -> PathBuf {
        self.folder.join(tenant.to_string()).join(format!("{version}.sealed"))
    }

    /// The folder of a tenant.
    pub(super) fn of_tenant(&self, tenant: TenantId) -> PathBuf {
        self.folder.join(tenant.to_string())
    }

    /// Where an upload lies.
    pub(super) fn unfinished(&self, tenant: TenantId, version: DocumentVersionId) -> PathBuf {
        self.path(tenant, version).with_extension("part")
    }

    /// Opens the file of an upload for one writer alone; nothing while somebody else has it.
    pub(super) fn take(&self, tenant: TenantId, version: DocumentVersionId) -> io::Result<Option<File>> {
        let path = self.unfinished(tenant, version);
        let mut folder = DirBuilder::new();
        folder.recursive(true);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
            folder.mode(0o700);
            options.mode(0o600);
        }
        folder.create(path.parent().unwrap_or(&self.folder))?;
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Gives a complete file its name. One that has it already, because a crash came in between, keeps it.
    pub(super) fn complete(
        &self,
        tenant: TenantId,
        version: DocumentVersionId,
        octets: u64,
    ) -> io::Result<()> {
        let (from, to) = (self.unfinished(tenant, version), self.path(tenant, version));
        if !to.exists() {
            if fs::metadata(&from)?.len() != octets {
                return Err(io::Error::other("the file of an upload is not as long as was noted"));
            }
            fs::rename(&from, &to)?;
        } else if fs::metadata(&from).is_ok_and(|left| left.len() == 0) {
            // What taking the file to finish it again has made.
            fs::remove_file(&from)?;
        }
        File::open(to.parent().unwrap_or(&self.folder))?.sync_all()
    }

    /// Removes whatever there is of a version, wherever it lies.
    pub(super) async fn clear(&self, tenant: TenantId, version: DocumentVersionId) -> io::Result<()> {
        if let Some(objects) = &self.objects {
            objects.remove(&name(tenant, version)).await?;
        }
        let cabinet = self.clone();
        in_peace(move || cabinet.remove(tenant, version)).await?
    }

    /// Removes whatever the folder holds of a version.
    fn remove(&self, tenant: TenantId, version: DocumentVersionId) -> io::Result<()> {
        for path in [self.unfinished(tenant, version), self.path(tenant, version)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Puts octets behind the first `from` of a file, whatever a crash has left there, and onto the disk.
pub(super) fn append(file: &mut File, from: u64, octets: &[u8]) -> io::Result<()> {
    file.set_len(from)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(octets)?;
    file.sync_data()
}

/// Runs what waits for the disk where nobody else waits for it.
pub(super) async fn in_peace<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}
