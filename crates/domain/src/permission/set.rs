//! Sets of permissions as bits.

use std::fmt;

use super::Permission;

/// A set of permissions of one catalogue: four words, copied freely, checked in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PermissionSet([u64; 4]);

impl PermissionSet {
    /// The set that allows nothing.
    pub const fn empty() -> Self {
        Self([0; 4])
    }

    /// The set of exactly these permissions.
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut set = Self::empty();
        let mut rest = permissions;
        while let [permission, tail @ ..] = rest {
            set = set.with(*permission);
            rest = tail;
        }
        set
    }

    /// This set and one more permission.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        self.union(Self::only(permission))
    }

    /// This set without one permission.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        self.difference(Self::only(permission))
    }

    /// Whether the set holds the permission.
    pub const fn contains(self, permission: Permission) -> bool {
        let [a, b, c, d] = self.0;
        let word = match permission.index() >> 6 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (permission.index() & 63) & 1 == 1
    }

    /// What either set holds.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a | e, b | f, c | g, d | h])
    }

    /// What both sets hold.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a & e, b & f, c & g, d & h])
    }

    /// What this set holds and the other does not.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a & !e, b & !f, c & !g, d & !h])
    }

    /// Whether the other set holds everything this one holds: the test for "may hand this on".
    pub const fn is_subset(self, other: Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether the set allows nothing.
    pub const fn is_empty(self) -> bool {
        matches!(self.0, [0, 0, 0, 0])
    }

    /// How many permissions the set holds.
    pub const fn len(self) -> u32 {
        let [a, b, c, d] = self.0;
        a.count_ones() + b.count_ones() + c.count_ones() + d.count_ones()
    }

    /// The permissions in the order of the catalogue.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        (0..=u8::MAX).map(Permission::from_index).filter(move |permission| self.contains(*permission))
    }

    const fn only(permission: Permission) -> Self {
        let bit = 1 << (permission.index() & 63);
        match permission.index() >> 6 {
            0 => Self([bit, 0, 0, 0]),
            1 => Self([0, bit, 0, 0]),
            2 => Self([0, 0, bit, 0]),
            _ => Self([0, 0, 0, bit]),
        }
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::empty(), Self::with)
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PermissionSet({} permissions)", self.len())
    }
}

/// The permissions a person really has: those of the role and the grants, less the denials.
///
/// A denial wins over a role and over a grant, so taking a right away needs one record and cannot be undone by another
/// source of the same right.
pub const fn effective(role: PermissionSet, grants: PermissionSet, denials: PermissionSet) -> PermissionSet {
    role.union(grants).difference(denials)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests"
    )]

    use std::collections::BTreeSet;

    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn set(indexes: &BTreeSet<u8>) -> PermissionSet {
        indexes.iter().copied().map(Permission::from_index).collect()
    }

    fn model(set: PermissionSet) -> BTreeSet<u8> {
        set.iter().map(Permission::index).collect()
    }

    proptest! {
        #[test]
        fn bits_behave_like_a_set_of_indexes(a in btree_set(any::<u8>(), 0..80), b in btree_set(any::<u8>(), 0..80), probe: u8) {
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(model(x), a.clone());
            prop_assert_eq!(x.len() as usize, a.len());
            prop_assert_eq!(x.is_empty(), a.is_empty());
            prop_assert_eq!(x.contains(Permission::from_index(probe)), a.contains(&probe));
            prop_assert_eq!(model(x.union(y)), a.union(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(model(x.intersection(y)), a.intersection(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(model(x.difference(y)), a.difference(&b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(x.is_subset(y), a.is_subset(&b));
            let added = x.with(Permission::from_index(probe));
            prop_assert!(added.contains(Permission::from_index(probe)));
            prop_assert_eq!(added.without(Permission::from_index(probe)), x.without(Permission::from_index(probe)));
        }

        #[test]
        fn a_denial_wins_over_role_and_grant(
            role in btree_set(any::<u8>(), 0..80), grants in btree_set(any::<u8>(), 0..80), denials in btree_set(any::<u8>(), 0..80),
        ) {
            let held = effective(set(&role), set(&grants), set(&denials));
            for index in 0..=u8::MAX {
                let expected = (role.contains(&index) || grants.contains(&index)) && !denials.contains(&index);
                prop_assert_eq!(held.contains(Permission::from_index(index)), expected);
            }
        }
    }

    #[test]
    fn debug_output_says_how_many() {
        let two = PermissionSet::of(&[Permission::USER_READ, Permission::AUDIT_READ]);
        assert_eq!(format!("{two:?}"), "PermissionSet(2 permissions)");
    }
}
