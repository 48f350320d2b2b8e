//! The form of a certificate: its words, an empty line, and the [receipt](crate::receipt) of its record.

use super::{Certificate, CertificateError, MAX_CERTIFICATE_BYTES, words};
use crate::receipt::{Receipt, ReceiptError, TITLE};

pub(super) fn write(certificate: &Certificate) -> Result<String, CertificateError> {
    let words = words::of(&certificate.octets)?;
    let Certificate { octets, index, path, note } = certificate.clone();
    Ok(format!("{words}\n{}", Receipt { extra: Some(octets), index, path, note }))
}

/// The words and what stands below them, neither of them checked.
pub(super) fn parse(octets: &[u8]) -> Result<(String, Certificate), CertificateError> {
    if octets.len() > MAX_CERTIFICATE_BYTES {
        return Err(CertificateError::TooLong);
    }
    let text = std::str::from_utf8(octets).map_err(|_| CertificateError::Form("it is not UTF-8"))?;
    let (words, proof) = text
        .find(&format!("\n{TITLE}\n"))
        .and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?)))
        .ok_or(CertificateError::Form("it has no line that begins the proof"))?;
    let receipt = Receipt::parse(proof.as_bytes()).map_err(|error| match error {
        ReceiptError::TooLong => CertificateError::TooLong,
        ReceiptError::NotText => CertificateError::Form("it is not UTF-8"),
        ReceiptError::Line(_) | ReceiptError::Shape => CertificateError::Form("its proof cannot be read"),
        ReceiptError::Note(error) => error.into(),
    })?;
    let octets = receipt.extra.ok_or(CertificateError::Form("it has no record"))?;
    let (index, path, note) = (receipt.index, receipt.path, receipt.note);
    Ok((words.to_owned(), Certificate { octets, index, path, note }))
}
