//! The words of a certificate, which follow from its record.

use std::fmt::Write as _;

use serde_json::Value;

use super::CertificateError;
use crate::event::scan;

/// What the record has to be about.
const KIND: &str = "erasure_certificate";

/// The words for the octets of a record.
pub(super) fn of(octets: &[u8]) -> Result<String, CertificateError> {
    let fields = scan(octets)?;
    if fields.entity.kind != KIND || fields.outcome != "ok" {
        return Err(CertificateError::OtherRecord);
    }
    let record: Value = serde_json::from_slice(octets).map_err(|_| CertificateError::OtherRecord)?;
    let mut text = format!(
        "Erasure certificate, version 1\n\nrequest       {}\nrecorded at   {}\nby            {} {}\norganisation  {}\n",
        fields.entity.id,
        fields.recorded_at,
        fields.actor.kind,
        fields.actor.id.unwrap_or("itself"),
        fields.tenant
    );
    let _ = writeln!(text, "\nErased for good, with the keys, salts and ciphertext of what the log held:");
    counted(&mut text, &record, "/erased")?;
    let _ = writeln!(text, "\nKept as evidence, under an opaque id that leads to nobody:");
    counted(&mut text, &record, "/kept")?;
    text.push_str(
        "\nBackups hold what they held until they expire, and copies that were handed out before are not reached.\n\
         Below stands the record of this erasure, and the proof that it lies in the signed log of the organisation.\n",
    );
    Ok(text)
}

/// One line for each kind, in the order of their names.
fn counted(text: &mut String, record: &Value, path: &str) -> Result<(), CertificateError> {
    let changes = record.pointer("/changes").and_then(Value::as_array).into_iter().flatten();
    let found = changes.into_iter().find(|change| change.get("path").and_then(Value::as_str) == Some(path));
    let kinds = found.and_then(|change| change.get("after")).and_then(Value::as_object);
    let kinds = kinds.ok_or(CertificateError::OtherRecord)?;
    if kinds.is_empty() {
        text.push_str("  nothing\n");
    }
    for (kind, number) in kinds {
        let number = number.as_u64().ok_or(CertificateError::OtherRecord)?;
        if !kind.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_') {
            return Err(CertificateError::OtherRecord);
        }
        let _ = writeln!(text, "  {kind:<20} {number}");
    }
    Ok(())
}
