//! A root key in a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use zeroize::Zeroizing;

use super::format::{self, Flaw, Held};
use super::{KeyId, KeyProvider, ProviderError, ProviderFuture, ProviderKind};
use crate::aead::{self, Refused};
use crate::entropy::Entropy;
use crate::secret::KeyBytes;

/// Far more than a root key file holds; a larger file is something else and is not read.
const LONGEST: u64 = 4096;

/// Keys derived from a root key file; the root key itself is forgotten once they are.
pub struct FileProvider {
    id: KeyId,
    wrapping: KeyBytes,
    deriving: KeyBytes,
    entropy: Arc<dyn Entropy>,
}

impl FileProvider {
    /// Reads the root key at `path`. On Unix the file must be closed to group and others.
    ///
    /// # Errors
    /// [`RootKeyError`] names the file and what is wrong with it, never what it contains.
    pub fn open(path: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, RootKeyError> {
        let text = read(path)?;
        let Held { root, id, deriving } =
            format::parse(&text).map_err(|flaw| RootKeyError::from_flaw(path, flaw))?;
        let refused = |Refused| RootKeyError::Cipher(path.to_owned());
        Ok(Self {
            id,
            wrapping: format::derive(&root, &[b"bailiwick root wrap v1"]).map_err(refused)?,
            deriving: match deriving {
                Some(deriving) => deriving,
                None => format::derive(&root, &[b"bailiwick root derive v1"]).map_err(refused)?,
            },
            entropy,
        })
    }

    /// Makes a new root key and writes it to `path` (mode 0600 on Unix), then opens it.
    ///
    /// An existing file is never touched. When this returns, file and directory entry are on disk: a key that
    /// could vanish in a crash would take everything wrapped with it along.
    ///
    /// # Errors
    /// [`RootKeyError::Exists`], or [`RootKeyError::Io`] after removing what was partly written.
    pub fn create(path: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, RootKeyError> {
        Self::make(path, entropy, None)
    }

    /// As [`create`](Self::create), with the derivation secret of another provider: whatever was tagged with a key derived there
    /// stays findable, and only what that provider wrapped has to be wrapped anew.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn succeed(
        previous: &dyn KeyProvider,
        path: &Path,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, RootKeyError> {
        Self::make(path, entropy, Some(previous.derivation_secret()))
    }

    fn make(
        path: &Path,
        entropy: Arc<dyn Entropy>,
        deriving: Option<&KeyBytes>,
    ) -> Result<Self, RootKeyError> {
        let root = KeyBytes::random(entropy.as_ref());
        let text = format::write(&root, deriving).map_err(|Refused| RootKeyError::Cipher(path.to_owned()))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|source| RootKeyError::from_io(path, source))?;
        if let Err(source) = persist(file, path, text.as_bytes()) {
            // Half a key file would be refused at the next start and would block a second attempt.
            drop(fs::remove_file(path));
            return Err(RootKeyError::from_io(path, source));
        }
        Self::open(path, entropy)
    }
}

fn persist(mut file: File, path: &Path, text: &[u8]) -> io::Result<()> {
    file.write_all(text)?;
    file.sync_all()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Elsewhere a directory cannot be opened as a file, and the file's own sync covers its entry.
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

fn read(path: &Path) -> Result<Zeroizing<String>, RootKeyError> {
    let io = |source| RootKeyError::from_io(path, source);
    // Asked before opening, because opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(RootKeyError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(io)?;
    // Asked of the open file, so that what is judged is what is read.
    let metadata = file.metadata().map_err(io)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            return Err(RootKeyError::TooOpen { path: path.to_owned(), mode });
        }
    }
    if metadata.len() > LONGEST {
        return Err(RootKeyError::NotARootKey(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| RootKeyError::NotARootKey(path.to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

impl KeyProvider for FileProvider {
    fn kind(&self) -> ProviderKind {
        ProviderKind::File
    }

    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn wrap_key<'a>(&'a self, key: &'a KeyBytes, context: &'a [u8]) -> ProviderFuture<'a, Vec<u8>> {
        Box::pin(async move {
            let mut wrapped = Vec::with_capacity(aead::EXTENDED_NONCE + 32 + aead::TAG);
            aead::seal(&self.wrapping, self.entropy.as_ref(), context, key.expose(), &mut wrapped)
                .map_err(|Refused| ProviderError::Cipher(self.id.clone()))?;
            Ok(wrapped)
        })
    }

    fn unwrap_key<'a>(&'a self, wrapped: &'a [u8], context: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        Box::pin(async move {
            let key = aead::open(&self.wrapping, context, wrapped).ok();
            key.and_then(|key| KeyBytes::copy_from(&key))
                .ok_or_else(|| ProviderError::Rejected(self.id.clone()))
        })
    }

