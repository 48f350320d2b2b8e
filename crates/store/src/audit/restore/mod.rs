//! Records that come back from the archive for a time, so that they can be searched.
//!
//! Somebody asks for a segment; a job fetches and checks it, and puts what the retention had taken of it back where it was: octets, search
//! row, sets of leaves. Search, pages, proofs and exports then know it as before, and pages say that it is back for a time. What is left of
//! each record stays beside it, so that it goes again without being judged anew, unless a hold was placed meanwhile.
//!
//! What erasure or retention took of personal values is not in the archive, and does not come back. Nor does the tag of its source.

mod put;
mod table;
mod work;

pub use put::{Back, put, take_back};
pub use table::{among, find, insert, list, lock, open, replace};
pub use work::{Work, tenants_with_work, work};

/// Records that one transaction puts back, or takes again.
pub const AT_ONCE: usize = 512;
