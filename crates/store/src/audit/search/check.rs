//! Holding what search goes along against the records: the sets of every block, the tail behind them, and the counts.
//!
//! Each is read once. What the records give and what is stored are compared by sums of a keyed hash, one for each block and one for the
//! counts, so memory is sixteen octets for every 512 leaves. The key is drawn for the run, so that nobody could aim at an equal sum.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_proof::leaf_hash;

use super::{
    block::{BLOCK, Bits, block_of},
    keep::of_hours,
    terms::{Sort, Term, unpacked},
};
use crate::{Result, audit::integrate::Leaf};

/// What does not fit, as it goes on a sentence.
type Checked = std::result::Result<(), String>;

/// What the records give, less what is stored.
pub(in crate::audit) struct Check {
    key: [u8; 32],
    /// Of every full block.
    blocks: Vec<u128>,
    counts: u128,
    tail: BTreeMap<i64, Vec<u8>>,
}

impl Check {
    /// Over a log of `size` leaves with this tail, for a run with this key.
    pub(in crate::audit) fn new(key: [u8; 32], size: i64, tail: Vec<(i64, Vec<u8>)>) -> Self {
        let full = usize::try_from(block_of(size)).unwrap_or(0);
        Self { key, blocks: vec![0; full], counts: 0, tail: tail.into_iter().collect() }
    }

    /// Takes in the leaves of a block, each with its index, and the indexes of those that the retention took.
    pub(in crate::audit) fn block(&mut self, block: i64, leaves: &[(i64, Leaf)], gone: &[i64]) -> Checked {
        for ((span, start, kind, action, outcome), events) in of_hours(leaves.iter().map(|(_, leaf)| leaf), 1)
        {
            self.counts = self.counts.wrapping_add(self.count(span, start, [kind, action, outcome], events));
        }
        if usize::try_from(block).is_ok_and(|block| block >= self.blocks.len()) {
            return leaves.iter().try_for_each(|(index, leaf)| self.waits(*index, leaf));
        }
        let mut sets: BTreeMap<Term, Bits> = BTreeMap::new();
        for (index, leaf) in leaves {
            for term in leaf.terms.iter().filter(|term| is_said(term)) {
                sets.entry(term.clone()).or_default().set(index % BLOCK);
            }
        }
        for index in gone {
            sets.entry(Term::gone()).or_default().set(index % BLOCK);
        }
        for (term, bits) in sets {
            let hash = self.set(term.as_bytes(), block, bits);
            self.change(block, |sum| sum.wrapping_add(hash));
        }
        Ok(())
    }

    /// A leaf behind the last full block.
    fn waits(&mut self, index: i64, leaf: &Leaf) -> Checked {
        let stored = self.tail.remove(&index).unwrap_or_default();
        let stored = unpacked(&stored).map(|term| Term::from_bytes(term.to_vec()));
        let stored: BTreeSet<Term> = stored.filter(is_said).collect();
        let said: BTreeSet<Term> = leaf.terms.iter().filter(|term| is_said(term)).cloned().collect();
        if stored == said { Ok(()) } else { Err(format!("the terms of leaf {index}")) }
    }

    /// Takes off a stored set.
    pub(in crate::audit) fn posting(&mut self, term: Vec<u8>, block: i64, hits: &[u8]) -> Result<Checked> {
        let term = Term::from_bytes(term);
        if !is_said(&term) {
            return Ok(Ok(()));
        }
        let hash = self.set(term.as_bytes(), block, Bits::from_bytes(hits)?);
        let known = self.change(block, |sum| sum.wrapping_sub(hash));
        Ok(if known { Ok(()) } else { Err(of_block(block)) })
    }

    /// Takes off a stored count.
    pub(in crate::audit) fn rollup(&mut self, span: i64, start: i64, what: [&str; 3], events: i64) {
        self.counts = self.counts.wrapping_sub(self.count(span, start, what, events));
    }

    /// Says what does not fit, after everything was taken in and off.
    pub(in crate::audit) fn finish(self) -> Checked {
        if let Some(block) = self.blocks.iter().position(|sum| *sum != 0) {
            return Err(of_block(i64::try_from(block).unwrap_or(i64::MAX / BLOCK)));
        }
        if let Some(leaf) = self.tail.keys().next() {
            return Err(format!("the terms of leaf {leaf}"));
        }
        if self.counts == 0 { Ok(()) } else { Err("the counts by hours and days".to_owned()) }
    }

    /// Changes the sum of a block; says whether there is such a block.
    fn change(&mut self, block: i64, to: impl FnOnce(u128) -> u128) -> bool {
        let sum = usize::try_from(block).ok().and_then(|block| self.blocks.get_mut(block));
        sum.map(|sum| *sum = to(*sum)).is_some()
    }

    fn set(&self, term: &[u8], block: i64, bits: Bits) -> u128 {
        self.hash(&[b"set", term, &block.to_be_bytes(), &bits.to_bytes()])
    }

    /// So many times the hash of what is counted: counts add up whatever they are made of.
    fn count(&self, span: i64, start: i64, [kind, action, outcome]: [&str; 3], events: i64) -> u128 {
        let (span, start) = (span.to_be_bytes(), start.to_be_bytes());
        let hash =
            self.hash(&[b"count", &span, &start, kind.as_bytes(), action.as_bytes(), outcome.as_bytes()]);
        hash.wrapping_mul(i128::from(events).cast_unsigned())
    }

    fn hash(&self, parts: &[&[u8]]) -> u128 {
        let mut octets = self.key.to_vec();
        for part in parts {
            octets.extend_from_slice(&(part.len() as u64).to_be_bytes());
            octets.extend_from_slice(part);
        }
        let hash = leaf_hash(&octets);
        let mut half = [0; 16];
        half.iter_mut().zip(hash.0).for_each(|(to, from)| *to = from);
        u128::from_be_bytes(half)
    }
}

/// Whether a record says this of itself. The tag of a source and whose a thing is stand beside it.
fn is_said(term: &Term) -> bool {
    !matches!(term.sort(), Some(Sort::Source | Sort::Owner))
}

fn of_block(block: i64) -> String {
    let first = block.saturating_mul(BLOCK);
    format!("the leaves {first} to {}", first.saturating_add(BLOCK - 1))
}
