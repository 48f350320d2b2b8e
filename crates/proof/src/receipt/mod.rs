//! A receipt: one text that shows, without this program and without a network, that a leaf lies in a signed log.
//!
//! The form is C2SP tlog-proof. What was hashed stands in the line `extra`, so that the receipt is all there is to keep:
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra eyJhY3Rpb24iOi…
//! index 41
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//! …
//!
//! bailiwick.example.com/tenant/0193…
//! 42
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — bailiwick.example.com Az3grlgtzPICa5OS8npVmf1M…
//! — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRa…
//! ```
//!
//! Personal values are not in the octets; [`Disclosed`] carries some of them beside a receipt.
//!
//! The standard says of `extra` that nobody may trust it unseen: here its hash is the leaf that the proof is about, so a
//! changed octet fails like any other.

mod disclosed;
mod text;

pub use disclosed::Disclosed;
pub use text::ReceiptError;
pub(crate) use text::TITLE;

use crate::{
    checkpoint::{LogName, Of, SignedNote, Trust, TrustError, Vouched},
    event::{EventError, EventFields, OpeningError, scan},
    hash::{Hash, leaf_hash},
    heads::Head,
    tree::{ProofError, verify_inclusion},
};

/// The longest receipt that is read, in octets.
pub const MAX_RECEIPT_BYTES: usize = 16 * 1024 * 1024;

/// The most hashes in a proof of a tree whose size is 64 bits long.
pub const MAX_PATH: usize = 64;

/// That a leaf lies in a signed log, not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The octets that were hashed into the leaf. Worth nothing before [`Receipt::verify`].
    pub extra: Option<Vec<u8>>,
    /// The leaf, counted from zero.
    pub index: u64,
    /// The hashes beside the path from the leaf to the root, RFC 6962 §2.1.1.
    pub path: Vec<Hash>,
    /// The checkpoint that the path leads to.
    pub note: SignedNote,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The checkpoint is not believed.
    #[error("the checkpoint is not to be believed: {0}")]
    Trust(#[from] TrustError),
    /// The path does not lead from the octets to the signed root.
    #[error("the record is not in the signed tree: {0}")]
    Inclusion(#[from] ProofError),
    /// The receipt carries no octets.
    #[error("the receipt does not carry the octets of the record")]
    NoOctets,
    /// The octets are no event.
    #[error("the octets are not an event: {0}")]
    Event(#[from] EventError),
    /// The octets are no head of a tenant's log.
    #[error("the octets are not the head of a log")]
    NotAHead,
    /// The octets belong to another log than the checkpoint.
    #[error("the octets belong to another log than the checkpoint of {0}")]
    OtherLog(String),
    /// A disclosed value is not the recorded one.
    #[error("the value disclosed for {commit}: {cause}")]
    Value {
        /// The commitment that it is said to open.
        commit: String,
        /// What is wrong with it.
        cause: OpeningError,
    },
}

/// What a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// An event of a tenant's log.
    Event(EventFields<'a>),
    /// The head of a tenant's log in the tree of heads.
    Head(Head),
}

impl Receipt {
    /// Checks that the octets within lie in a log that `trust` believes, and says what they are.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn verify(&self, trust: &Trust) -> Result<(Vouched, About<'_>), Unproven> {
        let octets = self.extra.as_deref().ok_or(Unproven::NoOctets)?;
        let vouched = self.lead(&leaf_hash(octets), trust)?;
        let about = match LogName::parse(&vouched.checkpoint.origin).map(|log| log.of) {
            Some(Of::Heads) => About::Head(Head::from_bytes(octets).map_err(|_| Unproven::NotAHead)?),
            Some(Of::Tenant { tenant, .. }) => {
                let fields = scan(octets)?;
                if fields.tenant != tenant {
                    return Err(Unproven::OtherLog(vouched.checkpoint.origin));
                }
                About::Event(fields)
            }
            None => return Err(Unproven::OtherLog(vouched.checkpoint.origin)),
        };
        Ok((vouched, about))
    }

    /// Checks that `leaf` lies in a log that `trust` believes, whatever the receipt carries.
    ///
    /// # Errors
    /// A checkpoint that is not believed, or a path that does not lead to it.
    pub fn lead(&self, leaf: &Hash, trust: &Trust) -> Result<Vouched, Unproven> {
        let vouched = trust.open(&self.note)?;
        let checkpoint = &vouched.checkpoint;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        Ok(vouched)
    }
}
