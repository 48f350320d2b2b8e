//! Permissions that nobody used for ninety days: of a role, of a person; and taking them away.
//!
//! What was used is noted by the gate (`bailiwick_store::permission_use`). Nothing is called unused that could not be known to be:
//! a permission that no route of the server asks for, one that was given less than ninety days ago, and anything at all before
//! ninety days are recorded.

mod built_in;
mod judge;
mod people;
mod person;
mod role;
mod roles_list;

use bailiwick_domain::time::Span;

pub use built_in::{Copied, NewCopy, copy_without};
pub(crate) use judge::Judge;
pub use judge::{Judgement, UseLine};
pub use people::{PersonUse, people};
pub use person::{PersonUses, narrow_person, of_person};
pub use role::{RoleUses, narrow_role, of_role};
pub use roles_list::{RoleUse, roles};

/// What was not used for this long is called unused.
pub const UNUSED_AFTER: Span = Span::days(90);
