//! Whom the operator has asked to witness.

use bailiwick_proof::checkpoint::CosignerKey;

/// Whom the operator asks to witness, and how many of them have to have cosigned before a checkpoint counts as witnessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitnessPolicy {
    /// Their keys, each under the witness's name.
    pub witnesses: Vec<CosignerKey>,
    /// How many have to have cosigned; none where cosignatures are welcome and not asked for.
    pub quorum: usize,
}

impl WitnessPolicy {
    /// The policy in a sentence.
    pub fn text(&self) -> String {
        let count = self.witnesses.len();
        match (count, self.quorum) {
            (0, _) => "No witness is configured: nobody but this server vouches for the log.".to_owned(),
            (1, 0) => "One witness is asked for its cosignature; a checkpoint counts without it.".to_owned(),
            (_, 0) => format!(
                "{count} witnesses are asked for their cosignatures; a checkpoint counts without them."
            ),
            (1, _) => "A checkpoint counts as witnessed once the one witness has cosigned it.".to_owned(),
            (_, quorum) => {
                format!(
                    "A checkpoint counts as witnessed once {quorum} of {count} witnesses have cosigned it."
                )
            }
        }
    }

    /// How many cosignatures a receipt should carry: the quorum, or one where any is to be had.
    pub(crate) fn wished(&self) -> usize {
        self.quorum.max(self.witnesses.len().min(1))
    }
}
