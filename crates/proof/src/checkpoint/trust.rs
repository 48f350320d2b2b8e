//! Whom a verifier believes: the keys of logs, those of witnesses, and how many witnesses it asks for.

use super::{Checkpoint, CheckpointError, CosignerKey, SignedNote, VerifierKey};

/// Whom a verifier believes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Keys under which logs are signed; one of them has to have signed.
    pub logs: Vec<VerifierKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<CosignerKey>,
    /// How many of these witnesses have to have cosigned; a key counts once, whatever its names.
    pub quorum: usize,
}

/// A witness that cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Its name.
    pub name: String,
    /// When, in seconds since 1970.
    pub seconds: u64,
}

/// A checkpoint that a trusted log signed, and which trusted witnesses cosigned it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// What the log says about itself.
    pub checkpoint: Checkpoint,
    /// The witnesses, in the order of the trust.
    pub witnesses: Vec<Cosigned>,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a checkpoint, or not signed by a trusted log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A line under a trusted witness's name and id is not by its key.
    #[error("the cosignature under the name {0} is not by that witness")]
    WrongCosignature(String),
    /// Too few witnesses.
    #[error("{found} of {asked} witnesses cosigned it")]
    Quorum {
        /// Trusted witnesses whose cosignature is there.
        found: usize,
        /// How many there have to be.
        asked: usize,
    },
}

impl Trust {
    /// Opens a signed checkpoint if it is to be believed. Signatures by unknown keys are passed over.
    ///
    /// # Errors
    /// A checkpoint that is malformed or signed by no trusted log, a wrong cosignature, or too few.
    pub fn open(&self, note: &SignedNote) -> Result<Vouched, TrustError> {
        note.verify_any(&self.logs).map_err(CheckpointError::Note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        let mut witnesses = Vec::new();
        let mut counted = Vec::new();
        for key in &self.witnesses {
            let claimed = note.signatures().iter().any(|line| key.is_claimed_by(line));
            if !claimed || counted.contains(&key.public_key()) {
                continue;
            }
            let seconds = key.cosigned_note(note);
            let seconds = seconds.ok_or_else(|| TrustError::WrongCosignature(key.name().to_owned()))?;
            counted.push(key.public_key());
            witnesses.push(Cosigned { name: key.name().to_owned(), seconds });
        }
        if witnesses.len() < self.quorum {
            return Err(TrustError::Quorum { found: witnesses.len(), asked: self.quorum });
        }
        Ok(Vouched { checkpoint, witnesses })
    }
}
