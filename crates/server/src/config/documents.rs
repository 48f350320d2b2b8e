//! The section `[documents]`.

use std::path::PathBuf;

use bailiwick_domain::time::Span;

use super::{
    Config, Problem,
    keys::*,
    settings::{conflict, optional, value},
};

/// `[documents]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    /// Beside the checkpoints where nothing is said.
    pub(crate) folder: Option<PathBuf>,
    /// Where complete versions go instead.
    pub(crate) objects: Option<DocumentObjects>,
    /// In octets.
    pub(crate) largest: u64,
    pub(crate) retention: Option<Span>,
}

/// The object store of documents.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "objects"),
    expect(dead_code, reason = "a program without buckets only refuses one")
)]
pub(crate) enum DocumentObjects {
    Bucket {
        name: String,
        /// Empty where nothing is said.
        prefix: String,
        region: String,
        endpoint: Option<String>,
        key: String,
        secret_file: PathBuf,
    },
    Cloud {
        address: String,
        options_file: Option<PathBuf>,
    },
}

impl Documents {
    /// What the configuration says.
    pub(super) fn of(config: &Config) -> Result<Self, Problem> {
        Ok(Self {
            folder: optional(config, &DOCUMENTS_FOLDER),
            objects: objects(config)?,
            largest: u64::from(value(config, &DOCUMENTS_LARGEST_MIB)?.number()) << 20,
            retention: optional(config, &DOCUMENTS_RETENTION_DAYS)
                .map(|days| Span::days(days.number().into())),
        })
    }
}

fn objects(config: &Config) -> Result<Option<DocumentObjects>, Problem> {
    let wrong = |message| conflict(config, &DOCUMENTS_BUCKET, message);
    let name = match (optional(config, &DOCUMENTS_BUCKET), optional(config, &DOCUMENTS_URL)) {
        (None, None) => return Ok(None),
        (None, Some(address)) => {
            let options_file = optional(config, &DOCUMENTS_OPTIONS_FILE);
            return Ok(Some(DocumentObjects::Cloud { address: address.0, options_file }));
        }
        (Some(name), None) => name.0,
        (Some(_), Some(_)) => {
            return Err(wrong("documents lie in one place: `documents.bucket` or `documents.url`"));
        }
    };
    let key =
        optional(config, &DOCUMENTS_KEY).ok_or_else(|| wrong("`documents.bucket` needs `documents.key`"))?;
    let secret_file = optional(config, &DOCUMENTS_SECRET_FILE)
        .ok_or_else(|| wrong("`documents.bucket` needs `documents.secret_file`"))?;
    let prefix = optional(config, &DOCUMENTS_PREFIX).map_or_else(String::new, |prefix| prefix.0);
    Ok(Some(DocumentObjects::Bucket {
        name,
        prefix: prefix.trim_matches('/').to_owned(),
        region: value(config, &DOCUMENTS_REGION)?.0,
        endpoint: optional(config, &DOCUMENTS_ENDPOINT).map(|endpoint| endpoint.0),
        key: key.0,
        secret_file,
    }))
}
