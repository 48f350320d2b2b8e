//! Where sealed versions lie: in a folder of the installation, or in an object store, which this crate knows by what it asks of it alone.

use std::{
    fmt,
    fs::File,
    future::Future,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    pin::Pin,
    sync::Arc,
};

use bailiwick_domain::{
    entity::DocumentVersion,
    ids::{DocumentVersionId, TenantId},
    time::Timestamp,
};
use bailiwick_vault::document::{DocumentError, Fault, Place};
use tokio::sync::mpsc::Sender;

use super::{Cabinet, cabinet::in_peace};

/// What an object store does, at its end.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>;

/// A file that lies in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// When it was written, by the clock of the store.
    pub written: Timestamp,
}

/// A place that keeps files under names with slashes. Whatever is asked of it takes constant memory.
///
/// `NotFound` says that a file is not there, and `UnexpectedEof` that it is shorter than what was asked for; every other error that the
/// place did not answer, which says nothing about the file.
pub trait Objects: fmt::Debug + Send + Sync {
    /// The address of a file, as evidence names it, such as `s3://bucket/prefix/name`.
    fn address(&self, name: &str) -> String;
    /// Puts a file there, in the place of one that may be there. Cut off, it leaves nothing that anybody reads.
    fn put<'a>(&'a self, name: &'a str, file: &'a Path) -> Doing<'a, ()>;
    /// How long a file is.
    fn length<'a>(&'a self, name: &'a str) -> Doing<'a, u64>;
    /// So many octets of a file, from one on.
    fn read<'a>(&'a self, name: &'a str, from: u64, octets: u64) -> Doing<'a, Vec<u8>>;
    /// Removes a file, if it is there.
    fn remove<'a>(&'a self, name: &'a str) -> Doing<'a, ()>;
    /// Hands on the files below a folder such as `folder/`, until nobody takes them any more.
    fn list<'a>(&'a self, folder: &'a str, found: Sender<Found>) -> Doing<'a, ()>;
    /// Gives up what was begun to be put before that moment and never completed. Returns how many.
    fn abandon(&self, before: Timestamp) -> Doing<'_, usize>;
}

/// Why something of a version could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// What lies there is not what was stored.
    #[error(transparent)]
    Damaged(#[from] DocumentError),
    /// The place where it lies does not answer.
    #[error("the place where documents lie does not answer")]
    Away(#[source] io::Error),
}

impl Unread {
    pub(super) fn of(place: Place, error: io::Error) -> Self {
        let damaged = |fault| Self::Damaged(DocumentError { place, fault });
        match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(Fault::Truncated),
            io::ErrorKind::NotFound => damaged(Fault::Missing),
            _ => Self::Away(error),
        }
    }
}

/// The ciphertext of a version, open for reading.
#[derive(Debug)]
pub(super) enum Source {
    /// In the folder.
    File(File),
    /// In the object store.
    Object {
        /// The store.
        objects: Arc<dyn Objects>,
        /// The name of the file.
        name: String,
    },
}

impl Source {
    /// Opens the ciphertext of a version where it lies, if it is as long as it was.
    pub(super) async fn open(
        cabinet: &Cabinet,
        tenant: TenantId,
        version: &DocumentVersion,
        place: Place,
    ) -> Result<Self, Unread> {
        let unread = |error| Unread::of(place, error);
        let (source, length) = if version.place == Cabinet::LOCAL {
            let path = cabinet.path(tenant, version.id);
            let opened = in_peace(move || {
                let file = File::open(path)?;
                let length = file.metadata()?.len();
                Ok::<_, io::Error>((file, length))
            });
            let (file, length) = opened.await.and_then(|opened| opened).map_err(unread)?;
            (Self::File(file), length)
        } else {
            let objects = Arc::clone(cabinet.objects().map_err(Unread::Away)?);
            let name = name(tenant, version.id);
            let length = objects.length(&name).await.map_err(unread)?;
            (Self::Object { objects, name }, length)
        };
        if length == version.sealed_octets.unsigned_abs() {
            Ok(source)
        } else {
            Err(DocumentError { place, fault: Fault::Length }.into())
        }
    }

    /// So many octets from one on, and itself again.
    pub(super) async fn read(self, from: u64, octets: usize) -> io::Result<(Self, Vec<u8>)> {
        match self {
            Self::File(mut file) => {
                in_peace(move || {
                    let mut read = vec![0; octets];
                    file.seek(SeekFrom::Start(from))?;
                    file.read_exact(&mut read)?;
                    Ok((Self::File(file), read))
                })
                .await?
            }
            Self::Object { objects, name } => {
                let read = objects.read(&name, from, octets as u64).await?;
                if read.len() == octets {
                    Ok((Self::Object { objects, name }, read))
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                }
            }
        }
    }
}

/// What the file of a version is called there.
pub(super) fn name(tenant: TenantId, version: DocumentVersionId) -> String {
    format!("{tenant}/{version}.sealed")
}
