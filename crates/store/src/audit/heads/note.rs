//! Noting heads, and telling each tenant that its own was.

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::{
    checkpoint::{Checkpoint, SignedNote},
    empty_root,
    heads::Head,
    receipt::Receipt,
    tree::{inclusion_proof, root_at},
};

use super::{Known, NOTE, SignedHead, Signer, blocking, file::Leaves, guard, micros};
use crate::{
    Error,
    audit::{SignError, checkpoint::job_scope},
    conn::on,
    lock::row,
    store::Quiet,
    tx::Scope,
};

/// That a head of the tenant's log lies in the tree of heads.
#[derive(Clone, Debug)]
pub struct RegionHead {
    /// Its place there.
    pub index: i64,
    /// The receipt (C2SP tlog-proof); its extra data is the head.
    pub receipt: String,
    /// When it was noted.
    pub noted_at: Timestamp,
}

impl Signer {
    /// Begins the tree of heads, in a folder and over a database of which nothing was signed yet. Anywhere else it is
    /// missing.
    pub(in crate::audit) async fn begin_heads(&self) -> Result<(), SignError> {
        if self.outside.read(NOTE)?.is_some() {
            return Ok(());
        }
        let signed_before = !self.outside.tenants()?.is_empty() || self.has_signed().await?;
        // Another process may have begun it, and signed, in between.
        if self.outside.read(NOTE)?.is_some() {
            return Ok(());
        }
        if signed_before {
            return Err(SignError::Heads("it is missing, and logs were signed before".into()));
        }
        let signer = self.clone();
        blocking(move || {
            let _lock = signer.outside.lock()?;
            if signer.outside.read(NOTE)?.is_some() {
                return Ok(());
            }
            Leaves::create(signer.outside.folder()).map_err(|cause| signer.heads_io(cause))?;
            let empty = Checkpoint::new(signer.heads_name(), 0, empty_root());
            let note = signer.note(&empty.to_string())?;
            signer.outside.replace(NOTE, "heads.new", note.as_bytes())
        })
        .await
    }

    /// Whether the database knows of any log that was signed.
    pub(super) async fn has_signed(&self) -> Result<bool, SignError> {
        let mut conn = self.store.shared.pool.read().await?;
        on!(conn, |c| job_scope(c).await)?;
        let signed: i64 = on!(conn, |c| sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 AS one FROM audit_tree WHERE signed > 0 LIMIT 1) AS signed"
        )
        .fetch_one(c)
        .await)
        .map_err(Error::from)?;
        Ok(signed > 0)
    }

    /// Notes the heads that are due, these and earlier ones, and tells their tenants.
    pub(in crate::audit) async fn note_heads(&self, signed: Vec<SignedHead>) -> Result<(), SignError> {
        let (signer, now) = (self.clone(), self.store.now());
        for (tenant, receipt) in blocking(move || signer.note_due(signed, now)).await? {
            self.publish_head(tenant, &receipt, now).await?;
        }
        Ok(())
    }

    fn note_due(
        &self,
        signed: Vec<SignedHead>,
        now: Timestamp,
    ) -> Result<Vec<(TenantId, Receipt)>, SignError> {
        let mut known = guard(&self.known);
        let known = match &mut *known {
            Some(known) => known,
            none => none.insert(Known::load(self)?),
        };
        signed.into_iter().for_each(|head| known.sign(head));
        let due = known.due(now);
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let heads = due.iter().map(|head| Head {
            tag: self.head_tag(head.tenant),
            epoch: head.epoch,
            size: head.size,
            micros: micros(now),
            root: head.root,
        });
        let receipts = self.append_heads(&heads.collect::<Vec<_>>())?;
        known.noted(&due, now);
        Ok(due.iter().map(|head| head.tenant).zip(receipts).collect())
    }

    fn append_heads(&self, heads: &[Head]) -> Result<Vec<Receipt>, SignError> {
        let _lock = self.outside.lock()?;
        let (_, before) =
            self.heads_checkpoint()?.ok_or_else(|| SignError::Heads("its checkpoint is missing".into()))?;
        let leaves = self.leaves_of(&before)?;
        let io = |cause| self.heads_io(cause);
        if root_at(&leaves, before.size).map_err(io)? != before.root {
            return Err(SignError::Heads(format!(
                "its {} heads are not the ones that were signed",
                before.size
            )));
        }
        leaves.append(before.size, heads).map_err(io)?;
        let size = before.size.saturating_add(heads.len() as u64);
        let root = root_at(&leaves, size).map_err(io)?;
        let note = self.note(&Checkpoint::new(self.heads_name(), size, root).to_string())?;
        self.outside.replace(NOTE, "heads.new", note.as_bytes())?;
        let note = SignedNote::parse(note.as_bytes()).map_err(|e| Error::Proof(e.to_string()))?;
        (before.size..)
            .zip(heads)
            .map(|(index, head)| {
                let path = inclusion_proof(&leaves, index, size).map_err(|e| Error::Proof(e.to_string()))?;
                Ok(Receipt { extra: Some(head.to_bytes().to_vec()), index, path, note: note.clone() })
            })
            .collect()
    }

    /// A receipt that a crash keeps from the database is missed by nobody: the next one follows.
    async fn publish_head(
        &self,
        tenant: TenantId,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<(), SignError> {
        let index = i64::try_from(receipt.index).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let mut tx = self.store.begin_keyless(tenant).await?;
        on!(tx, |c| {
            // As with checkpoints: the trigger of SQLite refuses what is there before any conflict is looked at.
            sqlx::query(
                "INSERT INTO audit_region_head (tenant, heads_index, receipt, noted_at) SELECT $1, $2, $3, $4
                 WHERE NOT EXISTS (SELECT 1 FROM audit_region_head WHERE tenant = $1 AND heads_index = $2)",
            )
            .bind(tenant.uuid())
            .bind(index)
            .bind(receipt.to_string())
            .bind(now.micros())
            .execute(c)
            .await
            .map(drop)
        })
        .map_err(Error::from)?;
        Ok(self.store.commit_quietly(tx, Quiet::HeadNoted).await?)
    }
}

/// The newest head of the tenant's log that was noted in the tree of heads.
pub async fn region_head(scope: &mut impl Scope) -> Result<Option<RegionHead>, Error> {
    let tenant = scope.tenant();
    let row: Option<(i64, String, i64)> = row!(
        scope,
        "SELECT heads_index, receipt, noted_at FROM audit_region_head WHERE tenant = $1 ORDER BY heads_index DESC LIMIT 1",
        tenant.uuid()
    )?;
    Ok(row.map(|(index, receipt, at)| RegionHead { index, receipt, noted_at: Timestamp::from_micros(at) }))
}
