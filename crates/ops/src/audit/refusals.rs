//! Alarms: the signer or a witness does not vouch for a log any more.

use bailiwick_domain::{
    entity::{LogRefusal, RefusalKind, Severity},
    ids::TenantId,
};
use bailiwick_store::{
    Event, Job, Jobs, Store,
    audit::{
        SignError,
        witness::{self, Standing},
    },
};

use crate::Result;

/// Who refuses, where it is this server's own signer.
const SIGNER: &str = "signer";

/// A refusal to be told of.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Whose log.
    pub tenant: TenantId,
    /// Why.
    pub why: RefusalKind,
    /// The events that there were, or that the checkpoint was about.
    pub size: u64,
    /// The events that whoever refused had vouched for.
    pub seen: Option<u64>,
}

/// What the signer's error is for the log's tenant; nothing for troubles that are nobody's doing.
pub fn by_signer(error: &SignError) -> Option<Refused> {
    match error {
        SignError::Rollback { tenant, signed, stored, .. } => {
            Some(Refused { tenant: *tenant, why: RefusalKind::Rollback, size: *stored, seen: Some(*signed) })
        }
        SignError::Fork { tenant, size, .. } => {
            Some(Refused { tenant: *tenant, why: RefusalKind::Fork, size: *size, seen: Some(*size) })
        }
        _ => None,
    }
}

/// Raises the alarm of the signer, once for each checkpoint that does not fit any more.
pub async fn signing(store: &Store, jobs: &Jobs, refused: &Refused) -> Result<()> {
    raise(store, jobs, SIGNER, refused).await
}

/// Raises the alarm of a witness that refused to cosign, once for what it has seen, and notes how it stands.
pub async fn cosigning(store: &Store, jobs: &Jobs, witness: &str, refused: &Refused) -> Result<()> {
    witness::stands(store, refused.tenant, witness, Standing::Refused).await?;
    raise(store, jobs, witness, refused).await
}

async fn raise(store: &Store, jobs: &Jobs, by: &str, refused: &Refused) -> Result<()> {
    let permit = jobs.permit(Job::Log, refused.tenant);
    let count = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    let (size, seen) = (count(refused.size), refused.seen.map(count));
    if witness::is_noted(&mut store.read(&permit).await?, by, refused.why, seen).await? {
        return Ok(());
    }
    store
        .change(&permit, async |tx| {
            let at = bailiwick_store::Scope::now(tx);
            let refusal =
                LogRefusal { id: store.new_id(), by: by.to_owned(), why: refused.why, size, seen, at };
            let written = witness::insert(tx, refusal).await?;
            let event =
                Event::new("audit_log.refused", &written)?.raising(Severity::High, sentence(by, refused));
            Ok(tx.record(event, ()))
        })
        .await
}

fn sentence(by: &str, refused: &Refused) -> String {
    let Refused { why, size, seen, .. } = refused;
    let seen = seen.map_or_else(|| "more".to_owned(), |seen| seen.to_string());
    match (by, why) {
        (SIGNER, RefusalKind::Fork) => {
            format!(
                "The audit log is not signed any more: it is not the one whose first {size} records were signed"
            )
        }
        (SIGNER, _) => {
            format!("The audit log is not signed any more: {seen} records were signed, {size} are there")
        }
        (witness, RefusalKind::Fork) => {
            format!(
                "The witness {witness} refused to cosign the audit log at {size} records: it has seen another history"
            )
        }
        (witness, _) => {
            format!(
                "The witness {witness} has cosigned {seen} records of the audit log, and was shown {size}"
            )
        }
    }
}
