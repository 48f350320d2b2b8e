//! Having the tree of heads cosigned. Its cosignatures stand in its note, since no tenant's tables hold it.

use bailiwick_proof::{checkpoint::NoteSignature, tree::consistency_proof, witness::AddCheckpoint};

use super::{NOTE, Signer, blocking};
use crate::{Error, audit::SignError};

impl Signer {
    /// What to send to a witness that has cosigned `old` heads; nothing before the first head, and for more heads than there
    /// are.
    pub async fn ask_for_heads(&self, old: u64) -> Result<Option<AddCheckpoint>, SignError> {
        let signer = self.clone();
        blocking(move || {
            let found = signer.heads_checkpoint()?.filter(|(_, found)| found.size > 0 && found.size >= old);
            let Some((note, checkpoint)) = found else { return Ok(None) };
            let leaves = signer.leaves_of(&checkpoint)?;
            let proof = consistency_proof(&leaves, old, checkpoint.size);
            let proof = proof.map_err(|error| Error::Proof(error.to_string()))?;
            Ok(Some(AddCheckpoint { old, proof, note }))
        })
        .await
    }

    /// How many heads there are under the signed checkpoint.
    pub fn heads(&self) -> Result<u64, SignError> {
        Ok(self.heads_checkpoint()?.map_or(0, |(_, checkpoint)| checkpoint.size))
    }

    /// Puts a cosignature under the checkpoint with this text, if that is still the newest one.
    pub async fn heads_cosigned(&self, text: String, line: NoteSignature) -> Result<(), SignError> {
        let signer = self.clone();
        blocking(move || {
            let _lock = signer.outside.lock()?;
            let Some((mut note, _)) = signer.heads_checkpoint()?.filter(|(note, _)| note.text() == text)
            else {
                return Ok(());
            };
            note.add_line(line).map_err(|error| Error::Proof(error.to_string()))?;
            signer.outside.replace(NOTE, "heads.new", note.to_string().as_bytes())
        })
        .await
    }
}
