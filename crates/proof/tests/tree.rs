//! The tree and its proofs against the definition, exhaustively where it is small.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use bailiwick_proof::{
    Hash, empty_root, leaf_hash,
    tile::{TILE_BYTES, Tile, TileError, TileId, complete_tiles},
    tree::{
        Fetched, Frontier, HashReader, Needs, ProofError, ProveError, consistency_proof, inclusion_proof,
        root_at, verify_consistency, verify_inclusion,
    },
};
use proptest::prelude::*;
use support::{NaiveReader, leaves, naive_root};

const SMALL: u64 = 70;

#[test]
fn frontier_has_the_root_of_the_definition() {
    let leaves = leaves(600);
    let mut frontier = Frontier::new();
    for size in 0..=600 {
        assert_eq!(frontier.root(), naive_root(&leaves[..size]), "size {size}");
        assert_eq!(root_at(&NaiveReader(&leaves[..size]), size as u64), Ok(frontier.root()));
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf);
        }
    }
}

#[test]
fn every_leaf_of_every_small_tree_has_a_proof_that_holds_only_for_it() {
    let leaves = leaves(SMALL);
    for size in 1..=SMALL {
        let tree = &leaves[..size as usize];
        let root = naive_root(tree);
        for index in 0..size {
            let leaf = tree[index as usize];
            let proof = inclusion_proof(&NaiveReader(tree), index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()), "leaf {index} of {size}");
            for other in (0..size).filter(|other| *other != index) {
                assert!(
                    verify_inclusion(&leaf, other, size, &proof, &root).is_err(),
                    "leaf {index} of {size} at {other}"
                );
            }
            for mutated in mutations(&proof) {
                assert!(
                    verify_inclusion(&leaf, index, size, &mutated, &root).is_err(),
                    "leaf {index} of {size}"
                );
            }
            let stranger = leaf_hash(b"stranger");
            assert_eq!(verify_inclusion(&stranger, index, size, &proof, &root), Err(ProofError::WrongRoot));
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &stranger), Err(ProofError::WrongRoot));
        }
    }
}

#[test]
fn every_small_tree_begins_with_every_smaller_one_and_no_other() {
    let leaves = leaves(SMALL);
    let roots: Vec<Hash> = (0..=SMALL as usize).map(|size| naive_root(&leaves[..size])).collect();
    for new in 0..=SMALL {
        let new_root = roots[new as usize];
        for old in 0..=new {
            let old_root = roots[old as usize];
            let proof = consistency_proof(&NaiveReader(&leaves[..new as usize]), old, new).unwrap();
            assert_eq!(verify_consistency(old, &old_root, new, &new_root, &proof), Ok(()), "{old} in {new}");
            let stranger = leaf_hash(b"stranger");
            assert!(verify_consistency(old, &stranger, new, &new_root, &proof).is_err(), "{old} in {new}");
            // The empty tree begins every tree, so nothing about the larger one follows from it.
            if old > 0 {
                assert!(
                    verify_consistency(old, &old_root, new, &stranger, &proof).is_err(),
                    "{old} in {new}"
                );
            }
            for mutated in mutations(&proof) {
                assert!(
                    verify_consistency(old, &old_root, new, &new_root, &mutated).is_err(),
                    "{old} in {new}"
                );
            }
            for wrong in (1..=new).filter(|wrong| *wrong != old) {
                assert!(
                    verify_consistency(wrong, &old_root, new, &new_root, &proof).is_err(),
                    "{old} as {wrong} in {new}"
                );
            }
        }
    }
}

/// Proofs that differ from a good one in one place: a flipped bit, one hash less, one more, two exchanged.
fn mutations(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[leaf_hash(b"more")]].concat(), [&[leaf_hash(b"more")], proof].concat()];
    for place in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[place].0[place % 32] ^= 1;
        let mut shorter = proof.to_vec();
        shorter.remove(place);
        all.extend([flipped, shorter]);
        if place > 0 {
            let mut exchanged = proof.to_vec();
            exchanged.swap(place - 1, place);
            all.push(exchanged);
        }
    }
    all
}

#[test]
fn what_lies_outside_the_tree_has_no_proof() {
    let leaves = leaves(5);
    let reader = NaiveReader(&leaves);
    assert_eq!(inclusion_proof(&reader, 5, 5), Err(ProveError::OutOfRange { asked: 5, size: 5 }));
    assert_eq!(consistency_proof(&reader, 6, 5), Err(ProveError::OutOfRange { asked: 6, size: 5 }));
    let root = naive_root(&leaves);
    assert_eq!(verify_inclusion(&leaves[0], 5, 5, &[], &root), Err(ProofError::OutOfRange));
    assert_eq!(verify_inclusion(&leaves[0], 0, 0, &[], &empty_root()), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(6, &root, 5, &root, &[]), Err(ProofError::OutOfRange));
}

#[test]
fn largest_sizes_do_not_overflow() {
    let hash = leaf_hash(b"");
    for proof in [vec![], vec![hash; 64], vec![hash; 65]] {
        assert!(verify_inclusion(&hash, u64::MAX - 1, u64::MAX, &proof, &hash).is_err());
        assert!(verify_consistency(u64::MAX - 1, &hash, u64::MAX, &hash, &proof).is_err());
        assert!(verify_consistency(1 << 63, &hash, u64::MAX, &hash, &proof).is_err());
    }
    assert!(Needs::inclusion(u64::MAX - 1, u64::MAX).unwrap().leaves.len() < 256);
    assert!(!TileId { level: 7, index: u64::MAX }.is_full_at(u64::MAX));
    assert!(!TileId { level: 15, index: 0 }.is_full_at(u64::MAX));
    assert!(TileId { level: 6, index: 254 }.is_full_at(u64::MAX));
}

