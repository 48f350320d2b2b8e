//! How a record is written as a line.

mod csv;
mod jsonl;
mod ocsf;

use bailiwick_domain::entity::ExportFormat;
use bailiwick_store::audit::export::Exported;

/// Whether a file of this form carries what proves each record. A table for people does not.
pub(super) const fn proves(format: ExportFormat) -> bool {
    !matches!(format, ExportFormat::Csv)
}

/// What stands before the first record.
pub(super) fn head(format: ExportFormat, out: &mut Vec<u8>) {
    if format == ExportFormat::Csv {
        csv::head(out);
    }
}

/// One record, with its line's end, whose path leads to the root of a tree of `size` leaves.
pub(super) fn line(format: ExportFormat, record: &Exported, size: i64, out: &mut Vec<u8>) {
    match format {
        ExportFormat::Csv => csv::line(record, out),
        ExportFormat::Ocsf => ocsf::line(record, size, out),
        // Columns are no lines, and never come here.
        ExportFormat::Jsonl | ExportFormat::Parquet => jsonl::line(record, size, out),
    }
}

/// The path as JSON texts.
fn path(record: &Exported) -> Vec<String> {
    record.path.iter().map(ToString::to_string).collect()
}
