//! Whether a witness cosigns.

use super::AddCheckpoint;
use crate::{
    checkpoint::{Checkpoint, VerifierKey},
    hash::{Hash, empty_root},
    tree::verify_consistency,
};

/// The tree that a witness cosigned last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// A log that the witness has cosigned nothing of.
impl Default for Seen {
    fn default() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No signature by a key that the witness trusts for this log; 403.
    #[error("the checkpoint is not signed by a key of this log")]
    Unsigned,
    /// Not a checkpoint, or an old size beyond it; 400.
    #[error("the request contradicts itself")]
    Malformed,
    /// Another size than the one cosigned last, which this is; 409.
    #[error("the last cosigned size is {0}")]
    Stale(u64),
    /// The very size that was cosigned last, with another root: the log has two histories; 409 with that size.
    #[error("another root was cosigned at size {0}")]
    Fork(u64),
    /// The proof does not lead from the tree cosigned last to this one; 422.
    #[error("the checkpoint does not extend what was cosigned last")]
    Inconsistent,
}

impl Refusal {
    /// The status of the answer, by the standard.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unsigned => 403,
            Self::Stale(_) | Self::Fork(_) => 409,
            Self::Inconsistent => 422,
        }
    }

    /// The size that a conflict tells of.
    #[must_use]
    pub const fn size(self) -> Option<u64> {
        match self {
            Self::Stale(size) | Self::Fork(size) => Some(size),
            _ => None,
        }
    }
}

/// Whether a witness that trusts `keys` for this log, and has cosigned `seen` of it, cosigns the request's checkpoint.
///
/// The caller keeps the checkpoint before it answers, with nobody in between.
///
/// # Errors
/// Why not.
pub fn judge(request: &AddCheckpoint, keys: &[VerifierKey], seen: Seen) -> Result<Checkpoint, Refusal> {
    request.note.verify_any(keys).map_err(|_| Refusal::Unsigned)?;
    let checkpoint = Checkpoint::parse(request.note.text()).map_err(|_| Refusal::Malformed)?;
    if request.old > checkpoint.size {
        return Err(Refusal::Malformed);
    }
    if request.old != seen.size {
        return Err(Refusal::Stale(seen.size));
    }
    if checkpoint.size == seen.size && checkpoint.root != seen.root {
        return Err(Refusal::Fork(seen.size));
    }
    verify_consistency(seen.size, &seen.root, checkpoint.size, &checkpoint.root, &request.proof)
        .map_err(|_| Refusal::Inconsistent)?;
    Ok(checkpoint)
}
