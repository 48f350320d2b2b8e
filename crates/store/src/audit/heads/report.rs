//! Checking the tree of heads: against itself, against its checkpoint, and against the tenants that there are.

use std::collections::{BTreeMap, HashSet};

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{checkpoint::SignedNote, heads::Head, leaf_hash, tree::Frontier};

use super::{NOTE, Signer, blocking, moment};
use crate::{audit::SignError, tenants};

/// The tree of heads as it was found.
#[derive(Clone, Debug)]
pub struct HeadsReport {
    /// Heads that were noted.
    pub size: u64,
    /// Tenants with a head.
    pub tenants: usize,
    /// The signed checkpoint, with whatever witnesses cosigned.
    pub note: SignedNote,
}

/// The newest head of each tag, and what they were read with.
pub(in crate::audit) struct Read {
    report: HeadsReport,
    newest: BTreeMap<[u8; 32], Head>,
}

impl Signer {
    /// Refuses a tree of heads that is not the one that was signed, and a database or folder that has lost what it knows of.
    pub(in crate::audit) async fn check_heads(&self) -> Result<Option<HeadsReport>, SignError> {
        let read = self.read_heads().await?;
        let known = tenants::all(&self.store).await?.into_iter().map(|tenant| tenant.id).collect();
        self.judge_heads(read, &known).await
    }

    /// Reads every leaf. To be done before the tenants and their checkpoints are looked at: what is noted in between must not
    /// look like something lost.
    pub(in crate::audit) async fn read_heads(&self) -> Result<Option<Read>, SignError> {
        let signer = self.clone();
        blocking(move || signer.read_leaves()).await
    }

    fn read_leaves(&self) -> Result<Option<Read>, SignError> {
        let Some((note, checkpoint)) = self.heads_checkpoint()? else { return Ok(None) };
        let leaves = self.leaves_of(&checkpoint)?;
        let (mut frontier, mut newest, mut broken) = (Frontier::new(), BTreeMap::<_, Head>::new(), None);
        let each = leaves.each(checkpoint.size, |octets| {
            let index = frontier.size();
            frontier.push(leaf_hash(octets));
            let Ok(head) = Head::from_bytes(octets) else {
                broken = broken.take().or(Some(format!("leaf {index} is no head")));
                return;
            };
            let before = newest.entry(head.tag).or_insert(head);
            let (place, earlier) = ((head.epoch, head.size), (before.epoch, before.size));
            if place == earlier && head.root != before.root {
                broken =
                    broken.take().or(Some(format!("leaf {index} contradicts an earlier head of its log")));
            }
            if place >= earlier {
                *before = head;
            }
        });
        each.map_err(|cause| self.heads_io(cause))?;
        // The root says whether these are the leaves that were signed; whether they say what they should comes after it.
        if frontier.root() != checkpoint.root {
            let text = format!("its {} heads are not the ones that were signed", checkpoint.size);
            return Err(SignError::Heads(text));
        }
        if let Some(text) = broken {
            return Err(SignError::Heads(text));
        }
        let report = HeadsReport { size: checkpoint.size, tenants: newest.len(), note };
        Ok(Some(Read { report, newest }))
    }

    /// Compares the newest heads with the tenants that there are and with their checkpoints.
    pub(in crate::audit) async fn judge_heads(
        &self,
        read: Option<Read>,
        known: &HashSet<TenantId>,
    ) -> Result<Option<HeadsReport>, SignError> {
        let Some(Read { report, newest }) = read else {
            let signed = !self.outside.tenants()?.is_empty() || self.has_signed().await?;
            // It may have been begun, and logs signed, since it was looked for; it is begun before anything is signed.
            if signed && self.outside.read(NOTE)?.is_none() {
                return Err(SignError::Heads("it is missing, and logs were signed".into()));
            }
            return Ok(None);
        };
        for (tag, head) in newest {
            let tenant = self.tenant_of_head(&tag);
            let Some(tenant) = tenant.filter(|tenant| known.contains(tenant)) else {
                let at = moment(head.micros);
                return Err(SignError::Vanished { tenant, tag: hex::encode(tag), size: head.size, at });
            };
            let latest = self.outside.latest(tenant, &self.origin, &self.verifier)?;
            let outside = latest.as_ref().map(|latest| (latest.epoch, latest.checkpoint.size));
            if outside < Some((head.epoch, head.size)) {
                let outside = outside.map_or(0, |(_, size)| size);
                return Err(SignError::HeadAhead { tenant, noted: head.size, outside });
            }
            let same = outside == Some((head.epoch, head.size));
            if same && latest.is_some_and(|latest| latest.checkpoint.root != head.root) {
                let text = format!("the head of tenant {tenant} at {} events has another root", head.size);
                return Err(SignError::Heads(text));
            }
        }
        Ok(Some(report))
    }
}
