//! What is kept of a root key that is held elsewhere: its name, and the derivation secret as it wrapped it.
//!
//! ```text
//! # Comment lines are ignored.
//! bailiwick-managed-root-key v1
//! id transit:transit/bailiwick@1
//! secret <base64: the derivation secret, wrapped>
//! check <16 hexadecimal digits>
//! ```
//!
//! `check` is the start of the SHA-256 of the three lines above it, so a damaged file is told apart from one of another
//! root key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_STANDARD, Engine};

use crate::provider::{KeyId, Trouble};

const HEADER: &str = "bailiwick-managed-root-key v1";
const NAME: &str = "bailiwick-managed-root-key v";
const COMMENT: &str = "\
# The root key of this installation is held elsewhere; this is its name, and what it wrapped. Nobody can read a secret with
# this file alone, and without it nothing encrypted can be read again: keep a copy apart from the backups of the database.
";
/// Far more than such a file holds.
const LONGEST: u64 = 64 * 1024;

/// What such a file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) id: KeyId,
    pub(super) wrapped: Vec<u8>,
}

impl Stored {
    pub(super) fn read(path: &Path) -> Result<Self, ManagedError> {
        let io = |source: io::Error| ManagedError::from_io(path, source);
        // Asked before opening, because opening a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(io)?;
        if !metadata.is_file() || metadata.len() > LONGEST {
            return Err(ManagedError::NotOne(path.to_owned()));
        }
        let mut octets = Vec::new();
        File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut octets)).map_err(io)?;
        let text = String::from_utf8(octets).map_err(|_| ManagedError::NotOne(path.to_owned()))?;
        parse(&text).map_err(|flaw| match flaw {
            Flaw::NotOne => ManagedError::NotOne(path.to_owned()),
            Flaw::Version => ManagedError::Version(path.to_owned()),
            Flaw::Damaged => ManagedError::Damaged(path.to_owned()),
        })
    }

    /// Writes a new file; when this returns, it is on disk.
    pub(super) fn write(path: &Path, id: &KeyId, wrapped: &[u8]) -> Result<(), ManagedError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|source| ManagedError::from_io(path, source))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = file
            .write_all(text(id, wrapped).as_bytes())
            .and_then(|()| file.sync_all())
            // Elsewhere a directory cannot be opened as a file, and the file's own sync covers its entry.
            .and_then(|()| if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) });
        written.map_err(|source| {
            // Half a file would be refused at the next start and would block a second attempt.
            drop(fs::remove_file(path));
            ManagedError::from_io(path, source)
        })
    }
}

enum Flaw {
    NotOne,
    Version,
    Damaged,
}

fn text(id: &KeyId, wrapped: &[u8]) -> String {
    let covered = format!("{HEADER}\nid {id}\nsecret {}\n", BASE64_STANDARD.encode(wrapped));
    format!("{COMMENT}{covered}check {}\n", check(&covered))
}

fn check(covered: &str) -> String {
    digest(&SHA256, covered.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &str) -> Result<Stored, Flaw> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    match lines.next() {
        Some(HEADER) => {}
        Some(header) if header.starts_with(NAME) => return Err(Flaw::Version),
        _ => return Err(Flaw::NotOne),
    }
    let mut field = |name: &str| {
        let line = lines.next().ok_or(Flaw::Damaged)?;
        line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' ')).ok_or(Flaw::Damaged)
    };
    let (id, secret, found) = (field("id")?, field("secret")?, field("check")?);
    if lines.next().is_some() || check(&format!("{HEADER}\nid {id}\nsecret {secret}\n")) != found {
        return Err(Flaw::Damaged);
    }
    let wrapped = BASE64_STANDARD.decode(secret).map_err(|_| Flaw::Damaged)?;
    Ok(Stored { id: KeyId::parse(id).ok_or(Flaw::Damaged)?, wrapped })
}

/// Why a root key that is held elsewhere was not taken up. Every variant names the file or the place; none carries a credential.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    /// There is no such file.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// A file is already there and was left alone.
    #[error("{} exists already; nothing was touched", .0.display())]
    Exists(PathBuf),
    /// The file is something else, such as a root key itself.
    #[error("{} is not the file of a root key that is held elsewhere", .0.display())]
    NotOne(PathBuf),
    /// Written by a newer version.
    #[error("{} is of a version that this program does not know", .0.display())]
    Version(PathBuf),
    /// It is such a file, and not as it was written.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// It names another root key than the settings.
    #[error("{} is of root key {id}, which is not the one at {place}", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// The name in it.
        id: KeyId,
        /// What the settings mean.
        place: String,
    },
    /// The holder answered that what the file has was not wrapped by its key.
    #[error("the key at {place} did not wrap what {} holds", .path.display())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// What the settings mean.
        place: String,
    },
    /// The holder cannot be used now, or its key cannot be used at all.
    #[error("the root key {place} cannot be used: {trouble}")]
    Unusable {
        /// What the settings mean.
        place: String,
        /// Why.
        trouble: Trouble,
    },
    /// The cryptographic library refused; never expected in practice.
    #[error("the cryptographic library refused to work with {}", .0.display())]
    Cipher(PathBuf),
    /// The file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ManagedError {
    fn from_io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            io::ErrorKind::AlreadyExists => Self::Exists(path.to_owned()),
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn sample() -> String {
        text(&KeyId::parse("transit:transit/bailiwick@1").unwrap(), &[1, 2, 3])
    }

    #[test]
    fn what_is_written_is_read_back_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let id = KeyId::parse("transit:transit/bailiwick@1").unwrap();
        Stored::write(&path, &id, &[1, 2, 3]).unwrap();
        assert_eq!(Stored::read(&path).unwrap(), Stored { id: id.clone(), wrapped: vec![1, 2, 3] });
        assert!(matches!(Stored::write(&path, &id, &[4]), Err(ManagedError::Exists(_))));
        for (text, expected) in [
            (sample().replace("key v1", "key v2"), "version"),
            (sample().replace("bailiwick@1", "bailiwick@2"), "damaged"),
            (format!("{}more\n", sample()), "damaged"),
            ("bailiwick-root-key v1\n".to_owned(), "not the file"),
            (String::new(), "not the file"),
        ] {
            fs::write(&path, &text).unwrap();
            let error = Stored::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("root.key"), "{error}");
        }
        assert!(matches!(Stored::read(folder.path()), Err(ManagedError::NotOne(_))));
        assert!(matches!(Stored::read(&folder.path().join("nowhere")), Err(ManagedError::Missing(_))));
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_noticed(at in 0_usize..4096, to in 0x20_u8..0x7F) {
            let text = sample();
            let start = text.find(HEADER).unwrap();
            let mut octets = text.into_bytes();
            let at = start + at % (octets.len() - start - 1);
            prop_assume!(octets[at] != to && octets[at] != b'\n');
            octets[at] = to;
            prop_assert!(parse(&String::from_utf8(octets).unwrap()).is_err());
        }

        #[test]
        fn any_text_is_parsed_without_a_panic(text in ".{0,300}") {
            prop_assert!(parse(&text).is_err());
        }
    }
}
