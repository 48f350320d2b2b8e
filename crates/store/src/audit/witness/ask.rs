//! What is to be sent to a witness.

use bailiwick_domain::{
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_proof::{
    checkpoint::SignedNote,
    tree::{Needs, consistency_proof},
    witness::AddCheckpoint,
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    audit::{checkpoint::job_scope, newest_checkpoint, reader},
    conn::on,
    lock::row,
    tx::Scope,
};

/// Logs asked about at most in one round.
const TENANTS: i64 = 256;

/// How long a log is left alone whose witness refused, did not know it or was not there.
const AGAIN: Span = Span::minutes(1);

/// A request for a cosignature.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The size of the checkpoint that it is about.
    pub size: u64,
    /// What to send.
    pub request: AddCheckpoint,
}

/// What is next with one witness and one log.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing was signed yet.
    Nothing,
    /// The witness has cosigned more than was ever signed here: this many events.
    Behind(u64),
    /// This.
    Ask(Box<Ask>),
}

/// The tenants whose newest checkpoint this witness has not cosigned yet, some at a time: whoever waits longest comes first, so
/// that nobody who signs all the time keeps others from their turn.
pub async fn waiting(store: &Store, witness: &str) -> Result<Vec<TenantId>> {
    let tried: Timestamp = store.now() - AGAIN;
    let mut conn = store.shared.pool.read().await?;
    on!(conn, |c| job_scope(c).await)?;
    let ids: Vec<Uuid> = on!(conn, |c| {
        sqlx::query_scalar(
            "SELECT t.tenant FROM audit_tree t LEFT JOIN audit_witness w ON w.tenant = t.tenant AND w.witness = $1
             WHERE t.signed > coalesce(w.size, 0) AND (w.standing IS NULL OR w.standing = 'ok' OR w.at <= $2) ORDER BY w.at NULLS FIRST, t.tenant LIMIT $3",
        )
        .bind(witness)
        .bind(tried.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(TenantId::from).collect())
}

/// What to send to a witness about one log; `old` is the size that it cosigned last, where it has just said so.
pub async fn ask(store: &Store, tenant: TenantId, witness: &str, old: Option<u64>) -> Result<Next> {
    let mut view = store.view_keyless(tenant).await?;
    let Some(newest) = newest_checkpoint(&mut view).await? else { return Ok(Next::Nothing) };
    let size = newest.size.unsigned_abs();
    let old = match old {
        Some(old) => old,
        None => {
            let known: Option<(i64,)> = row!(
                &mut view,
                "SELECT size FROM audit_witness WHERE tenant = $1 AND witness = $2",
                tenant.uuid(),
                witness
            )?;
            known.map_or(0, |(size,)| size.unsigned_abs()).min(size)
        }
    };
    if old > size {
        return Ok(Next::Behind(old));
    }
    let unprovable = |error: &dyn std::fmt::Display| Error::Proof(error.to_string());
    let needs = Needs::consistency(old, size).map_err(|error| unprovable(&error))?;
    let fetched = reader::fetch(&mut view.driver(), tenant, &needs).await?;
    let proof = consistency_proof(&fetched, old, size).map_err(|error| unprovable(&error))?;
    let note = SignedNote::parse(newest.note.as_bytes()).map_err(|error| unprovable(&error))?;
    Ok(Next::Ask(Box::new(Ask { size, request: AddCheckpoint { old, proof, note } })))
}
