//! Google Cloud Storage and Azure Blob Storage, which lock by the bucket's own retention policy and not by the request.

use std::{fmt, io, path::Path, sync::Arc};

use object_store::{
    Error, GetOptions, GetRange, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    WriteMultipart, parse_url_opts, path::Path as Place,
};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
};
use url::Url;

/// The beginnings of addresses that are taken.
const SCHEMES: [&str; 5] = ["gs", "az", "azure", "abfs", "abfss"];
/// Octets that are in memory at one time; files below this go in one piece.
const PIECE: u64 = 8 * 1024 * 1024;
/// Pieces under way at one time.
const AT_ONCE: usize = 2;

/// A container of blobs.
#[derive(Clone)]
pub struct Cloud {
    store: Arc<dyn ObjectStore>,
    prefix: String,
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
        Ok(Self { store: Arc::from(store), prefix: prefix.as_ref().to_owned() })
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
        let begun = self.store.put_multipart_opts(&place, PutMultipartOptions::default()).await;
        let mut upload = WriteMultipart::new(begun.map_err(io::Error::other)?);
        let mut file = File::open(file).await?;
        let mut piece = vec![0; 1024 * 1024];
        loop {
            let read = file.read(&mut piece).await?;
            let Some(octets) = piece.get(..read).filter(|octets| !octets.is_empty()) else { break };
            upload.wait_for_capacity(AT_ONCE).await.map_err(io::Error::other)?;
            upload.write(octets);
        }
        upload.finish().await.map_err(io::Error::other)?;
        Ok(())
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

    fn place(&self, name: &str) -> Place {
        if self.prefix.is_empty() {
            Place::from(name)
        } else {
            Place::from(format!("{}/{name}", self.prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use std::{fs, sync::Arc};

    use object_store::memory::InMemory;

    use super::{Cloud, PIECE};

    /// What the clients of all clouds have in common: each cloud's own requests are tried elsewhere, or not at all.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_lies_in_a_cloud_stays_comes_back_and_is_listed_below_its_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let (file, back) = (folder.path().join("file"), folder.path().join("back"));
        let store = Arc::new(InMemory::new());
        let large: Vec<u8> = (0..PIECE + 7).map(|n| n.to_le_bytes()[0]).collect();
        for prefix in ["", "audit", "audit/deep"] {
            let cloud = Cloud { store: store.clone(), prefix: prefix.to_owned() };
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
        }
    }

    #[test]
    fn only_addresses_of_clouds_are_taken() {
        for address in ["", "archive", "file:///tmp/archive", "memory:///", "http://127.0.0.1/archive"] {
            assert!(Cloud::new(address, Vec::new()).is_err(), "{address}");
        }
    }
}
