//! Noting what a witness said.

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::checkpoint::NoteSignature;

use super::Standing;
use crate::{
    Error, Result, Store,
    lock::execute,
    store::Quiet,
    tx::{Scope, Tx},
};

/// Keeps a witness's cosignature of the checkpoint at `size`, as of `seconds` since 1970. Whoever calls has checked it.
///
/// A crash before this costs nothing: the witness is asked again, and cosigns the same checkpoint again.
pub async fn keep(
    store: &Store,
    tenant: TenantId,
    witness: &str,
    size: u64,
    line: &NoteSignature,
    seconds: u64,
) -> Result<()> {
    let size = number(size)?;
    let at = number(seconds.saturating_mul(1_000_000))?;
    let mut tx = store.begin_keyless(tenant).await?;
    let kept = async {
        // Where it is noted already, nothing is inserted: the trigger of SQLite refuses that before any conflict is looked at.
        execute!(
            &mut tx,
            "INSERT INTO audit_cosignature (tenant, size, witness, line, cosigned_at) SELECT $1, $2, $3, $4, $5
             WHERE NOT EXISTS (SELECT 1 FROM audit_cosignature WHERE tenant = $1 AND size = $2 AND witness = $3)",
            tenant.uuid(),
            size,
            witness,
            line.to_string(),
            at
        )?;
        stand(&mut tx, witness, Some(size), Standing::Ok).await
    };
    match kept.await {
        Ok(()) => store.commit_quietly(tx, Quiet::CheckpointCosigned).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

/// Notes how a witness stands with one log.
pub async fn stands(store: &Store, tenant: TenantId, witness: &str, standing: Standing) -> Result<()> {
    let mut tx = store.begin_keyless(tenant).await?;
    match stand(&mut tx, witness, None, standing).await {
        Ok(()) => store.commit_quietly(tx, Quiet::CheckpointCosigned).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn stand(tx: &mut Tx, witness: &str, size: Option<i64>, standing: Standing) -> Result<()> {
    let (tenant, now): (_, Timestamp) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "INSERT INTO audit_witness (tenant, witness, size, standing, at) VALUES ($1, $2, coalesce($3, 0), $4, $5)
         ON CONFLICT (tenant, witness) DO UPDATE SET size = coalesce($3, audit_witness.size), standing = excluded.standing, at = excluded.at",
        tenant.uuid(),
        witness,
        size,
        standing.name(),
        now.micros()
    )?;
    Ok(())
}

fn number(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::Proof("a number of a witness is too large".into()))
}