    fn derive_key<'a>(&'a self, purpose: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        Box::pin(async move {
            format::derive(&self.deriving, &[purpose])
                .map_err(|Refused| ProviderError::Cipher(self.id.clone()))
        })
    }

    fn derivation_secret(&self) -> &KeyBytes {
        &self.deriving
    }

    fn check(&self) -> ProviderFuture<'_, ()> {
        // What the file held is in memory.
        Box::pin(async { Ok(()) })
    }
}

impl fmt::Debug for FileProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileProvider").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a root key file was not read or written. Every variant names the file; none carries its content.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// There is no such file.
    #[error("root key file {} does not exist; restore it, or create a new installation's key with `bailiwick init`", .0.display())]
    Missing(PathBuf),
    /// A file is already there and was left alone.
    #[error("root key file {} exists already and was not touched", .0.display())]
    Exists(PathBuf),
    /// The path leads to a directory, a device or a pipe.
    #[error("root key file {} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Group or others may read or write the file. `mode` holds the permission bits.
    #[error("root key file {} is open to other users (mode {mode:04o}); run `chmod 600` on it", .path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{} is not a root key file", .0.display())]
    NotARootKey(PathBuf),
    /// The file was written by another version of the format.
    #[error("root key file {} has a format version that this program does not know; it reads versions 1 and 2", .0.display())]
    Version(PathBuf),
    /// A line is missing or cannot be read.
    #[error("root key file {} is damaged: line {line} should be its `{wanted}` line; restore it from its backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The name that the line should begin with.
        wanted: &'static str,
    },
    /// There is more in the file than a root key.
    #[error("root key file {} is damaged: nothing belongs after its `check` line, but line {line} is there", .path.display())]
    Surplus {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// The lines do not fit their checksum.
    #[error("root key file {} is damaged: its checksum does not fit; restore it from its backup", .0.display())]
    Checksum(PathBuf),
    /// The key in the file is not the one its `id` line names.
    #[error("root key file {} holds another key than its `id` line names", .0.display())]
    WrongId(PathBuf),
    /// The operating system refused.
    #[error("root key file {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The cryptographic library refused; never expected in practice.
    #[error("the cryptographic library refused the key in {}", .0.display())]
    Cipher(PathBuf),
}

