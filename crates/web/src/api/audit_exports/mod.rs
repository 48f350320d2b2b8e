//! Records of the audit log as files.

pub(super) mod create;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod show;

use bailiwick_domain::{
    entity::{AuditExport, ExportFormat, ExportState},
    ids::AuditExportId,
    time::Timestamp,
};
use bailiwick_store::audit::export::Listed;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// An export as the API shows it.
#[derive(Serialize)]
pub(super) struct ExportBody {
    id: AuditExportId,
    format: ExportFormat,
    /// What was searched for; members that do not narrow are left out.
    search: Value,
    asked_by: Option<Uuid>,
    /// `waiting`, `done`, `failed` or `removed`.
    state: ExportState,
    failure: Option<String>,
    progress: Option<Progress>,
    records: Option<i64>,
    octets: Option<i64>,
    /// The SHA-256 of the file.
    sha256: Option<String>,
    downloads: i64,
    created_at: Timestamp,
    finished_at: Option<Timestamp>,
    expires_at: Timestamp,
    /// The signed note to whose root every record's path leads.
    checkpoint: Option<String>,
}

/// How far the writing has come.
#[derive(Serialize)]
struct Progress {
    records: i64,
    leaves_looked_at: i64,
    leaves: i64,
}

impl From<AuditExport> for ExportBody {
    fn from(export: AuditExport) -> Self {
        Listed { export, written: 0, looked_at: None, checkpoint: None }.into()
    }
}

impl From<Listed> for ExportBody {
    fn from(listed: Listed) -> Self {
        let Listed { export, written, looked_at, checkpoint } = listed;
        Self {
            id: export.id,
            format: export.format,
            search: serde_json::from_str(&export.selection).unwrap_or_default(),
            asked_by: export.asked_by,
            state: export.state,
            failure: export.failure,
            progress: looked_at.map(|(leaves_looked_at, leaves)| Progress {
                records: written,
                leaves_looked_at,
                leaves,
            }),
            records: export.records,
            octets: export.octets,
            sha256: export.digest,
            downloads: export.downloads,
            created_at: export.created_at,
            finished_at: export.finished_at,
            expires_at: export.expires_at,
            checkpoint,
        }
    }
}
