//! The archive: segments of the logs, outside the database, that can be checked with the public key alone.
//!
//! A segment lies under `<tenant>/<first leaf>-<size>/` and is complete once its `manifest` is there, which is written last. It is
//! noted in the database only after it was read back and checked; a server that was killed in between finds the manifest and checks
//! that.

#[cfg(feature = "columnar")]
mod back;
#[cfg(feature = "columnar")]
mod check;
#[cfg(feature = "columnar")]
mod inventory;
#[cfg(all(test, feature = "objects"))]
mod peers;
#[cfg(feature = "columnar")]
mod place;
#[cfg(all(test, feature = "columnar"))]
mod taken;
#[cfg(feature = "columnar")]
mod walk;
#[cfg(feature = "columnar")]
mod write;

#[cfg(feature = "columnar")]
pub(crate) use {
    back::{BackFault, BringBack, Retain},
    place::Place,
    walk::verify,
    write::{Archive, Fault},
};

/// Without columns there is no place to write to.
#[cfg(not(feature = "columnar"))]
pub(crate) enum Place {}

/// Without columns no archive can be read.
#[cfg(not(feature = "columnar"))]
pub(crate) fn verify(
    _: &std::path::Path,
    _: &[bailiwick_proof::checkpoint::VerifierKey],
    _: &[bailiwick_proof::checkpoint::Checkpoint],
) -> Result<(), crate::exit::Failure> {
    Err(crate::exit::Failure::failed(
        "this program was built without the feature `columnar`, and reads no archives",
    ))
}
