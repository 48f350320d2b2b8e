//! One walk over a tenant's segments, in constant memory.

use super::{ArchiveError, Manifest};
use crate::{
    checkpoint::{Checkpoint, VerifierKey},
    event::scan,
    hash::{Hash, leaf_hash},
    tree::Frontier,
};

/// Checks the segments of one tenant, one after the other. It may begin with any of them.
///
/// For each: [`begin`](Self::begin), every event by [`event`](Self::event), [`end`](Self::end).
#[derive(Debug, Default)]
pub struct SegmentWalk {
    tree: Option<Frontier>,
    last: Option<Hash>,
    present: Option<(Manifest, Hash)>,
    /// Checkpoints that were kept elsewhere, and whether the tree was seen to have their root.
    kept: Vec<(Checkpoint, bool)>,
}

impl SegmentWalk {
    /// The tree's right edge behind the last segment; nothing before the first.
    #[must_use]
    pub const fn edge(&self) -> Option<&Frontier> {
        self.tree.as_ref()
    }

    /// Asks that the tree has the root of this checkpoint, which was kept elsewhere, where the walk comes by its size.
    pub fn hold_to(&mut self, kept: Checkpoint) {
        self.kept.push((kept, false));
    }

    /// The checkpoints that were kept elsewhere, and whether the walk came by each: one of another epoch, or of a size before the
    /// first segment, it does not.
    #[must_use]
    pub fn kept(&self) -> &[(Checkpoint, bool)] {
        &self.kept
    }

    /// Begins a segment with the manifest that was opened, and the digest of its note.
    ///
    /// # Errors
    /// One that does not go on where the last one ended.
    pub fn begin(&mut self, manifest: Manifest, digest: Hash) -> Result<(), ArchiveError> {
        let octets = hex::decode(&manifest.frontier).map_err(|_| ArchiveError::Shape)?;
        let frontier = Frontier::from_bytes(&octets).map_err(|_| ArchiveError::Shape)?;
        if frontier.size() != manifest.first_leaf {
            return Err(ArchiveError::Shape);
        }
        if let Some(tree) = &self.tree {
            if tree.size() != manifest.first_leaf {
                return Err(ArchiveError::Gap { expected: tree.size(), found: manifest.first_leaf });
            }
            if *tree != frontier || manifest.previous != self.last {
                return Err(ArchiveError::Previous(manifest.first_leaf));
            }
        }
        self.tree = Some(frontier);
        self.present = Some((manifest, digest));
        Ok(())
    }

    /// Takes the next event: its octets against the hash beside it, where there is one, its form, its tenant and its place. That it is
    /// the one that was signed, the root says at the end.
    ///
    /// # Errors
    /// What does not fit.
    pub fn event(&mut self, leaf_index: u64, hash: Option<&[u8]>, octets: &[u8]) -> Result<(), ArchiveError> {
        let (Some(tree), Some((manifest, _))) = (&mut self.tree, &self.present) else {
            return Err(ArchiveError::Shape);
        };
        let expected = tree.size();
        if leaf_index != expected || expected >= manifest.size {
            return Err(ArchiveError::Place { expected });
        }
        let own = leaf_hash(octets);
        if hash.is_some_and(|hash| own.as_bytes() != hash) {
            return Err(ArchiveError::Altered(expected));
        }
        let fields = scan(octets).map_err(|cause| ArchiveError::Event { leaf: expected, cause })?;
        if fields.tenant != manifest.tenant {
            return Err(ArchiveError::Tenant(expected));
        }
        tree.push(own);
        for (kept, met) in &mut self.kept {
            if kept.size == tree.size() && kept.origin == manifest.log {
                if kept.root != tree.root() {
                    return Err(ArchiveError::Kept(kept.size));
                }
                *met = true;
            }
        }
        Ok(())
    }

