//! What happened to a list: which of its records are missing, in another place, or replaced.

use std::collections::HashMap;

use super::finding::{Finding, Findings};
use crate::hash::Hash;

/// Compares the records of a file with those of the list, both in their order. Returns the leaf of each of the file's records
/// that is where it belongs.
pub(super) fn align(listed: &[(u64, Hash)], found: &[Hash], findings: &mut Findings) -> Vec<Option<u64>> {
    let mut leaves = vec![None; found.len()];
    let places: HashMap<Hash, usize> =
        listed.iter().enumerate().map(|(place, (_, hash))| (*hash, place)).collect();
    let mut left: HashMap<Hash, usize> = HashMap::new();
    for hash in found {
        *left.entry(*hash).or_default() += 1;
    }
    let mut used = vec![false; listed.len()];
    let (mut at, mut record) = (0, 0);
    loop {
        let (expected, here) = (listed.get(at), found.get(record));
        if used.get(at) == Some(&true) {
            // It stood further up.
            at += 1;
            continue;
        }
        let number = record + 1;
        match (expected, here) {
            (None, None) => return leaves,
            (Some((leaf, hash)), Some(here)) if hash == here => {
                if let Some(slot) = leaves.get_mut(record) {
                    *slot = Some(*leaf);
                }
                mark(&mut used, at);
                (at, record) = (at + 1, record + 1);
            }
            (expected, Some(here)) => {
                // Whether what is expected comes later in the file.
                let comes = expected.is_some_and(|(_, hash)| left.contains_key(hash));
                let known = places.get(here).copied().filter(|place| used.get(*place) == Some(&false));
                match (known, expected) {
                    (Some(_), Some((leaf, _))) if !comes => {
                        findings.add(Finding::Removed { record: at + 1, leaf: *leaf });
                        at += 1;
                        continue;
                    }
                    (Some(place), _) => {
                        let leaf = listed.get(place).map_or(0, |(leaf, _)| *leaf);
                        findings.add(Finding::Moved { record: number, leaf });
                        mark(&mut used, place);
                    }
                    (None, Some((leaf, _))) if !comes => {
                        findings.add(Finding::Changed { record: number, leaf: *leaf });
                        at += 1;
                    }
                    (None, _) => findings.add(Finding::Inserted { record: number }),
                }
                record += 1;
            }
            (Some((leaf, _)), None) => {
                findings.add(Finding::Removed { record: at + 1, leaf: *leaf });
                at += 1;
                continue;
            }
        }
        if let Some(hash) = here
            && let Some(count) = left.get_mut(hash)
        {
            *count -= 1;
            if *count == 0 {
                left.remove(hash);
            }
        }
    }
}

fn mark(used: &mut [bool], place: usize) {
    if let Some(slot) = used.get_mut(place) {
        *slot = true;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::leaf_hash;

    fn found_in(names: &str) -> Vec<Finding> {
        let of = |name: char| leaf_hash(name.to_string().as_bytes());
        let listed: Vec<_> =
            "abcdef".chars().zip([0, 10, 20, 30, 40, 50]).map(|(n, leaf)| (leaf, of(n))).collect();
        let found: Vec<_> = names.chars().map(of).collect();
        let mut findings = Findings::default();
        let leaves = align(&listed, &found, &mut findings);
        assert_eq!(leaves.len(), found.len());
        findings.named
    }

    #[test]
    fn each_kind_of_damage_is_named_with_its_place() {
        assert_eq!(found_in("abcdef"), []);
        assert_eq!(found_in("bcdef"), [Finding::Removed { record: 1, leaf: 0 }]);
        assert_eq!(found_in("abdef"), [Finding::Removed { record: 3, leaf: 20 }]);
        assert_eq!(found_in("abcde"), [Finding::Removed { record: 6, leaf: 50 }]);
        assert_eq!(found_in("abxdef"), [Finding::Changed { record: 3, leaf: 20 }]);
        assert_eq!(found_in("abcdex"), [Finding::Changed { record: 6, leaf: 50 }]);
        assert_eq!(found_in("abxcdef"), [Finding::Inserted { record: 3 }]);
        assert_eq!(found_in("abcdefx"), [Finding::Inserted { record: 7 }]);
        assert_eq!(found_in("abccdef"), [Finding::Inserted { record: 4 }]);
        assert_eq!(found_in("abdcef"), [Finding::Moved { record: 3, leaf: 30 }]);
        assert_eq!(found_in("").len(), 6);
        for (names, count) in [("fedcba", 5), ("xabcdey", 2), ("xyz", 6), ("abcabc", 3)] {
            assert_eq!(found_in(names).len(), count, "{names}: {:?}", found_in(names));
        }
    }
}