impl RootKeyError {
    fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(path),
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            _ => Self::Io { path, source },
        }
    }

    fn from_flaw(path: &Path, flaw: Flaw) -> Self {
        let path = path.to_owned();
        match flaw {
            Flaw::NotARootKey => Self::NotARootKey(path),
            Flaw::Version => Self::Version(path),
            Flaw::Line { number: line, wanted } => Self::Damaged { path, line, wanted },
            Flaw::Surplus { number: line } => Self::Surplus { path, line },
            Flaw::Check => Self::Checksum(path),
            Flaw::Id => Self::WrongId(path),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secret::assert_hidden;

    fn entropy() -> Arc<dyn Entropy> {
        Arc::new(SeededEntropy::new(21))
    }

    #[tokio::test]
    async fn a_key_wrapped_before_a_restart_is_unwrapped_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let first = FileProvider::create(&path, entropy()).unwrap();
        let key = KeyBytes::random(&SeededEntropy::new(1));
        let wrapped = first.wrap_key(&key, b"here").await.unwrap();
        let second = FileProvider::open(&path, entropy()).unwrap();
        assert_eq!(first.key_id(), second.key_id());
        assert_eq!(second.unwrap_key(&wrapped, b"here").await.unwrap().expose(), key.expose());
        assert!(matches!(second.unwrap_key(&wrapped, b"there").await, Err(ProviderError::Rejected(_))));
        let stranger =
            FileProvider::create(&folder.path().join("other.key"), Arc::new(SeededEntropy::new(22))).unwrap();
        assert_ne!(stranger.key_id(), first.key_id());
        assert!(matches!(stranger.unwrap_key(&wrapped, b"here").await, Err(ProviderError::Rejected(_))));
        assert_ne!(wrapped, first.wrap_key(&key, b"here").await.unwrap(), "wrapping twice differs");
    }

    #[tokio::test]
    async fn derived_keys_follow_the_root_key_and_the_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let provider = FileProvider::create(&folder.path().join("root.key"), entropy()).unwrap();
        let again = FileProvider::open(&folder.path().join("root.key"), entropy()).unwrap();
        let key = provider.derive_key(b"a").await.unwrap();
        assert_eq!(key.expose(), again.derive_key(b"a").await.unwrap().expose());
        assert_ne!(key.expose(), provider.derive_key(b"b").await.unwrap().expose());
        assert_hidden(&provider, provider.wrapping.expose());
        assert_hidden(&provider, provider.deriving.expose());
    }

    #[tokio::test]
    async fn a_successor_derives_the_same_keys_and_wraps_by_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let first = FileProvider::create(&folder.path().join("root.key"), entropy()).unwrap();
        let path = folder.path().join("next.key");
        let next = FileProvider::succeed(&first, &path, Arc::new(SeededEntropy::new(23))).unwrap();
        let again = FileProvider::open(&path, entropy()).unwrap();
        assert!(next.key_id() != first.key_id() && next.key_id() == again.key_id());
        let derived = first.derive_key(b"a").await.unwrap();
        assert_eq!(derived.expose(), again.derive_key(b"a").await.unwrap().expose());
        let wrapped = first.wrap_key(&derived, b"a").await.unwrap();
        assert!(matches!(again.unwrap_key(&wrapped, b"a").await, Err(ProviderError::Rejected(_))));
        let third = folder.path().join("third.key");
        let third = FileProvider::succeed(&again, &third, Arc::new(SeededEntropy::new(24))).unwrap();
        assert_eq!(derived.expose(), third.derive_key(b"a").await.unwrap().expose());
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(FileProvider::create(&path, entropy()), Err(RootKeyError::Exists(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_closed_to_others_and_an_open_one_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        FileProvider::create(&path, entropy()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = FileProvider::open(&path, entropy()).unwrap_err();
            assert!(matches!(error, RootKeyError::TooOpen { mode: found, .. } if found == mode), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(FileProvider::open(&path, entropy()).is_ok());
    }

    #[test]
    fn every_refusal_names_the_file_and_shows_none_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        FileProvider::create(&path, entropy()).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let key = good.lines().find_map(|line| line.strip_prefix("key ")).unwrap().to_owned();
        let damaged = [
            good.replace("check ", "check 0"),
            good.replace("\nkey ", "\nkay "),
            good.replace("root-key v1", "root-key v9"),
            good.replace("bailiwick-root-key", "something-else"),
            good.replace("\nid ", "\nid x"),
            format!("{good}{good}"),
            "x".repeat(5000),
        ];
        for text in damaged {
            fs::write(&path, text).unwrap();
            let error = FileProvider::open(&path, entropy()).unwrap_err();
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(shown.contains("root.key"), "{shown}");
                assert!(!shown.contains(&key) && !shown.contains("xx"), "{shown}");
            }
        }
        fs::write(&path, [0xFF, 0xFE]).unwrap();
        assert!(matches!(FileProvider::open(&path, entropy()), Err(RootKeyError::NotARootKey(_))));
        assert!(matches!(FileProvider::open(folder.path(), entropy()), Err(RootKeyError::NotAFile(_))));
        let nowhere = folder.path().join("nowhere.key");
        assert!(matches!(FileProvider::open(&nowhere, entropy()), Err(RootKeyError::Missing(_))));
    }
}
