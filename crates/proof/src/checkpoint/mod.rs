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
mod key;
mod note;

pub use body::{Checkpoint, CheckpointError};
pub use key::{KeyError, VerifierKey};
pub use note::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, NoteSigner, SignedNote};
