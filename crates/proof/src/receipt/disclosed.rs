//! A receipt with some of the personal values that its record only commits to.
//!
//! ```text
//! bailiwick-disclosed/v1
//! <commitment> <salt> <base64 of the value's canonical octets>
//!
//! c2sp.org/tlog-proof@v1
//! …
//! ```
//!
//! What follows the empty line is the receipt as it is without them, so a reader that knows nothing of values takes it from
//! there. Whoever hands it on may leave out any of the lines.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{About, MAX_RECEIPT_BYTES, Receipt, ReceiptError, Unproven};
use crate::{
    canonical,
    checkpoint::{Trust, Vouched},
    event::{Committed, Opening, commitments},
};

const TITLE: &str = "bailiwick-disclosed/v1\n";

/// The most values beside a receipt.
const MAX_VALUES: usize = 4096;

/// A receipt, and values of its record, none of it checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Disclosed {
    /// The values.
    pub values: Vec<Opening>,
    /// The receipt.
    pub receipt: Receipt,
}

impl Disclosed {
    /// Reads a receipt, with or without values in front of it.
    ///
    /// # Errors
    /// Any departure from the format; there is one text for each.
    pub fn parse(octets: &[u8]) -> Result<Self, ReceiptError> {
        if octets.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLong);
        }
        let Some(rest) = octets.strip_prefix(TITLE.as_bytes()) else {
            return Ok(Self { values: Vec::new(), receipt: Receipt::parse(octets)? });
        };
        let text = std::str::from_utf8(rest).map_err(|_| ReceiptError::NotText)?;
        let (lines, receipt) = text.split_once("\n\n").ok_or(ReceiptError::Shape)?;
        let mut values = Vec::new();
        for (number, line) in (2..).zip(lines.split('\n')) {
            if values.len() == MAX_VALUES {
                return Err(ReceiptError::TooLong);
            }
            values.push(value(line).ok_or(ReceiptError::Line(number))?);
        }
        Ok(Self { values, receipt: Receipt::parse(receipt.as_bytes())? })
    }

    /// Checks the receipt as [`Receipt::verify`] does, and that each value is the one that was recorded.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify(&self, trust: &Trust) -> Result<(Vouched, About<'_>), Unproven> {
        let proven = self.receipt.verify(trust)?;
        Opening::check_all(&self.values, &self.committed())
            .map_err(|(commit, cause)| Unproven::Value { commit, cause })?;
        Ok(proven)
    }

    /// The commitments of the record.
    #[must_use]
    pub fn committed(&self) -> Vec<Committed> {
        self.receipt.extra.as_deref().map(commitments).unwrap_or_default()
    }
}

impl fmt::Display for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.values.is_empty() {
            f.write_str(TITLE)?;
            for Opening { commit, salt, value } in &self.values {
                let octets = canonical::to_bytes(value).map_err(|_| fmt::Error)?;
                writeln!(f, "{commit} {salt} {}", STANDARD.encode(octets))?;
            }
            writeln!(f)?;
        }
        write!(f, "{}", self.receipt)
    }
}

fn value(line: &str) -> Option<Opening> {
    let mut parts = line.split(' ');
    let (commit, salt, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let octets = STANDARD.decode(encoded).ok().filter(|_| parts.next().is_none())?;
    let value = serde_json::from_slice(&octets).ok()?;
    let whole = canonical::to_bytes(&value).ok()? == octets;
    whole.then(|| Opening { commit: commit.to_owned(), salt: salt.to_owned(), value })
}
