//! The section `[documents]`.

use std::path::PathBuf;

use bailiwick_domain::time::Span;

use super::{
    Config, Problem,
    keys::*,
    settings::{optional, value},
};

/// `[documents]`: see the table of keys.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    /// Beside the checkpoints where nothing is said.
    pub(crate) folder: Option<PathBuf>,
    /// In octets.
    pub(crate) largest: u64,
    pub(crate) retention: Option<Span>,
}

impl Documents {
    /// What the configuration says.
    pub(super) fn of(config: &Config) -> Result<Self, Problem> {
        Ok(Self {
            folder: optional(config, &DOCUMENTS_FOLDER),
            largest: u64::from(value(config, &DOCUMENTS_LARGEST_MIB)?.number()) << 20,
            retention: optional(config, &DOCUMENTS_RETENTION_DAYS)
                .map(|days| Span::days(days.number().into())),
        })
    }
}
