//! Checking a bundle against the keys that somebody brings along.

use super::{
    Bundle, Manifest, Selection,
    align::align,
    finding::{Finding, Findings},
};
use crate::{
    checkpoint::{LogName, Of, Trust, Vouched},
    event::{EventFields, Opening, commitments, scan},
    hash::{Hash, leaf_hash},
    tree::verify_inclusions,
};

/// What a bundle proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The list of its records.
    pub manifest: Manifest,
    /// The checkpoint, and who vouches for it.
    pub vouched: Vouched,
    /// Personal values that are disclosed, each the recorded one.
    pub disclosed: usize,
    /// Commitments whose value is hidden.
    pub hidden: usize,
}

impl Bundle {
    /// Checks everything that the file says.
    ///
    /// # Errors
    /// All that does not fit, each record by its place. Where the list itself or the checkpoint is not to be believed, there is
    /// nothing to compare with, and only that is said.
    pub fn verify(&self, trust: &Trust) -> Result<Proven, Findings> {
        self.manifest.verify_any(&trust.logs).map_err(Finding::Signature)?;
        let manifest = Manifest::parse(self.manifest.text()).map_err(Finding::Manifest)?;
        let vouched = trust.open(&self.checkpoint).map_err(Finding::Checkpoint)?;
        let checkpoint = &vouched.checkpoint;
        if (&checkpoint.origin, checkpoint.size, checkpoint.root)
            != (&manifest.log, manifest.size, manifest.root)
        {
            return Err(Finding::OtherCheckpoint.into());
        }
        let Some(LogName { of: Of::Tenant { tenant, .. }, .. }) = LogName::parse(&manifest.log) else {
            return Err(Finding::NoTenant(manifest.log).into());
        };
        let mut findings = Findings::default();
        if self.page != manifest.page {
            findings.add(Finding::Page);
        }
        if let Err(error) = verify_inclusions(&manifest.records, manifest.size, &self.nodes, &manifest.root) {
            findings.add(Finding::Proof(error));
        }
        let hashes: Vec<Hash> =
            self.records.iter().map(|record| leaf_hash(record.octets.as_bytes())).collect();
        let leaves = align(&manifest.records, &hashes, &mut findings);
        let mut read = Reading { tenant, findings, history: Vec::new(), disclosed: 0, hidden: 0 };
        for (place, ((record, hash), leaf)) in self.records.iter().zip(hashes).zip(leaves).enumerate() {
            // What is not in its place was named already.
            if let Some(leaf) = leaf {
                read.record(place + 1, leaf, record, hash, &manifest.of);
            }
        }
        if let Selection::Entity { revisions, .. } = &manifest.of {
            read.whole(*revisions);
        }
        let Reading { findings, disclosed, hidden, .. } = read;
        if findings.is_empty() { Ok(Proven { manifest, vouched, disclosed, hidden }) } else { Err(findings) }
    }
}

/// What was read of the records so far.
struct Reading<'a> {
    tenant: &'a str,
    findings: Findings,
    /// Of one thing: revision, hash, and the hash of the one before.
    history: Vec<(u64, Hash, Option<Hash>)>,
    disclosed: usize,
    hidden: usize,
}

impl Reading<'_> {
    fn record(&mut self, record: usize, leaf: u64, found: &super::Record, hash: Hash, of: &Selection) {
        let fields = match scan(found.octets.as_bytes()) {
            Ok(fields) => fields,
            Err(cause) => return self.findings.add(Finding::Event { record, leaf, cause }),
        };
        if fields.tenant != self.tenant {
            self.findings.add(Finding::OtherLog { record, leaf });
        }
        if let Selection::Entity { kind, id, .. } = of {
            let EventFields { entity, prev, .. } = fields;
            if (entity.kind, entity.id) == (kind.as_str(), id.as_str()) {
                self.history.push((entity.revision, hash, prev));
            } else {
                self.findings.add(Finding::OtherEntity { record, leaf });
            }
        }
        let committed = commitments(found.octets.as_bytes());
        match Opening::check_all(&found.disclosed, &committed) {
            Ok(()) => {
                self.disclosed += found.disclosed.len();
                self.hidden += committed.len().saturating_sub(found.disclosed.len());
            }
            Err((commit, cause)) => {
                self.findings.add(Finding::Disclosed { record, leaf, commit, cause });
            }
        }
    }

    /// Whether the revisions run from 1 to the newest, each naming the one before.
    fn whole(&mut self, newest: u64) {
        self.history.sort_unstable_by_key(|(revision, ..)| *revision);
        let mut before: Option<Hash> = None;
        let mut next = 1;
        for (revision, hash, prev) in std::mem::take(&mut self.history) {
            if revision != next || prev != before {
                return self.findings.add(Finding::Gap(next));
            }
            (before, next) = (Some(hash), revision + 1);
        }
        if next != newest.saturating_add(1) {
            self.findings.add(Finding::Gap(next));
        }
    }
}
