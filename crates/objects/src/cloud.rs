//! Google Cloud Storage and Azure Blob Storage, which lock by the bucket's own retention policy and not by the request.

use std::{fmt, future::poll_fn, io, path::Path, sync::Arc};

use bailiwick_domain::time::Timestamp;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, WriteMultipart, parse_url_opts, path::Path as Place,
};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc::Sender,
};
use url::Url;

use crate::Listed;

/// The beginnings of addresses that are taken.
const SCHEMES: [&str; 5] = ["gs", "az", "azure", "abfs", "abfss"];
/// Octets that are in memory at one time; files below this go in one piece.
const PIECE: u64 = 8 * 1024 * 1024;
/// Pieces under way at one time.
const AT_ONCE: usize = 2;
/// Parts of one file at most, of whichever cloud allows the fewest.
const MOST_PARTS: u64 = 10_000;

/// A container of blobs.
#[derive(Clone)]
pub struct Cloud {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    /// What was said, without a slash at its end.
    address: String,
}

/// The client knows secrets.
impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Cloud {
    /// The container at `address`, such as `gs://bucket/prefix` or `az://container/prefix`, reached with these options of
    /// `object_store`. Nothing is asked of the service yet.
    ///
    /// # Errors
    /// An address or an option that cannot be understood.
    pub fn new(address: &str, options: Vec<(String, String)>) -> io::Result<Self> {
        let wrong = |text: &str| io::Error::new(io::ErrorKind::InvalidInput, text.to_owned());
        let url = Url::parse(address).map_err(|_| wrong("the address is none"))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(wrong("the address begins with gs:// or az://"));
        }
        let (store, prefix) = parse_url_opts(&url, options).map_err(io::Error::other)?;
        let address = address.trim_end_matches('/').to_owned();
        Ok(Self { store: Arc::from(store), prefix: prefix.as_ref().to_owned(), address })
    }

    /// Puts a file there.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn put(&self, name: &str, file: &Path) -> io::Result<()> {
        let place = self.place(name);
        if fs::metadata(file).await?.len() <= PIECE {
            let payload = PutPayload::from(fs::read(file).await?);
            self.store.put_opts(&place, payload, PutOptions::default()).await.map_err(io::Error::other)?;
            return Ok(());
        }
        let mut file = File::open(file).await?;
        let size = part_size(file.metadata().await?.len());
        let begun = self.store.put_multipart_opts(&place, PutMultipartOptions::default()).await;
        let mut upload = WriteMultipart::new_with_chunk_size(begun.map_err(io::Error::other)?, size);
        match fill(&mut upload, &mut file).await {
            Ok(()) => upload.finish().await.map(drop).map_err(io::Error::other),
            Err(error) => {
                // What was begun is given up; where that fails too, the first failure is the one to know.
                if let Err(left) = upload.abort().await {
                    return Err(io::Error::other(format!("{error}; and parts are left behind: {left}")));
                }
                Err(error)
            }
        }
    }

    /// As [`put`](Self::put), but leaves what is there as it is. The file is a small one: it goes in one piece.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn put_once(&self, name: &str, file: &Path) -> io::Result<()> {
        let payload = PutPayload::from(fs::read(file).await?);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&self.place(name), payload, options).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Copies a file from there, a piece in memory at a time.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn fetch(&self, name: &str, to: &Path) -> io::Result<()> {
        let place = self.place(name);
        let head = GetOptions { head: true, ..GetOptions::default() };
        let length = self.store.get_opts(&place, head).await.map_err(io::Error::other)?.meta.size;
        let mut file = File::create(to).await?;
        let mut from = 0;
        while from < length {
            let behind = length.min(from.saturating_add(PIECE));
            let part = GetOptions { range: Some(GetRange::Bounded(from..behind)), ..GetOptions::default() };
            let got = self.store.get_opts(&place, part).await.map_err(io::Error::other)?;
            file.write_all(&got.bytes().await.map_err(io::Error::other)?).await?;
            from = behind;
        }
        file.sync_all().await
    }

    /// The names `folder/sub/file` whose `folder/sub` begins so.
    ///
    /// # Errors
    /// The service's.
    pub async fn names(&self, beginning: &str) -> io::Result<Vec<String>> {
        let (folder, _) = beginning.rsplit_once('/').unwrap_or_default();
        let own = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let subs =
            self.store.list_with_delimiter(Some(&self.place(folder))).await.map_err(io::Error::other)?;
        let mut names = Vec::new();
        for sub in subs.common_prefixes {
            let fits = sub.as_ref().strip_prefix(&own).is_some_and(|name| name.starts_with(beginning));
            if !fits {
                continue;
            }
            let files = self.store.list_with_delimiter(Some(&sub)).await.map_err(io::Error::other)?;
            let relative = |place: &Place| place.as_ref().strip_prefix(&own).map(str::to_owned);
            names.extend(files.objects.iter().filter_map(|file| relative(&file.location)));
        }
        Ok(names)
    }

    /// How a file is called from outside: the address of the container, and its name.
    pub fn address(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// How long a file is.
    ///
    /// # Errors
    /// `NotFound` where it is not there; the service's.
    pub async fn length(&self, name: &str) -> io::Result<u64> {
        let head = GetOptions { head: true, ..GetOptions::default() };
        match self.store.get_opts(&self.place(name), head).await {
            Ok(got) => Ok(got.meta.size),
            Err(error) => Err(self.missing(error).await),
        }
    }

    /// So many octets of a file, from one on; fewer where it ends.
    ///
    /// # Errors
    /// `NotFound` where it is not there; the service's.
    pub async fn read(&self, name: &str, from: u64, octets: u64) -> io::Result<Vec<u8>> {
        if octets == 0 {
            return Ok(Vec::new());
        }
        let range = GetRange::Bounded(from..from.saturating_add(octets));
        let part = GetOptions { range: Some(range), ..GetOptions::default() };
        match self.store.get_opts(&self.place(name), part).await {
            Ok(got) => Ok(got.bytes().await.map_err(io::Error::other)?.to_vec()),
            Err(error) => Err(self.missing(error).await),
        }
    }

    /// `NotFound` where the container is there and the file is not: a container that is gone says nothing about the file.
    async fn missing(&self, error: Error) -> io::Error {
        if matches!(error, Error::NotFound { .. })
            && self.store.list_with_delimiter(Some(&self.place("nothing"))).await.is_ok()
        {
            return io::ErrorKind::NotFound.into();
        }
        io::Error::other(error)
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// The service's.
    pub async fn remove(&self, name: &str) -> io::Result<()> {
        match self.store.delete(&self.place(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Hands on the files below a folder such as `folder/`, until nobody takes them any more.
    ///
    /// # Errors
    /// The service's.
    pub async fn list(&self, folder: &str, found: &Sender<Listed>) -> io::Result<()> {
        let own = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let mut files = self.store.list(Some(&self.place(folder)));
        while let Some(file) = poll_fn(|context| files.as_mut().poll_next(context)).await {
            let file = file.map_err(io::Error::other)?;
            let Some(name) = file.location.as_ref().strip_prefix(&own) else { continue };
            let written = Timestamp::from_micros(file.last_modified.timestamp_micros());
            if found.send(Listed { name: name.to_owned(), written }).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Place {
        if self.prefix.is_empty() {
            Place::from(name)
        } else {
            Place::from(format!("{}/{name}", self.prefix))
        }
    }
}

/// Octets of a part: more for a file that would have too many parts otherwise.
fn part_size(length: u64) -> usize {
    let size = PIECE.max(length.div_ceil(MOST_PARTS));
    usize::try_from(size).unwrap_or(usize::MAX)
}

async fn fill(upload: &mut WriteMultipart, file: &mut File) -> io::Result<()> {
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let read = file.read(&mut piece).await?;
        let Some(octets) = piece.get(..read).filter(|octets| !octets.is_empty()) else { return Ok(()) };
        upload.wait_for_capacity(AT_ONCE).await.map_err(io::Error::other)?;
        upload.write(octets);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::{fs, io::ErrorKind, sync::Arc};

    use object_store::memory::InMemory;

    use super::{Cloud, MOST_PARTS, PIECE, part_size};

    /// What the clients of all clouds have in common: each cloud's own requests are tried elsewhere, or not at all.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_lies_in_a_cloud_stays_comes_back_and_is_listed_below_its_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let (file, back) = (folder.path().join("file"), folder.path().join("back"));
        let store = Arc::new(InMemory::new());
        let large: Vec<u8> = (0..PIECE + 7).map(|n| n.to_le_bytes()[0]).collect();
        for prefix in ["", "audit", "audit/deep"] {
            let address = "az://container".to_owned();
            let cloud = Cloud { store: store.clone(), prefix: prefix.to_owned(), address };
            for octets in [b"first", b"other"] {
                fs::write(&file, octets).unwrap();
                cloud.put_once("t/1/manifest", &file).await.unwrap();
            }
            cloud.fetch("t/1/manifest", &back).await.unwrap();
            assert_eq!(fs::read(&back).unwrap(), b"first", "the first one stays");
            cloud.put("t/1/manifest", &file).await.unwrap();
            cloud.fetch("t/1/manifest", &back).await.unwrap();
            assert_eq!(fs::read(&back).unwrap(), b"other");
            fs::write(&file, &large).unwrap();
            cloud.put("t/1/events.parquet", &file).await.unwrap();
            cloud.put("u/1/manifest", &file).await.unwrap();
            cloud.fetch("t/1/events.parquet", &back).await.unwrap();
            assert!(fs::read(&back).unwrap() == large, "in pieces, and whole");
            let mut names = cloud.names("t/").await.unwrap();
            names.sort_unstable();
            assert_eq!(names, ["t/1/events.parquet", "t/1/manifest"], "{prefix}");
            assert!(cloud.names("t/2").await.unwrap().is_empty());
            assert!(cloud.fetch("t/2/manifest", &back).await.is_err());

            assert_eq!(cloud.length("t/1/events.parquet").await.unwrap(), PIECE + 7);
            let read = cloud.read("t/1/events.parquet", PIECE - 5, 12).await.unwrap();
            assert!(read == large[large.len() - 12..]);
            for name in ["t/1/none", "v/none"] {
                assert_eq!(cloud.length(name).await.unwrap_err().kind(), ErrorKind::NotFound);
                assert_eq!(cloud.read(name, 0, 1).await.unwrap_err().kind(), ErrorKind::NotFound);
                cloud.remove(name).await.unwrap();
            }
            let (send, mut receive) = tokio::sync::mpsc::channel(8);
            cloud.list("t/", &send).await.unwrap();
            drop(send);
            let mut listed = Vec::new();
            while let Some(file) = receive.recv().await {
                listed.push(file.name);
            }
            listed.sort_unstable();
            assert_eq!(listed, ["t/1/events.parquet", "t/1/manifest"], "{prefix}");
            cloud.remove("t/1/manifest").await.unwrap();
            assert_eq!(cloud.names("t/").await.unwrap(), ["t/1/events.parquet"], "{prefix}");
        }
    }

    #[test]
    fn no_file_has_too_many_parts() {
        assert_eq!(part_size(PIECE), usize::try_from(PIECE).unwrap());
        let longest = 1 << 40;
        assert!(longest / u64::try_from(part_size(longest)).unwrap() <= MOST_PARTS);
    }

    #[test]
    fn only_addresses_of_clouds_are_taken() {
        for address in ["", "archive", "file:///tmp/archive", "memory:///", "http://127.0.0.1/archive"] {
            assert!(Cloud::new(address, Vec::new()).is_err(), "{address}");
        }
    }
}
