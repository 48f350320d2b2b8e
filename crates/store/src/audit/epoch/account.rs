//! Accounting for every epoch of a log when it is verified.

use bailiwick_proof::checkpoint::{Checkpoint, EpochStatement, SignedNote};

use super::{last_file, list};
use crate::{
    audit::{SignError, Signer, VerifyError, outside::log_name},
    tx::{Scope, View},
};

impl Signer {
    /// The statements of every epoch that a log has had up to `epoch`, each with the evidence beside it and its row in the
    /// database.
    pub(in crate::audit) async fn account_epochs(
        &self,
        view: &mut View,
        epoch: u32,
    ) -> Result<Vec<EpochStatement>, VerifyError> {
        let tenant = view.tenant();
        let mut statements = Vec::new();
        let rows = list(view).await?;
        for number in 2..=epoch {
            let (newest, epoch) = (epoch, number);
            let wrong = |what: &str| SignError::Epoch { tenant, epoch, what: what.to_owned() };
            let statement = self.stated(tenant, epoch)?.ok_or_else(|| wrong("its statement is missing"))?;
            let last = self.outside.read(&last_file(tenant, epoch))?;
            let last = last.ok_or_else(|| wrong("the last checkpoint of the epoch before is missing"))?;
            let opened = SignedNote::parse(last.as_bytes()).and_then(|note| {
                note.verify(&self.verifier)?;
                Ok(Checkpoint::parse(note.text()))
            });
            let fits = opened.is_ok_and(|checkpoint| {
                checkpoint.is_ok_and(|last| {
                    (last.origin, last.size, last.root)
                        == (
                            log_name(&self.origin, tenant, epoch - 1),
                            statement.signed.size,
                            statement.signed.root,
                        )
                })
            });
            if !fits {
                return Err(wrong("the last checkpoint of the epoch before is another one").into());
            }
            let told = rows.iter().any(|row| {
                (row.epoch, row.kept.unsigned_abs(), row.signed.unsigned_abs())
                    == (i64::from(epoch), statement.kept.size, statement.signed.size)
            });
            // A later loss may have taken the record of an earlier beginning with it: then the later statement tells of that.
            if !told && epoch == newest {
                return Err(wrong("the database does not tell of its beginning").into());
            }
            statements.push(statement);
        }
        Ok(statements)
    }
}
