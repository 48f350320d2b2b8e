use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::AuditExportId, time::Timestamp};

named! {
    /// In which form records leave.
    ExportFormat {
        /// A table for spreadsheets, RFC 4180, whose cells no program takes for formulas.
        Csv = "csv",
        /// One JSON object a line: the exact octets of the record, its hash and the path to the signed root.
        Jsonl = "jsonl",
        /// One event of the Open Cybersecurity Schema Framework a line.
        Ocsf = "ocsf",
        /// Columns, for analytic databases.
        Parquet = "parquet",
    }
}

impl ExportFormat {
    /// The form as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV, for spreadsheets",
            Self::Jsonl => "JSON lines, with proofs",
            Self::Ocsf => "OCSF, for security tools",
            Self::Parquet => "Parquet, for analysis",
        }
    }

    /// How a file of this form ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Ocsf => "ocsf.jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl | Self::Ocsf => "application/jsonl",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

named! {
    /// What became of an export.
    ExportState {
        /// It is being written, or about to be.
        Waiting = "waiting",
        /// Its file can be downloaded.
        Done = "done",
        /// It could not be written.
        Failed = "failed",
        /// Its file is gone: its time was over, or somebody removed it.
        Removed = "removed",
    }
}

/// Records of the audit log as a file: who asked for which, and who took it.
///
/// How far the writing has come is no part of the image: it is noted beside it, without a record for each step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditExport {
    /// The export's id.
    pub id: AuditExportId,
    /// In which form.
    pub format: ExportFormat,
    /// What was searched for, in JSON: ids, words and times. A word may be anybody's name.
    pub selection: String,
    /// Who asked: the opaque id of a person or key.
    pub asked_by: Option<Uuid>,
    /// What became of it.
    pub state: ExportState,
    /// How often it was downloaded.
    pub downloads: i64,
    /// Records in it, once it is written.
    pub records: Option<i64>,
    /// Its length in octets, once it is written.
    pub octets: Option<i64>,
    /// The SHA-256 of the file, 64 lower-case hexadecimal digits, once it is written.
    pub digest: Option<String>,
    /// Why it could not be written.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was written, or failed.
    pub finished_at: Option<Timestamp>,
    /// When its file goes.
    pub expires_at: Timestamp,
}

impl Entity for AuditExport {
    const KIND: &'static str = "audit_export";
    /// The words of a search name people, or say what somebody is looked at for.
    const PERSONAL: &'static [&'static str] = &["selection"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    /// Whoever asked.
    fn subject(&self) -> Uuid {
        self.asked_by.unwrap_or(self.id.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::ExportFormat;

    #[test]
    fn each_form_has_an_ending_of_its_own() {
        let mut endings: Vec<_> = ExportFormat::ALL.iter().map(|format| format.extension()).collect();
        endings.dedup();
        assert_eq!(endings.len(), ExportFormat::ALL.len());
        assert!(ExportFormat::ALL.iter().all(|format| !format.media_type().is_empty()));
    }
}
