//! The folder outside the database: the newest checkpoint of every tenant, and what else must not be set back with it.
//!
//! ```text
//! <tenant>.checkpoint        the newest checkpoint, a signed note
//! <tenant>.epoch-<n>         that epoch n of the log begins, a signed note; see `epoch`
//! <tenant>.epoch-<n>.last    the last checkpoint of the epoch before
//! heads.log, heads.note      the tree of heads and its checkpoint; see `heads`
//! heads-tiles/               its full tiles, which can be made again
//! .lock                      held by whoever writes
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
    time::UNIX_EPOCH,
};

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::checkpoint::{
    Checkpoint, CheckpointError, LogName, MAX_NOTE_BYTES, Of, SignedNote, VerifierKey,
};

use super::SignError;

/// Octets of a signed checkpoint at most; a larger file is something else.
const LARGEST: u64 = MAX_NOTE_BYTES as u64;

/// A folder with the newest checkpoint of every tenant, apart from the database: another disk, another backup.
#[derive(Clone, Debug)]
pub struct CheckpointStore {
    folder: PathBuf,
}

/// A tenant's newest checkpoint.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The signed note.
    pub note: String,
    /// What it says; its signature is checked.
    pub checkpoint: Checkpoint,
    /// Which epoch of the log it is of, from 1.
    pub epoch: u32,
    /// When the file was written, as far as the file system knows.
    pub written: Option<Timestamp>,
}

impl CheckpointStore {
    /// Opens the folder, creating it with access for this account only.
    pub fn open(folder: &Path) -> Result<Self, SignError> {
        let io = |cause| SignError::Io { path: folder.to_owned(), cause };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(io)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the folder is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every tenant that has a checkpoint.
    pub fn tenants(&self) -> Result<Vec<TenantId>, SignError> {
        let io = |cause| SignError::Io { path: self.folder.clone(), cause };
        let mut tenants = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            if let Some(id) = name
                .to_str()
                .and_then(|name| name.strip_suffix(".checkpoint"))
                .and_then(|id| TenantId::from_str(id).ok())
            {
                tenants.push(id);
            }
        }
        tenants.sort_unstable();
        Ok(tenants)
    }

    /// The newest checkpoint of a tenant, in whichever epoch of its log, its signature checked.
    pub fn latest(
        &self,
        tenant: TenantId,
        origin: &str,
        key: &VerifierKey,
    ) -> Result<Option<Latest>, SignError> {
        let name = checkpoint_file(tenant);
        let Some(note) = self.read(&name)? else { return Ok(None) };
        let (checkpoint, epoch) =
            opened(&note, tenant, origin, key).map_err(|cause| SignError::Refused { tenant, cause })?;
        Ok(Some(Latest { note, checkpoint, epoch, written: self.written(&name) }))
    }

    /// A note of the folder; nothing where there is none of this name.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, SignError> {
        let path = self.folder.join(name);
        match read_note(&path) {
            Ok(note) => Ok(Some(note)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(SignError::Io { path, cause }),
        }
    }

    /// Replaces `expected` by `note` if it is still what the file holds. After a crash the file holds one or the other.
    pub(super) fn swap(&self, tenant: TenantId, expected: Option<&str>, note: &str) -> Result<(), SignError> {
        let _lock = self.lock()?;
        let name = checkpoint_file(tenant);
        if self.read(&name)?.as_deref() != expected {
            return Err(SignError::Raced(tenant));
        }
        self.replace(&name, &format!("{tenant}.new"), note.as_bytes())
    }

    /// Writes a file whole: after a crash it is the old one or the new one. The caller holds the lock.
    pub(super) fn replace(&self, name: &str, fresh: &str, octets: &[u8]) -> Result<(), SignError> {
        let (path, fresh) = (self.folder.join(name), self.folder.join(fresh));
        let io = |cause| SignError::Io { path: path.clone(), cause };
        let mut file = File::create(&fresh).map_err(io)?;
        file.write_all(octets).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&fresh, &path).map_err(io)?;
        // The rename itself is on disk once the folder is.
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(io)
    }

    /// Waits for the folder. The lock is held until the file is dropped; other processes wait here.
    pub(super) fn lock(&self) -> Result<File, SignError> {
        let path = self.folder.join(".lock");
        let io = |cause| SignError::Io { path: path.clone(), cause };
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        lock.lock().map_err(io)?;
        Ok(lock)
    }

    /// When a file was written; nothing where the file system does not say it.
    pub(super) fn written(&self, name: &str) -> Option<Timestamp> {
        let written = fs::metadata(self.folder.join(name)).and_then(|file| file.modified()).ok()?;
        let since = written.duration_since(UNIX_EPOCH).ok()?;
        Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
    }
}

/// The file of a tenant's newest checkpoint.
pub(super) fn checkpoint_file(tenant: TenantId) -> String {
    format!("{tenant}.checkpoint")
}

/// The name of a tenant's log in its checkpoints.
pub(super) fn log_name(origin: &str, tenant: TenantId, epoch: u32) -> String {
    LogName::tenant(origin, &tenant.to_string(), epoch).to_string()
}

/// The epoch of a tenant's log that a name stands for; nothing for the names of other logs.
pub(super) fn epoch_of(name: &str, origin: &str, tenant: TenantId) -> Option<u32> {
    match LogName::parse(name)? {
        LogName { base, of: Of::Tenant { tenant: id, epoch } } if base == origin => {
            (id == tenant.to_string()).then_some(epoch)
        }
        _ => None,
    }
}

fn opened(
    note: &str,
    tenant: TenantId,
    origin: &str,
    key: &VerifierKey,
) -> Result<(Checkpoint, u32), CheckpointError> {
    let note = SignedNote::parse(note.as_bytes())?;
    note.verify(key)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    match epoch_of(&checkpoint.origin, origin, tenant) {
        Some(epoch) => Ok((checkpoint, epoch)),
        None => {
            let expected = log_name(origin, tenant, 1);
            Err(CheckpointError::Origin { expected, found: checkpoint.origin })
        }
    }
}

/// Reads a file that holds a checkpoint, and none that is something else: a device has no end, a pipe perhaps no beginning.
fn read_note(path: &Path) -> io::Result<String> {
    let refused = || io::Error::other("not a checkpoint: it has to be a regular file of 256 KiB at most");
    // Asked before opening, because opening a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let mut note = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut note)?;
    if read as u64 > LARGEST { Err(refused()) } else { Ok(note) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_has_the_signer_read_a_file_without_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = CheckpointStore::open(folder.path()).unwrap();
        let tenant = TenantId::from_str("0193a7c2-7b1e-7000-8000-000000000001").unwrap();
        assert!(store.read(&checkpoint_file(tenant)).unwrap().is_none());
        let name = checkpoint_file(tenant);
        let path = store.folder().join(&name);
        let largest = "x".repeat(MAX_NOTE_BYTES);
        fs::write(&path, &largest).unwrap();
        assert_eq!(store.read(&name).unwrap().unwrap(), largest);
        let refused = || {
            let error = store.read(&name).unwrap_err().to_string();
            assert!(error.contains("regular file of 256 KiB at most"), "{error}");
        };
        fs::write(&path, format!("{largest}x")).unwrap();
        refused();
        for other in ["/dev/zero", "/"] {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(other, &path).unwrap();
            refused();
        }
    }
}
