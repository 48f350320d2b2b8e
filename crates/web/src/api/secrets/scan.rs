//! Looking for raw secrets in a document before it goes anywhere. Nothing of it is stored, logged or repeated.

use bailiwick_domain::{
    rule::WriteSecrets,
    sniff::{Finding, Why, sniff_json},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{access::Access, api::List, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Document {
    document: Value,
}

/// A place of the document, and why what stands there is taken for a raw secret.
#[derive(Serialize)]
pub(in crate::api) struct FindingBody {
    /// A JSON pointer into the document.
    pointer: String,
    /// `shape`, `field` or `random`.
    why: &'static str,
    text: String,
}

impl From<Finding> for FindingBody {
    fn from(found: Finding) -> Self {
        let why = match found.why {
            Why::Shape(_) => "shape",
            Why::Field => "field",
            Why::Random => "random",
        };
        Self { pointer: found.pointer, why, text: found.why.sentence() }
    }
}

pub(in crate::api) async fn handle(
    Access(_permit): Access<WriteSecrets>,
    Json(sent): Json<Document>,
) -> Result<Json<List<FindingBody>>> {
    Ok(List::whole(sniff_json(&sent.document).into_iter().map(FindingBody::from)))
}