#[test]
fn appends_in_any_portions_complete_the_same_tiles() {
    const COUNT: u64 = 66_000;
    let leaves = leaves(COUNT);
    let mut store = Fetched::default();
    let mut size = 0_usize;
    // Portions that stop before, at and beyond the edges of tiles, and one that spans many.
    for portion in [1, 254, 1, 1, 255, 256, 257, 30_000, 34_000, 510, 465].into_iter().cycle() {
        let portion = portion.min(leaves.len() - size);
        if portion == 0 {
            break;
        }
        let added = &leaves[size..size + portion];
        let needs = Needs::tiles(size as u64, portion);
        // What was announced is all that is read.
        let fetched = Fetched {
            tiles: needs.tiles.iter().map(|id| (*id, store.tiles[id].clone())).collect(),
            leaves: needs.leaves.iter().map(|leaf| (*leaf, leaves[*leaf as usize])).collect(),
        };
        for (id, tile) in complete_tiles(&fetched, size as u64, added).unwrap() {
            assert!(store.tiles.insert(id, tile).is_none(), "{id:?} was completed twice");
        }
        size += portion;
    }
    let naive = NaiveReader(&leaves);
    let expected: BTreeMap<TileId, Tile> = (0..COUNT / 256)
        .map(|index| TileId { level: 0, index })
        .chain([TileId { level: 1, index: 0 }])
        .map(|id| (id, naive.tile(id).unwrap()))
        .collect();
    assert!(store.tiles == expected);
}

#[test]
fn tiles_are_256_hashes() {
    let tile = Tile::new(leaves(256)).unwrap();
    assert_eq!(tile.to_bytes().len(), TILE_BYTES);
    assert_eq!(Tile::from_bytes(&tile.to_bytes()), Ok(tile.clone()));
    assert_eq!(tile.root(), naive_root(&leaves(256)));
    assert_eq!(Tile::new(leaves(255)), Err(TileError));
    assert_eq!(Tile::from_bytes(&tile.to_bytes()[1..]), Err(TileError));
    assert_eq!(Tile::from_bytes(&[tile.to_bytes(), vec![0; 32]].concat()), Err(TileError));
}

/// A store of 70,000 leaves: a full tile at level 1 and a right edge at every level.
fn large_store() -> (Vec<Hash>, Fetched) {
    let leaves = leaves(70_000);
    let tiles = complete_tiles(&Fetched::default(), 0, &leaves).unwrap().into_iter().collect();
    let by_index = (0..).zip(leaves.iter().copied()).collect();
    (leaves, Fetched { tiles, leaves: by_index })
}

fn only(store: &Fetched, needs: &Needs) -> Fetched {
    Fetched {
        tiles: needs.tiles.iter().map(|id| (*id, store.tiles[id].clone())).collect(),
        leaves: needs.leaves.iter().map(|leaf| (*leaf, store.leaves[leaf])).collect(),
    }
}

#[test]
fn proofs_from_tiles_hold_at_the_edges_of_tiles() {
    let (leaves, store) = large_store();
    let sizes = [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 66_000, 69_999, 70_000_u64];
    let roots: Vec<Hash> = sizes.iter().map(|size| naive_root(&leaves[..*size as usize])).collect();
    for (size, root) in sizes.iter().zip(&roots) {
        assert_eq!(root_at(&only(&store, &Needs::root(*size)), *size).unwrap(), *root);
        for index in
            [0, 1, 254, 255, 256, 300, 65_535, 65_536, size - 1].into_iter().filter(|index| index < size)
        {
            let needs = Needs::inclusion(index, *size).unwrap();
            assert!(needs.leaf_range().is_none_or(|range| range.end - range.start < 256));
            let proof = inclusion_proof(&only(&store, &needs), index, *size).unwrap();
            assert_eq!(verify_inclusion(&leaves[index as usize], index, *size, &proof, root), Ok(()));
        }
        for (old, old_root) in sizes.iter().zip(&roots).filter(|(old, _)| *old <= size) {
            let needs = Needs::consistency(*old, *size).unwrap();
            let proof = consistency_proof(&only(&store, &needs), *old, *size).unwrap();
            assert_eq!(verify_consistency(*old, old_root, *size, root, &proof), Ok(()), "{old} in {size}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_hold_in_trees_of_any_size(size in 1_u64..3_000, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>()) {
        let leaves = leaves(size);
        let root = naive_root(&leaves);
        let reader = NaiveReader(&leaves);
        let index = index.index(leaves.len());
        let proof = inclusion_proof(&reader, index as u64, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaves[index], index as u64, size, &proof, &root), Ok(()));
        let old = old.index(leaves.len());
        let proof = consistency_proof(&reader, old as u64, size).unwrap();
        prop_assert_eq!(verify_consistency(old as u64, &naive_root(&leaves[..old]), size, &root, &proof), Ok(()));
    }

    #[test]
    fn invented_proofs_are_refused(
        size in 1_u64..u64::MAX,
        index in any::<u64>(),
        old in any::<u64>(),
        proof in proptest::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..70),
    ) {
        let (leaf, root) = (leaf_hash(b"leaf"), leaf_hash(b"root"));
        prop_assert!(verify_inclusion(&leaf, index % size, size, &proof, &root).is_err());
        prop_assert!(verify_consistency(old % size, &leaf, size, &root, &proof).is_err());
    }
}
