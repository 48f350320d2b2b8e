//! Files in a bucket of S3, of a service that speaks its protocol, or of another cloud. [`Bucket`] puts them under Object Lock: until a
//! retention date nobody removes or changes a version, in compliance mode not even the owner of the bucket.

mod cloud;
mod pieces;

use std::{fmt, io, path::Path, sync::Arc};

use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    error::DisplayErrorContext,
    operation::put_object::builders::PutObjectFluentBuilder,
    primitives::{ByteStream, DateTime},
    types::ObjectLockMode,
};
use bailiwick_domain::{clock::Clock, time::Span};
use tokio::{fs::File, io::AsyncWriteExt as _};

pub use cloud::Cloud;
pub use pieces::Listed;

/// The status that says that a condition of the request was not met (RFC 9110 §15.5.13).
const TAKEN: u16 = 412;

/// How long a version is locked from its writing on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Nobody may shorten it. Otherwise whoever may bypass governance retention can.
    pub compliance: bool,
    /// Whole days.
    pub days: i64,
}

/// Where a bucket is, and who reaches it.
pub struct Options {
    /// The bucket's name.
    pub bucket: String,
    /// What stands before every name, without slashes at its ends; may be empty.
    pub prefix: String,
    /// The region's name.
    pub region: String,
    /// The service's address, where it is not the region's own.
    pub endpoint: Option<String>,
    /// The id of the access key.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// Object Lock; the bucket must have been made with it.
    pub lock: Option<Lock>,
}

/// A bucket.
#[derive(Clone)]
pub struct Bucket {
    client: Client,
    bucket: String,
    prefix: String,
    lock: Option<Lock>,
    clock: Arc<dyn Clock>,
}

/// The client knows the secret.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("bucket", &self.bucket)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

impl Bucket {
    /// Nothing is asked of the service yet.
    pub fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        let credentials = Credentials::new(options.key, options.secret, None, None, "bailiwick");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(options.region))
            .credentials_provider(credentials)
            .force_path_style(true);
        let config = match options.endpoint {
            Some(endpoint) => config.endpoint_url(endpoint),
            None => config,
        };
        Self {
            client: Client::from_conf(config.build()),
            bucket: options.bucket,
            prefix: options.prefix,
            lock: options.lock,
            clock,
        }
    }

    /// Puts a file there, locked from its first moment on where that is set. What was there stays as a version before.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn put(&self, name: &str, file: &Path) -> io::Result<()> {
        self.request(name, file).await?.send().await.map_err(failed)?;
        Ok(())
    }

    /// As [`put`](Self::put), but leaves what is there as the only version. The first of several that put at once wins.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn put_once(&self, name: &str, file: &Path) -> io::Result<()> {
        match self.request(name, file).await?.if_none_match("*").send().await {
            Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == TAKEN) => {
                Ok(())
            }
            outcome => outcome.map(drop).map_err(failed),
        }
    }

    /// A file on its way.
    async fn request(&self, name: &str, file: &Path) -> io::Result<PutObjectFluentBuilder> {
        let body = ByteStream::from_path(file).await.map_err(failed)?;
        let mut put = self.client.put_object().bucket(&self.bucket).key(self.key(name)).body(body);
        if let Some(lock) = self.lock {
            let mode = if lock.compliance { ObjectLockMode::Compliance } else { ObjectLockMode::Governance };
            let until = self.clock.now() + Span::days(lock.days);
            let seconds = i64::try_from(until.unix_seconds()).unwrap_or(i64::MAX);
            put = put.object_lock_mode(mode).object_lock_retain_until_date(DateTime::from_secs(seconds));
        }
        Ok(put)
    }

    /// Copies a file from there, a piece in memory at a time.
    ///
    /// # Errors
    /// The file's and the service's.
    pub async fn fetch(&self, name: &str, to: &Path) -> io::Result<()> {
        let got = self.client.get_object().bucket(&self.bucket).key(self.key(name)).send();
        let mut body = got.await.map_err(failed)?.body;
        let mut file = File::create(to).await?;
        while let Some(piece) = body.try_next().await.map_err(failed)? {
            file.write_all(&piece).await?;
        }
        file.sync_all().await
    }

    /// The names that begin so.
    ///
    /// # Errors
    /// The service's.
    pub async fn names(&self, beginning: &str) -> io::Result<Vec<String>> {
        let before = self.key("");
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(self.key(beginning));
        let mut objects = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = objects.next().await {
            for object in page.map_err(failed)?.contents() {
                names.extend(object.key().and_then(|key| key.strip_prefix(&before)).map(str::to_owned));
            }
        }
        Ok(names)
    }

    fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }
}

/// The service's fault with its causes, which its own text leaves out.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(DisplayErrorContext(error).to_string())
}
