//! Asking a witness to cosign what was signed. Each witness has a job of its own, so that one that is gone keeps nobody waiting:
//! neither the signer nor the other witnesses.

use std::{sync::Arc, time::Duration};

use bailiwick_domain::{
    entity::{MailFault, RefusalKind},
    ids::TenantId,
};
use bailiwick_mail::Post;
use bailiwick_ops::audit::refusals::{self, Refused};
use bailiwick_proof::{
    checkpoint::{Checkpoint, CosignerKey},
    witness::{AddCheckpoint, Answer, read_answer},
};
use bailiwick_store::{
    Jobs, Store,
    audit::{
        SignError, Signer,
        witness::{self, Next, Standing},
    },
};

use super::supervise::Job;

/// How often a witness is asked about what it has not cosigned yet.
pub(crate) const ASK_EVERY: Duration = Duration::from_secs(1);

/// Octets of an answer that are read at most.
const ANSWER: usize = 16 * 1024;

/// How often a witness may answer that it has cosigned another size before it is left alone for a while.
const TRIES: usize = 4;

/// One witness, and how it is reached.
pub(crate) struct Reached {
    /// Where it is.
    pub(crate) post: Post,
    /// The key of its cosignatures, under its name.
    pub(crate) key: CosignerKey,
}

/// Asks one witness.
pub(crate) struct Cosign {
    witness: Arc<Reached>,
    store: Store,
    signer: Signer,
    jobs: Arc<Jobs>,
    /// How many heads it has cosigned, as far as is known.
    heads: u64,
}

/// Why a round of a witness failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// It could not be reached, or said nothing that counts.
    #[error("the witness {0} does not answer ({1:?})")]
    Unreachable(String, Option<MailFault>),
    /// It knows another history of the tree of heads.
    #[error("the witness {0} refuses to cosign the tree of heads: it has seen another history of it")]
    Heads(String),
    /// The folder of checkpoints.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The database.
    #[error(transparent)]
    Store(#[from] bailiwick_store::Error),
    /// An alarm could not be recorded.
    #[error(transparent)]
    Ops(#[from] bailiwick_ops::Error),
}

/// What came of asking.
enum Asked {
    /// The witness answered; whether it cosigned.
    Answered(bool),
    /// It did not: the others of its logs wait for the next round.
    Gone(Option<MailFault>),
}

impl Cosign {
    /// The job that asks `witness`.
    pub(crate) const fn new(witness: Arc<Reached>, store: Store, signer: Signer, jobs: Arc<Jobs>) -> Self {
        Self { witness, store, signer, jobs, heads: 0 }
    }

    fn name(&self) -> &str {
        self.witness.key.name()
    }

    async fn send(&self, request: &AddCheckpoint) -> Result<Answer, MailFault> {
        let answered = self.witness.post.send(request.to_string(), ANSWER).await?;
        Ok(read_answer(answered.status, &answered.body, request.note.text(), &self.witness.key))
    }

    /// Asks about the newest checkpoint of one log.
    async fn log(&self, tenant: TenantId) -> Result<Asked, AskError> {
        let (mut old, mut behind) = (None, None);
        for _ in 0..TRIES {
            let ask = match witness::ask(&self.store, tenant, self.name(), old).await? {
                Next::Nothing => return Ok(Asked::Answered(false)),
                // Another server may have sent it a newer checkpoint just now: the next look into the database shows it.
                Next::Behind(seen) if behind == Some(seen) => {
                    return self.refused(tenant, RefusalKind::Ahead, 0, Some(seen)).await;
                }
                Next::Behind(seen) => {
                    behind = Some(seen);
                    tokio::time::sleep(ASK_EVERY).await;
                    continue;
                }
                Next::Ask(ask) => ask,
            };
            let answer = match self.send(&ask.request).await {
                Ok(answer) => answer,
                Err(fault) => {
                    witness::stands(&self.store, tenant, self.name(), Standing::Unreachable).await?;
                    return Ok(Asked::Gone(Some(fault)));
                }
            };
            match answer {
                Answer::Cosigned(line, seconds) => {
                    witness::keep(&self.store, tenant, self.name(), ask.size, &line, seconds).await?;
                    return Ok(Asked::Answered(true));
                }
                // Asked from that very size, it can only mean that the root there was another one.
                Answer::Last(seen) if seen == ask.request.old && seen == ask.size => {
                    return self.refused(tenant, RefusalKind::Fork, ask.size, Some(seen)).await;
                }
                Answer::Last(seen) => old = Some(seen),
                Answer::Inconsistent => {
                    return self.refused(tenant, RefusalKind::Fork, ask.size, Some(ask.request.old)).await;
                }
                Answer::Unknown => {
                    witness::stands(&self.store, tenant, self.name(), Standing::Unknown).await?;
                    return Ok(Asked::Answered(false));
                }
                Answer::Nothing => {
                    witness::stands(&self.store, tenant, self.name(), Standing::Unreachable).await?;
                    return Ok(Asked::Gone(None));
                }
            }
        }
        Ok(Asked::Answered(false))
    }

    async fn refused(
        &self,
        tenant: TenantId,
        why: RefusalKind,
        size: u64,
        seen: Option<u64>,
    ) -> Result<Asked, AskError> {
        let refused = Refused { tenant, why, size, seen };
        tracing::error!(witness = self.name(), %tenant, ?why, size, ?seen, "a witness refused to cosign");
        refusals::cosigning(&self.store, &self.jobs, self.name(), &refused).await?;
        Ok(Asked::Answered(false))
    }

    /// Asks about the tree of heads, whose cosignatures stand outside the database.
    async fn heads(&mut self) -> Result<usize, AskError> {
        for _ in 0..TRIES {
            if self.signer.heads()? == self.heads {
                return Ok(0);
            }
            let Some(request) = self.signer.ask_for_heads(self.heads).await? else {
                // It has cosigned more heads than there are.
                let ahead = self.heads > self.signer.heads()?;
                self.heads = 0;
                return if ahead { Err(AskError::Heads(self.name().to_owned())) } else { Ok(0) };
            };
            let unreachable = |fault| AskError::Unreachable(self.name().to_owned(), fault);
            let size = Checkpoint::parse(request.note.text()).map_or(0, |checkpoint| checkpoint.size);
            match self.send(&request).await.map_err(|fault| unreachable(Some(fault)))? {
                Answer::Cosigned(line, _) => {
                    self.signer.heads_cosigned(request.note.text().to_owned(), line).await?;
                    self.heads = size;
                    return Ok(1);
                }
                Answer::Last(seen) if seen != request.old => self.heads = seen,
                Answer::Last(_) | Answer::Inconsistent => {
                    return Err(AskError::Heads(self.name().to_owned()));
                }
                // A witness that is asked about one tenant alone does not know the heads.
                Answer::Unknown => return Ok(0),
                Answer::Nothing => return Err(unreachable(None)),
            }
        }
        Ok(0)
    }
}

impl Job for Cosign {
    const NAME: &'static str = "witnesses";
    type Error = AskError;

    async fn round(&mut self) -> Result<usize, AskError> {
        let mut cosigned = 0;
        for tenant in witness::waiting(&self.store, self.name()).await? {
            match self.log(tenant).await? {
                Asked::Answered(done) => cosigned += usize::from(done),
                Asked::Gone(fault) => {
                    return Err(AskError::Unreachable(self.name().to_owned(), fault));
                }
            }
        }
        Ok(cosigned + self.heads().await?)
    }
}

#[cfg(test)]
mod tests;
