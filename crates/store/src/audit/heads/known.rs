//! What a signer remembers of the tree of heads: which head of each tenant was noted last, and which ones are to be noted.

use std::collections::{BTreeMap, HashMap};

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::heads::Head;

use super::{EVERY, SignedHead, Signer, moment};
use crate::audit::SignError;

/// What a signer remembers of the tree of heads.
#[derive(Debug, Default)]
pub(in crate::audit) struct Known {
    noted: HashMap<TenantId, Noted>,
    waiting: BTreeMap<TenantId, SignedHead>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    epoch: u32,
    size: u64,
    at: Timestamp,
}

impl Known {
    /// What the leaves and the checkpoints of the folder say, for a signer that has just begun.
    pub(super) fn load(signer: &Signer) -> Result<Self, SignError> {
        let mut known = Self::default();
        if let Some((_, checkpoint)) = signer.heads_checkpoint()? {
            let leaves = signer.leaves_of(&checkpoint)?;
            let each = leaves.each(checkpoint.size, |octets| {
                let head = Head::from_bytes(octets).ok();
                if let Some((head, tenant)) =
                    head.and_then(|head| Some((head, signer.tenant_of_head(&head.tag)?)))
                {
                    known.note(tenant, head.epoch, head.size, moment(head.micros));
                }
            });
            each.map_err(|cause| signer.heads_io(cause))?;
        }
        for tenant in signer.outside.tenants()? {
            // A checkpoint that is refused is the business of whoever signs that log.
            let Ok(Some(latest)) = signer.outside.latest(tenant, &signer.origin, &signer.verifier) else {
                continue;
            };
            let checkpoint = &latest.checkpoint;
            known.sign(SignedHead {
                tenant,
                epoch: latest.epoch,
                size: checkpoint.size,
                root: checkpoint.root,
            });
        }
        Ok(known)
    }

    /// A head was signed: it waits to be noted, unless it or a newer one was.
    pub(super) fn sign(&mut self, head: SignedHead) {
        let noted = self.noted.get(&head.tenant).map(|noted| (noted.epoch, noted.size));
        if noted.is_none_or(|noted| noted < (head.epoch, head.size)) {
            self.waiting.insert(head.tenant, head);
        }
    }

    /// The heads to be noted now.
    pub(super) fn due(&self, now: Timestamp) -> Vec<SignedHead> {
        let due = |tenant: &TenantId| {
            self.noted.get(tenant).is_none_or(|noted| now >= noted.at + EVERY || now < noted.at)
        };
        self.waiting.values().filter(|head| due(&head.tenant)).copied().collect()
    }

    /// These were noted.
    pub(super) fn noted(&mut self, heads: &[SignedHead], now: Timestamp) {
        for head in heads {
            self.note(head.tenant, head.epoch, head.size, now);
            self.waiting.remove(&head.tenant);
        }
    }

    fn note(&mut self, tenant: TenantId, epoch: u32, size: u64, at: Timestamp) {
        let noted = self.noted.entry(tenant).or_insert(Noted { epoch, size, at });
        if (noted.epoch, noted.size) <= (epoch, size) {
            *noted = Noted { epoch, size, at };
        }
    }
}