    /// Ends a segment: its events lead to the root that its checkpoint signed.
    ///
    /// # Errors
    /// Events that are missing, a checkpoint that none of `keys` signed, or another root.
    pub fn end(&mut self, keys: &[VerifierKey]) -> Result<(), ArchiveError> {
        let (Some(tree), Some((manifest, digest))) = (&self.tree, self.present.take()) else {
            return Err(ArchiveError::Shape);
        };
        if tree.size() != manifest.size {
            return Err(ArchiveError::Place { expected: tree.size() });
        }
        let signed = Checkpoint::open(manifest.checkpoint.as_bytes(), &manifest.log, keys)?;
        if signed.size != manifest.size || signed.root != tree.root() {
            return Err(ArchiveError::Root(manifest.size));
        }
        self.last = Some(digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;
    use crate::{
        archive::FileOf,
        checkpoint::{NoteSigner, SignedNote},
    };

    struct Key(SigningKey);

    impl NoteSigner for Key {
        fn name(&self) -> &str {
            "log.test"
        }
        fn public_key(&self) -> [u8; 32] {
            self.0.verifying_key().to_bytes()
        }
        fn sign(&self, message: &[u8]) -> [u8; 64] {
            self.0.sign(message).to_bytes()
        }
    }

    const TENANT: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    fn octets(revision: u64) -> Vec<u8> {
        let prev = if revision == 1 { "null".to_owned() } else { format!("\"{}\"", "00".repeat(32)) };
        format!(
            r#"{{"action":"user.renamed","actor":{{"auth":"a","credential":null,"id":"a","kind":"user"}},"changes":[],"entity":{{"id":"e","revision":{revision},"type":"user"}},"id":"0193a7c2-7b1e-7000-8000-{revision:012}","occurred_at":"2026-01-02T03:04:05.000006Z","outcome":"ok","prev":{prev},"reason":null,"recorded_at":"2026-01-02T03:04:05.000006Z","request":null,"source":{{"agent":"api","ip":null}},"tenant":"{TENANT}","v":1}}"#
        )
        .into_bytes()
    }

    /// The signed manifest of the leaves from `first` up to `size`.
    fn manifest(key: &Key, first: u64, size: u64, previous: Option<Hash>) -> String {
        let mut tree = Frontier::new();
        (1..=first).for_each(|revision| tree.push(leaf_hash(&octets(revision))));
        let frontier = hex::encode(tree.to_bytes());
        (first + 1..=size).for_each(|revision| tree.push(leaf_hash(&octets(revision))));
        let text = Checkpoint::new("log.test/tenant/1", size, tree.root()).to_string();
        let file = |name: &str| FileOf { name: name.into(), octets: 0, sha256: Hash([0; 32]) };
        let manifest = Manifest {
            checkpoint: SignedNote::sign(&text, &[key]).unwrap().to_string(),
            events: file("events.parquet"),
            first_leaf: first,
            frontier,
            log: "log.test/tenant/1".into(),
            previous,
            size,
            tenant: TENANT.into(),
            tiles: file("tiles"),
            written_at: "2026-01-02T03:04:05.000006Z".into(),
        };
        manifest.sign(key).unwrap()
    }

    fn walk(
        walk: &mut SegmentWalk,
        note: &str,
        keys: &[VerifierKey],
        events: &[Vec<u8>],
    ) -> Result<(), ArchiveError> {
        let manifest = Manifest::open(note.as_bytes(), keys)?;
        let first = manifest.first_leaf;
        walk.begin(manifest, Manifest::digest(note.as_bytes()))?;
        for (leaf, octets) in (first..).zip(events) {
            walk.event(leaf, None, octets)?;
        }
        walk.end(keys)
    }

    fn events(from: u64, to: u64) -> Vec<Vec<u8>> {
        (from + 1..=to).map(octets).collect()
    }

    #[test]
    fn auditor_with_the_key_alone_follows_segments_and_sees_what_was_changed_removed_or_put_in_another_order()
    {
        let key = Key(SigningKey::from_bytes(&[7; 32]));
        let keys = [VerifierKey::new("log.test", &key.public_key()).unwrap()];
        let first = manifest(&key, 0, 3, None);
        let second = manifest(&key, 3, 5, Some(Manifest::digest(first.as_bytes())));
        let mut whole = SegmentWalk::default();
        walk(&mut whole, &first, &keys, &events(0, 3)).unwrap();
        walk(&mut whole, &second, &keys, &events(3, 5)).unwrap();
        assert_eq!(whole.edge().unwrap().size(), 5);
        walk(&mut SegmentWalk::default(), &second, &keys, &events(3, 5)).unwrap();

        let fresh = |events: &[Vec<u8>]| walk(&mut SegmentWalk::default(), &first, &keys, events);
        let mut altered = events(0, 3);
        altered[1] =
            String::from_utf8(octets(2)).unwrap().replace("\"id\":\"a\"", "\"id\":\"b\"").into_bytes();
        assert_eq!(fresh(&altered), Err(ArchiveError::Root(3)));
        assert_eq!(fresh(&events(0, 2)), Err(ArchiveError::Place { expected: 2 }));
        assert_eq!(fresh(&events(0, 4)), Err(ArchiveError::Place { expected: 3 }));
        let mut swapped = events(0, 3);
        swapped.swap(0, 1);
        assert_eq!(fresh(&swapped), Err(ArchiveError::Root(3)));

        let mut gap = SegmentWalk::default();
        walk(&mut gap, &first, &keys, &events(0, 3)).unwrap();
        let later = manifest(&key, 4, 5, None);
        assert_eq!(walk(&mut gap, &later, &keys, &[]), Err(ArchiveError::Gap { expected: 3, found: 4 }));
        let alone = manifest(&key, 3, 5, None);
        assert_eq!(walk(&mut gap, &alone, &keys, &[]), Err(ArchiveError::Previous(3)));
    }

    #[test]
    fn auditor_with_a_checkpoint_of_their_own_sees_another_history_and_where_it_ends() {
        let key = Key(SigningKey::from_bytes(&[7; 32]));
        let keys = [VerifierKey::new("log.test", &key.public_key()).unwrap()];
        let note = manifest(&key, 0, 3, None);
        let mut tree = Frontier::new();
        (1..=2).for_each(|revision| tree.push(leaf_hash(&octets(revision))));
        let held = |kept: Checkpoint| {
            let mut own = SegmentWalk::default();
            own.hold_to(kept);
            walk(&mut own, &note, &keys, &events(0, 3)).map(|()| own.kept()[0].1)
        };
        assert_eq!(held(Checkpoint::new("log.test/tenant/1", 2, tree.root())), Ok(true), "within a segment");
        let other = Checkpoint::new("log.test/tenant/1", 2, leaf_hash(b"x"));
        assert_eq!(held(other), Err(ArchiveError::Kept(2)));
        for (log, size) in [("log.test/tenant/1", 4), ("log.test/tenant/1/epoch/2", 2)] {
            assert_eq!(held(Checkpoint::new(log, size, tree.root())), Ok(false), "{log} at {size}");
        }
    }

    #[test]
    fn a_manifest_of_another_key_or_another_kind_is_none() {
        let (key, other) = (Key(SigningKey::from_bytes(&[7; 32])), Key(SigningKey::from_bytes(&[8; 32])));
        let keys = [VerifierKey::new("log.test", &key.public_key()).unwrap()];
        let forged = manifest(&other, 0, 1, None);
        assert!(matches!(Manifest::open(forged.as_bytes(), &keys), Err(ArchiveError::Note(_))));
        let checkpoint = Checkpoint::new("log.test/tenant/1", 0, crate::empty_root()).to_string();
        let note = SignedNote::sign(&checkpoint, &[&key]).unwrap().to_string();
        assert_eq!(Manifest::open(note.as_bytes(), &keys), Err(ArchiveError::Shape));
    }

    #[test]
    fn octets_that_do_not_give_their_hash_are_named() {
        let key = Key(SigningKey::from_bytes(&[7; 32]));
        let keys = [VerifierKey::new("log.test", &key.public_key()).unwrap()];
        let note = manifest(&key, 0, 1, None);
        let mut walk = SegmentWalk::default();
        walk.begin(Manifest::open(note.as_bytes(), &keys).unwrap(), Hash([0; 32])).unwrap();
        assert_eq!(walk.event(0, Some(&[0; 32]), &octets(1)), Err(ArchiveError::Altered(0)));
    }
}
