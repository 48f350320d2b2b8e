//! The words of a certificate, which follow from its record.

use std::fmt::Write as _;

use serde_json::Value;

use super::CertificateError;
use crate::event::{EventFields, scan};

/// The words for the octets of a record: of an erasure, of the storing of a document, or of the destruction of a key.
pub(super) fn of(octets: &[u8]) -> Result<String, CertificateError> {
    let fields = scan(octets)?;
    if fields.outcome != "ok" {
        return Err(CertificateError::OtherRecord);
    }
    let record: Value = serde_json::from_slice(octets).map_err(|_| CertificateError::OtherRecord)?;
    match (fields.entity.kind, fields.action) {
        ("erasure_certificate", _) => erasure(&fields, &record),
        ("key_destruction", _) => destruction(&fields, &record),
        ("document_version", "document_version.stored") => storing(&fields, &record),
        _ => Err(CertificateError::OtherRecord),
    }
}

/// How a version of a document lies in the store.
fn storing(fields: &EventFields<'_>, record: &Value) -> Result<String, CertificateError> {
    let mut text = format!(
        "Statement of storage, version 1\n\nversion       {}\nrecorded at   {}\nby            {} {}\norganisation  {}\n\n",
        fields.entity.id,
        fields.recorded_at,
        fields.actor.kind,
        fields.actor.id.unwrap_or("itself"),
        fields.tenant
    );
    for (label, path) in [
        ("document", "/document"),
        ("number", "/number"),
        ("stored at", "/created_at"),
        ("place", "/place"),
        ("algorithm", "/algorithm"),
        ("tenant key", "/key_version"),
        ("octets", "/octets"),
        ("sealed octets", "/sealed_octets"),
        ("SHA-256", "/digest"),
    ] {
        let value = match after(record, path) {
            Some(Value::String(text)) if !text.contains(char::is_control) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(CertificateError::OtherRecord),
        };
        let _ = writeln!(text, "{label:<13} {value}");
    }
    text.push_str(
        "\nThe SHA-256 is that of the ciphertext: who has the file of this version can compare it without any key.\n\
         Below stands the record of its storing, and the proof that it lies in the signed log of the organisation.\n",
    );
    Ok(text)
}

/// What a record says that a member became.
fn after<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    let changes = record.pointer("/changes").and_then(Value::as_array).into_iter().flatten();
    changes.into_iter().find(|change| change.get("path").and_then(Value::as_str) == Some(path))?.get("after")
}

/// What went, and what stayed.
fn erasure(fields: &EventFields<'_>, record: &Value) -> Result<String, CertificateError> {
    let mut text = format!(
        "Erasure certificate, version 1\n\nrequest       {}\nrecorded at   {}\nby            {} {}\norganisation  {}\n",
        fields.entity.id,
        fields.recorded_at,
        fields.actor.kind,
        fields.actor.id.unwrap_or("itself"),
        fields.tenant
    );
    let _ = writeln!(text, "\nErased for good, with the keys, salts and ciphertext of what the log held:");
    counted(&mut text, record, "/erased")?;
    let _ = writeln!(text, "\nKept as evidence, under an opaque id that leads to nobody:");
    counted(&mut text, record, "/kept")?;
    text.push_str(
        "\nBackups hold what they held until they expire, and copies that were handed out before are not reached.\n\
         Below stands the record of this erasure, and the proof that it lies in the signed log of the organisation.\n",
    );
    Ok(text)
}

/// The words for the record of a key that was destroyed.
fn destruction(fields: &EventFields<'_>, record: &Value) -> Result<String, CertificateError> {
    let version = after(record, "/destroyed").and_then(Value::as_u64).ok_or(CertificateError::OtherRecord)?;
    let root = after(record, "/root_key").and_then(Value::as_str).ok_or(CertificateError::OtherRecord)?;
    if !root.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(CertificateError::OtherRecord);
    }
    Ok(format!(
        "Key destruction certificate, version 1\n\ndestruction   {}\nrecorded at   {}\nby            {} {}\norganisation  {}\n\n\
         Destroyed for good:\n  version {version} of the organisation's encryption key, which the root key\n  {root}\n  had wrapped\n\n\
         Nothing in the database was sealed under it any more. Copies that were sealed under it, such as backups, are opened\n\
         by nobody who does not have this version from a backup of the database and the root key besides.\n\
         Below stands the record of this destruction, and the proof that it lies in the signed log of the organisation.\n",
        fields.entity.id,
        fields.recorded_at,
        fields.actor.kind,
        fields.actor.id.unwrap_or("itself"),
        fields.tenant
    ))
}

/// One line for each kind, in the order of their names.
fn counted(text: &mut String, record: &Value, path: &str) -> Result<(), CertificateError> {
    let kinds = after(record, path).and_then(Value::as_object);
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
