//! The history of an entity as it is handed out: pages of octets, the first with a receipt.

use serde::{Deserialize, Serialize};

use super::{Complete, History, Incomplete};
use crate::{
    checkpoint::{Trust, Vouched},
    receipt::Receipt,
};

/// Some revisions of an entity, newest first. The pages of one history follow each other without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// What they are of.
    pub entity: Entity,
    /// On the first page, the receipt of the newest revision, which carries that revision's octets.
    pub receipt: Option<String>,
    /// The octets of the revisions: on the first page those before the newest one, on others those before the last page's.
    pub revisions: Vec<String>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<String>,
}

/// The name of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its kind.
    pub r#type: String,
    /// Its id within its kind.
    pub id: String,
}

impl Page {
    /// Checks the pages of one history, in their order.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify(pages: &[Self], trust: &Trust) -> Result<(Complete, Vouched), Incomplete> {
        let receipt = pages.first().and_then(|page| page.receipt.as_deref()).ok_or(Incomplete::NoEvent)?;
        let receipt = Receipt::parse(receipt.as_bytes()).map_err(|_| Incomplete::NoEvent)?;
        let (mut history, vouched) = History::begin(&receipt, trust)?;
        for octets in pages.iter().flat_map(|page| &page.revisions) {
            history.before(octets.as_bytes())?;
        }
        let complete = history.finish()?;
        // Whatever a page says of itself, what counts is what the octets are of.
        let same = |page: &Self| page.entity.r#type == complete.kind && page.entity.id == complete.id;
        if pages.iter().all(same) {
            Ok((complete, vouched))
        } else {
            Err(Incomplete::Foreign(complete.revisions))
        }
    }
}
