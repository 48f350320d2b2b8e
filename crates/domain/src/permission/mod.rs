//! Permissions: named rights to do one thing to one kind of object, and sets of them.
//!
//! A permission is a small index into one table, so that a check is a shift and a mask. The index belongs to the running
//! program only: whatever is stored, signed or sent carries the name.

mod builtin;
mod held;
mod name;
mod portions;
mod set;

use std::{borrow::Cow, fmt};

pub(crate) use builtin::BUILT_IN;
pub use held::{Given, Held, Source};
pub use name::is_permission_name;
pub use portions::{Portions, Reason};
pub use set::{PermissionSet, effective};

/// The right to do one thing to one kind of object, `noun:verb`.
///
/// Values come from the associated constants and from [`crate::catalogue::Catalogue::find`] only, so a permission that
/// nobody defined cannot be named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(u8);

impl Permission {
    /// The place of this permission in the catalogue of the running program; never stored.
    pub const fn index(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_index(index: u8) -> Self {
        Self(index)
    }

    /// The name of a built-in permission; a pack's permissions are named by the catalogue.
    pub fn built_in_name(self) -> Option<&'static str> {
        match BUILT_IN.get(usize::from(self.0))?.name {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        }
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.built_in_name() {
            Some(name) => write!(f, "Permission({name})"),
            None => write!(f, "Permission(pack #{})", self.0),
        }
    }
}

/// One row of the permission table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name, `noun:verb`.
    pub name: Cow<'static, str>,
    /// The heading it is listed under.
    pub group: Cow<'static, str>,
    /// What its holder may do, as one sentence.
    pub description: Cow<'static, str>,
    /// Whether only people of the platform tenant may hold it.
    pub platform: bool,
    /// Who defined it.
    pub origin: Origin,
}

/// Who defined a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Bailiwick itself; the code checks it.
    BuiltIn,
    /// The pack of this name; the guarded product checks it.
    Pack(String),
}
