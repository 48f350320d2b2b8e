//! What another epoch begins from, and its two steps outside the database.

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::{
    checkpoint::{Checkpoint, EpochStatement, Head, SignedNote},
    empty_root,
};

use super::{last_file, statement_file};
use crate::{
    Error,
    audit::{
        Latest, SignError, Signer,
        checkpoint::{consistent, signed},
        outside::log_name,
    },
    lock::row,
    tx::{Scope, View},
};

/// Another epoch that may begin.
#[derive(Clone, Debug)]
pub struct EpochPlan {
    /// Whose log.
    pub tenant: TenantId,
    /// Its number, from 2.
    pub epoch: u32,
    /// What is kept and what is lost.
    pub statement: EpochStatement,
    /// The last checkpoint of the epoch before.
    last: String,
}

/// Why no other epoch may begin.
#[derive(Debug, thiserror::Error)]
pub enum EpochRefused {
    /// The log is what was signed.
    #[error("the log of tenant {0} holds everything that was signed: there is nothing to begin anew")]
    Whole(TenantId),
    /// Nothing outside the database vouches for the log.
    #[error("no checkpoint of tenant {0} is in the folder: restore the folder from its own backup first")]
    NoCheckpoint(TenantId),
    /// The database holds signed events that are not the ones that it says were signed.
    #[error("the database of tenant {0} contradicts its own checkpoints: restore another backup of it first")]
    Contradicts(TenantId),
    /// The checkpoints outside the database.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Signer {
    /// What another epoch of a log would begin from, if its database is older than what was signed, or another history. Where
    /// one was begun and not finished, that one.
    ///
    /// # Errors
    /// A log that is whole, or one of which even the database's own checkpoints do not fit.
    pub async fn plan_epoch(&self, tenant: TenantId) -> Result<EpochPlan, EpochRefused> {
        let latest = self.outside.latest(tenant, &self.origin, &self.verifier)?;
        let latest = latest.ok_or(EpochRefused::NoCheckpoint(tenant))?;
        let epoch = latest.epoch.saturating_add(1);
        let mut view = self.store.view_keyless(tenant).await?;
        let statement = match self.stated(tenant, epoch)? {
            Some(statement) if statement.signed.root == latest.checkpoint.root => statement,
            Some(_) => {
                let what = "its statement is about another checkpoint than the last one".to_owned();
                return Err(SignError::Epoch { tenant, epoch, what }.into());
            }
            None => {
                match consistent(&mut view, &latest).await {
                    Ok(()) => return Err(EpochRefused::Whole(tenant)),
                    Err(SignError::Rollback { .. } | SignError::Fork { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                let kept = self.kept(&mut view, &latest).await?;
                let signed = Head {
                    size: latest.checkpoint.size,
                    root: latest.checkpoint.root,
                    seconds: latest.written.map(Timestamp::unix_seconds),
                };
                EpochStatement { log: log_name(&self.origin, tenant, epoch), kept, signed }
            }
        };
        self.fits(&mut view, &statement.kept).await?;
        Ok(EpochPlan { tenant, epoch, statement, last: latest.note })
    }

    /// First step: says outside the database that the epoch begins. Repeating it changes nothing.
    pub fn state_epoch(&self, plan: &EpochPlan) -> Result<(), SignError> {
        let _lock = self.outside.lock()?;
        if self.stated(plan.tenant, plan.epoch)?.is_some() {
            return Ok(());
        }
        let note = self.note(&plan.statement.to_string())?;
        let name = statement_file(plan.tenant, plan.epoch);
        self.outside.replace(&name, &format!("{}.new", plan.tenant), note.as_bytes())
    }

    /// Last step: sets the old epoch's checkpoint aside and puts one of the new epoch in its place.
    pub fn open_epoch(&self, plan: &EpochPlan) -> Result<(), SignError> {
        let kept = &plan.statement.kept;
        let note =
            self.note(&Checkpoint::new(plan.statement.log.clone(), kept.size, kept.root).to_string())?;
        {
            let _lock = self.outside.lock()?;
            let name = last_file(plan.tenant, plan.epoch);
            self.outside.replace(&name, &format!("{}.new", plan.tenant), plan.last.as_bytes())?;
        }
        self.outside.swap(plan.tenant, Some(&plan.last), &note)
    }

    /// The signed statement that an epoch begins; nothing where none was made.
    pub(super) fn stated(&self, tenant: TenantId, epoch: u32) -> Result<Option<EpochStatement>, SignError> {
        let Some(note) = self.outside.read(&statement_file(tenant, epoch))? else { return Ok(None) };
        let refused = |what: String| SignError::Epoch { tenant, epoch, what };
        let statement = EpochStatement::open(note.as_bytes(), std::slice::from_ref(&self.verifier));
        let statement = statement.map_err(|error| refused(error.to_string()))?;
        if statement.log != log_name(&self.origin, tenant, epoch) {
            return Err(refused(format!("its statement is about {}", statement.log)));
        }
        Ok(Some(statement))
    }

    /// The newest checkpoint that the database holds.
    async fn kept(&self, view: &mut View, latest: &Latest) -> Result<Head, EpochRefused> {
        let tenant = view.tenant();
        let newest: Option<(String, i64)> = row!(
            view,
            "SELECT note, signed_at FROM audit_checkpoint WHERE tenant = $1 ORDER BY size DESC LIMIT 1",
            tenant.uuid()
        )
        .map_err(Error::from)?;
        let Some((note, at)) = newest else {
            return Ok(Head { size: 0, root: empty_root(), seconds: None });
        };
        let contradicts = || EpochRefused::Contradicts(tenant);
        let note = SignedNote::parse(note.as_bytes()).map_err(|_| contradicts())?;
        note.verify(&self.verifier).map_err(|_| contradicts())?;
        let kept = Checkpoint::parse(note.text()).map_err(|_| contradicts())?;
        let ours = self.epoch_of(&kept.origin, tenant).is_some_and(|epoch| epoch <= latest.epoch);
        if !ours || kept.size > latest.checkpoint.size {
            return Err(contradicts());
        }
        let seconds = Some(Timestamp::from_micros(at).unix_seconds());
        Ok(Head { size: kept.size, root: kept.root, seconds })
    }

    /// The events that are kept have to be there, and nothing beyond them may count as signed.
    async fn fits(&self, view: &mut View, kept: &Head) -> Result<(), EpochRefused> {
        let tenant = view.tenant();
        let name = log_name(&self.origin, tenant, 1);
        let checkpoint = Checkpoint::new(name, kept.size, kept.root);
        let latest = Latest { note: String::new(), checkpoint, epoch: 1, written: None };
        match consistent(view, &latest).await {
            Ok(()) if signed(view).await? <= kept.size => Ok(()),
            Ok(()) | Err(SignError::Rollback { .. } | SignError::Fork { .. }) => {
                Err(EpochRefused::Contradicts(tenant))
            }
            Err(error) => Err(error.into()),
        }
    }
}
