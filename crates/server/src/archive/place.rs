//! Where segments lie.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The file that completes a segment.
pub(super) const MANIFEST: &str = "manifest";
/// The events of a segment.
pub(super) const EVENTS: &str = "events.parquet";
/// Its higher tiles.
pub(super) const TILES: &str = "tiles";

/// A place that keeps files under names with slashes.
pub(crate) enum Place {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, under Object Lock where that is set.
    #[cfg(feature = "objects")]
    Bucket(bailiwick_objects::Bucket),
    /// A container of another cloud, which locks by a policy of its own.
    #[cfg(feature = "objects")]
    Cloud(bailiwick_objects::Cloud),
}

impl Place {
    /// Puts a file there. In a folder it appears whole or not at all, and cannot be written afterwards.
    pub(super) async fn put(&self, name: &str, file: &Path) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let (target, file) = (folder.join(name), file.to_owned());
                blocking(move || put(&target, &file, false)).await
            }
            #[cfg(feature = "objects")]
            Self::Bucket(bucket) => bucket.put(name, file).await,
            #[cfg(feature = "objects")]
            Self::Cloud(cloud) => cloud.put(name, file).await,
        }
    }

    /// As [`put`](Self::put), but leaves what is there as it is: of several servers that put at once, the first one wins.
    pub(super) async fn put_once(&self, name: &str, file: &Path) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let (target, file) = (folder.join(name), file.to_owned());
                blocking(move || put(&target, &file, true)).await
            }
            #[cfg(feature = "objects")]
            Self::Bucket(bucket) => bucket.put_once(name, file).await,
            #[cfg(feature = "objects")]
            Self::Cloud(cloud) => cloud.put_once(name, file).await,
        }
    }

    /// Copies a file from there.
    pub(super) async fn fetch(&self, name: &str, to: &Path) -> io::Result<()> {
        match self {
            Self::Folder(folder) => {
                let (from, to) = (folder.join(name), to.to_owned());
                blocking(move || io::copy(&mut fs::File::open(from)?, &mut fs::File::create(to)?).map(drop))
                    .await
            }
            #[cfg(feature = "objects")]
            Self::Bucket(bucket) => bucket.fetch(name, to).await,
            #[cfg(feature = "objects")]
            Self::Cloud(cloud) => cloud.fetch(name, to).await,
        }
    }

    /// The complete segment of a tenant that begins with this leaf, if one is there.
    pub(super) async fn segment(&self, tenant: &str, first: u64) -> io::Result<Option<Name>> {
        #[cfg(feature = "objects")]
        let beginning = format!("{tenant}/{first:016}-");
        match self {
            Self::Folder(folder) => {
                let folder = folder.join(tenant);
                let found: Vec<Name> = blocking(move || segments(&folder)).await?;
                Ok(found.into_iter().find(|name| name.first == first))
            }
            #[cfg(feature = "objects")]
            Self::Bucket(bucket) => Ok(complete(&bucket.names(&beginning).await?)),
            #[cfg(feature = "objects")]
            Self::Cloud(cloud) => Ok(complete(&cloud.names(&beginning).await?)),
        }
    }
}

/// The first segment whose manifest is among these names.
#[cfg(feature = "objects")]
fn complete(names: &[String]) -> Option<Name> {
    names.iter().find_map(|name| {
        let segment = name.strip_suffix(MANIFEST)?.strip_suffix('/')?;
        Name::parse(segment.rsplit('/').next()?)
    })
}

/// The name of a segment: the first leaf in it, and the size of the tree at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) first: u64,
    pub(super) size: u64,
}

impl Name {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, size) = text.split_once('-')?;
        let name = Self { first: first.parse().ok()?, size: size.parse().ok()? };
        (name.folder() == text).then_some(name)
    }

    /// The folder of the segment below its tenant's.
    pub(super) fn folder(self) -> String {
        format!("{:016}-{:016}", self.first, self.size)
    }
}

/// The complete segments in a tenant's folder.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<Name>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_str().and_then(Name::parse);
        if let Some(name) = name.filter(|_| entry.path().join(MANIFEST).is_file()) {
            found.push(name);
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn put(target: &Path, file: &Path, once: bool) -> io::Result<()> {
    let folder = target.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    // A name of its own, so that another server that puts the same file at this moment writes another one.
    let mut part = tempfile::Builder::new()
        .prefix(".")
        .suffix(".part")
        .permissions(fs::Permissions::from_mode(0o444))
        .tempfile_in(folder)?;
    io::copy(&mut fs::File::open(file)?, &mut part)?;
    part.as_file().sync_all()?;
    if once {
        match part.persist_noclobber(target) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => outcome.map(drop)?,
        }
    } else {
        part.persist(target)?;
    }
    fs::File::open(folder)?.sync_all()
}

/// Runs what waits for a disk where nothing else waits for it.
pub(super) async fn blocking<T: Send + 'static, E: From<io::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_has_one_name() {
        let name = Name { first: 7, size: 300 };
        assert_eq!(name.folder(), "0000000000000007-0000000000000300");
        assert_eq!(Name::parse(&name.folder()), Some(name));
        for text in ["", "7-300", "x-y", "0000000000000007", "+000000000000007-0000000000000300"] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn only_a_segment_with_its_manifest_is_complete_and_none_can_be_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"octets").unwrap();
        let place = Place::Folder(folder.path().join("archive"));
        assert_eq!(place.segment("t", 0).await.unwrap(), None);
        let name = Name { first: 0, size: 3 };
        place.put(&format!("t/{}/{EVENTS}", name.folder()), &file).await.unwrap();
        assert_eq!(place.segment("t", 0).await.unwrap(), None);
        let manifest = format!("t/{}/{MANIFEST}", name.folder());
        place.put(&manifest, &file).await.unwrap();
        assert_eq!(place.segment("t", 0).await.unwrap(), Some(name));
        assert_eq!(place.segment("t", 3).await.unwrap(), None);
        assert!(
            fs::metadata(folder.path().join("archive").join(&manifest)).unwrap().permissions().readonly()
        );
        let back = folder.path().join("back");
        place.fetch(&manifest, &back).await.unwrap();
        assert_eq!(fs::read(&back).unwrap(), b"octets");
        fs::write(&file, b"others").unwrap();
        place.put_once(&manifest, &file).await.unwrap();
        place.fetch(&manifest, &back).await.unwrap();
        assert_eq!(fs::read(&back).unwrap(), b"octets", "the first one stays");
        place.put(&manifest, &file).await.unwrap();
        place.fetch(&manifest, &back).await.unwrap();
        assert_eq!(fs::read(&back).unwrap(), b"others");
        let left = fs::read_dir(folder.path().join("archive/t").join(name.folder())).unwrap().count();
        assert_eq!(left, 2, "nothing half-written is left");
    }
}
