//! Signed checkpoints: the size and root of a log, in a text that anyone can check.
//!
//! The text is a C2SP tlog-checkpoint inside a C2SP signed note, so that existing witnesses and tools read it:
//!
//! ```text
//! bailiwick.example/tenant/0198…
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — bailiwick.example/tenant/0198… Az3grlgtzPICa5OS8npVmf1M…
//! ```
//!
//! The private key never comes here: whoever holds it implements [`NoteSigner`].

mod body;
mod cosignature;
mod epoch;
mod key;
mod name;
mod note;
mod trust;

pub use body::{Checkpoint, CheckpointError};
pub(crate) use body::{parse_root, parse_size};
pub use cosignature::{CosignerKey, cosign};
pub use epoch::{EpochError, EpochStatement, Head};
pub use key::{KeyError, VerifierKey};
pub use name::{LogName, Of};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, NoteSigner, SignedNote};
pub use trust::{Cosigned, Trust, TrustError, Vouched};
