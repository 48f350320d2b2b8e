//! Where the archive is, as the configuration says.

use std::sync::Arc;

use bailiwick_domain::clock::Clock;

use crate::{archive::Place, config::Settings, exit::Refusal};

/// The place of the archive; nothing where none is configured.
#[cfg(not(feature = "columnar"))]
pub(crate) fn archive(settings: &Settings, _: &Arc<dyn Clock>) -> Result<Option<Arc<Place>>, Refusal> {
    match settings.audit.archive {
        None => Ok(None),
        Some(_) => Err(Refusal::new(
            "an archive is configured, and this program was built without it",
            "build it with the feature `columnar`, or with `objects` for a bucket, or take the settings `audit.archive…` out",
        )),
    }
}

/// The place of the archive; nothing where none is configured.
#[cfg(feature = "columnar")]
pub(crate) fn archive(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Arc<Place>>, Refusal> {
    use crate::config::ArchivePlace;

    match &settings.audit.archive {
        None => Ok(None),
        Some(ArchivePlace::Folder(folder)) => Ok(Some(Arc::new(Place::Folder(folder.clone())))),
        Some(ArchivePlace::Bucket(bucket)) => self::bucket(bucket, clock).map(Arc::new).map(Some),
        Some(ArchivePlace::Cloud { address, options_file }) => {
            cloud(address, options_file.as_deref()).map(Arc::new).map(Some)
        }
    }
}

#[cfg(all(feature = "columnar", not(feature = "objects")))]
fn bucket(_: &crate::config::ArchiveBucket, _: &Arc<dyn Clock>) -> Result<Place, Refusal> {
    Err(no_buckets())
}

#[cfg(all(feature = "columnar", not(feature = "objects")))]
fn cloud(_: &str, _: Option<&std::path::Path>) -> Result<Place, Refusal> {
    Err(no_buckets())
}

#[cfg(all(feature = "columnar", not(feature = "objects")))]
fn no_buckets() -> Refusal {
    Refusal::new(
        "an archive in a bucket is configured, and this program was built without buckets",
        "build it with the feature `objects`, or set `audit.archive` to a folder",
    )
}

#[cfg(feature = "objects")]
fn cloud(address: &str, options: Option<&std::path::Path>) -> Result<Place, Refusal> {
    let remedy = "let `audit.archive_url` name a container, and `audit.archive_options_file` a file of lines name=value";
    let pairs = match options {
        Some(file) => pairs(file, remedy)?,
        None => Vec::new(),
    };
    bailiwick_objects::Cloud::new(address, pairs)
        .map(Place::Cloud)
        .map_err(|error| Refusal::new(format_args!("the archive: {error}"), remedy))
}

/// The lines `name=value` of a file of options.
#[cfg(feature = "objects")]
pub(super) fn pairs(file: &std::path::Path, remedy: &str) -> Result<Vec<(String, String)>, Refusal> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Refusal::new(format_args!("{}: {error}", file.display()), remedy))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs: Option<Vec<_>> = lines
        .map(|line| line.split_once('='))
        .map(|pair| pair.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
        .collect();
    let wrong = || Refusal::new(format_args!("{}: a line is no name=value", file.display()), remedy);
    pairs.ok_or_else(wrong)
}

#[cfg(feature = "objects")]
fn bucket(bucket: &crate::config::ArchiveBucket, clock: &Arc<dyn Clock>) -> Result<Place, Refusal> {
    use bailiwick_objects::{Bucket, Lock, Options};

    use crate::config::ArchiveLock;

    let secret = std::fs::read_to_string(&bucket.secret_file).map_err(|error| {
        let what = format_args!("{}: {error}", bucket.secret_file.display());
        Refusal::new(what, "let `audit.archive_secret_file` name the file with the secret of the access key")
    })?;
    let lock = |compliance| Some(Lock { compliance, days: bucket.lock_days });
    Ok(Place::Bucket(Bucket::new(
        Options {
            bucket: bucket.name.clone(),
            prefix: bucket.prefix.clone(),
            region: bucket.region.clone(),
            endpoint: bucket.endpoint.clone(),
            key: bucket.key.clone(),
            secret: secret.trim_end_matches(['\r', '\n']).to_owned(),
            lock: match bucket.lock {
                ArchiveLock::None => None,
                ArchiveLock::Governance => lock(false),
                ArchiveLock::Compliance => lock(true),
            },
        },
        Arc::clone(clock),
    )))
}
