//! The folder in which sealed versions lie.

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

/// Where the ciphertexts of documents lie, and what is kept there. Servers that share a database share the folder.
#[derive(Clone, Debug)]
pub struct Cabinet {
    folder: Arc<Path>,
    /// Octets of a version at most.
    pub largest: u64,
    /// How long a document is kept after its newest version came; for ever without it.
    pub retention: Option<Span>,
}

impl Cabinet {
    /// The folder, which is made when the first file is.
    pub fn new(folder: PathBuf, largest: u64, retention: Option<Span>) -> Self {
        Self { folder: folder.into(), largest, retention }
    }

    /// How evidence names the place.
    pub const PLACE: &'static str = "local";

    /// Where a version lies.
    pub fn path(&self, tenant: TenantId, version: DocumentVersionId) -> PathBuf {
        self.folder.join(tenant.to_string()).join(format!("{version}.sealed"))
    }

    fn unfinished(&self, tenant: TenantId, version: DocumentVersionId) -> PathBuf {
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

    /// Removes whatever there is of a version.
    pub(super) fn remove(&self, tenant: TenantId, version: DocumentVersionId) -> io::Result<()> {
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
