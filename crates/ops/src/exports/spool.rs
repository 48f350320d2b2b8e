//! The folder of the files, which belong to nobody but the server.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::{
    entity::{AuditExport, ExportFormat},
    ids::TenantId,
};
use bailiwick_store::audit::export::Exported;
use sha2::{Digest, Sha256};

/// What writes columns, where the server was built with it.
pub trait Columnar: Send + Sync {
    /// Begins a file.
    ///
    /// # Errors
    /// The file's.
    fn begin(&self, file: File) -> io::Result<Box<dyn Columns>>;
}

/// A file of columns that is being written.
pub trait Columns: Send {
    /// Adds a record, whose path leads to the root of a tree of `size` leaves.
    ///
    /// # Errors
    /// The file's.
    fn push(&mut self, record: &Exported, size: i64) -> io::Result<()>;

    /// Writes what is still in memory, and the index.
    ///
    /// # Errors
    /// The file's.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The folder. Servers that share a database share it, too, or each serves only what it has written.
#[derive(Clone)]
pub struct Spool {
    folder: PathBuf,
    columnar: Option<Arc<dyn Columnar>>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Spool {
    /// The folder, which is made when the first file is.
    pub const fn new(folder: PathBuf, columnar: Option<Arc<dyn Columnar>>) -> Self {
        Self { folder, columnar }
    }

    /// Whether this server writes files of this form.
    pub fn offers(&self, format: ExportFormat) -> bool {
        format != ExportFormat::Parquet || self.columnar.is_some()
    }

    /// Where the file of an export lies.
    pub fn path(&self, tenant: TenantId, export: &AuditExport) -> PathBuf {
        self.folder.join(format!("{tenant}.{}.{}", export.id, export.format.extension()))
    }

    /// Takes a file away, if it is there. What cannot be taken away is said in the log of the server.
    pub(super) async fn remove(&self, tenant: TenantId, export: &AuditExport) {
        let path = self.path(tenant, export);
        let removed = tokio::task::spawn_blocking(move || fs::remove_file(path)).await;
        if let Ok(Err(error)) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::error!(export = %export.id, %error, "the file of an export cannot be removed");
        }
    }

    /// Begins a file of columns.
    pub(super) fn columns(&self, path: &Path) -> io::Result<Box<dyn Columns>> {
        let columnar = self.columnar.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let file = self.open(path)?;
        file.set_len(0)?;
        columnar.begin(file)
    }

    /// Octets of a file; none of one that is not there.
    pub(super) fn length(path: &Path) -> io::Result<u64> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Puts octets behind the first `from` of a file, whatever a crash has left there, and onto the disk.
    pub(super) fn append(&self, path: &Path, from: u64, octets: &[u8]) -> io::Result<()> {
        let mut file = self.open(path)?;
        file.set_len(from)?;
        file.seek(SeekFrom::Start(from))?;
        file.write_all(octets)?;
        file.sync_data()
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
            folder.mode(0o700);
            options.mode(0o600);
        }
        folder.create(&self.folder)?;
        options.open(path)
    }

    /// The length of a file and its SHA-256; nothing where it is to end before it was read through.
    pub(super) fn digest(path: &Path, ends: impl Fn() -> bool) -> io::Result<Option<(u64, String)>> {
        let mut file = File::open(path)?;
        let (mut hasher, mut buffer, mut length) = (Sha256::new(), vec![0; 64 * 1024], 0_u64);
        loop {
            if ends() {
                return Ok(None);
            }
            let read = file.read(&mut buffer)?;
            let Some(octets) = buffer.get(..read).filter(|octets| !octets.is_empty()) else { break };
            hasher.update(octets);
            length += read as u64;
        }
        let digest = hasher.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
        Ok(Some((length, digest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_behind_what_was_noted_whatever_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().join("within"), None);
        let path = folder.path().join("within").join("x");
        assert_eq!(Spool::length(&path).unwrap(), 0);
        spool.append(&path, 0, b"one\ntorn").unwrap();
        spool.append(&path, 4, b"two\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
        let (length, digest) = Spool::digest(&path, || false).unwrap().unwrap();
        assert_eq!((length, digest.len(), Spool::length(&path).unwrap()), (8, 64, 8));
        assert_eq!(Spool::digest(&path, || true).unwrap(), None, "it is to end");
    }

    #[test]
    fn columns_are_offered_only_where_they_can_be_written() {
        let spool = Spool::new(PathBuf::from("nowhere"), None);
        assert!(spool.offers(ExportFormat::Csv) && !spool.offers(ExportFormat::Parquet));
        assert!(spool.columns(Path::new("nowhere")).is_err());
    }
}
