//! Holding what search goes along against the records, where that is asked for: it takes several times as long as the log itself.

use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, Progress, VerifyError, walk::Walk};
use crate::{
    Store,
    audit::{
        self,
        integrate::{Leaf, leaf_of},
        pack::EventOctets,
        search::{self, BLOCK, Check},
    },
    lock::rows,
    tenants,
    tx::Scope,
};

#[derive(FromRow)]
struct Record {
    leaf_index: i64,
    event: Uuid,
    hash: Vec<u8>,
    bytes: EventOctets,
}

#[derive(FromRow)]
struct Count {
    span: i64,
    start: i64,
    entity_type: String,
    action: String,
    outcome: String,
    events: i64,
}

/// Checks that every record of every tenant is found by what it says, that nothing else is, and that the counts by hours and days add up.
/// That the records are what was recorded is what [`verify_everything`](super::verify_everything) checks. By the tag of its source, and by
/// whose its thing is, a record is found from what stands beside it: neither is checked.
///
/// # Errors
/// [`VerifyError::Index`] for the first tenant whose index does not fit.
pub async fn verify_index(store: &Store, mut progress: impl FnMut(Progress)) -> Result<(), VerifyError> {
    let tenants = tenants::all(store).await?;
    let (mut total, mut done) = (0, 0);
    for tenant in &tenants {
        total += audit::total(&mut store.view_keyless(tenant.id).await?).await?.unsigned_abs();
    }
    for tenant in tenants {
        let mut key = [0; 32];
        store.entropy().fill(&mut key);
        let mut walk = Walk::new(store.view_keyless(tenant.id).await?, tenant.slug);
        let walked = walk.index(key, |events| {
            done += events;
            progress(Progress { events: done, total });
        });
        walked.await?;
    }
    Ok(())
}

impl Walk {
    async fn index(&mut self, key: [u8; 32], mut progress: impl FnMut(u64)) -> Result<(), VerifyError> {
        let tenant = self.view.tenant();
        let size = audit::total(&mut self.view).await?;
        let tail = search::tail(&mut self.view.driver(), tenant, 0).await?;
        let mut check = Check::new(key, size, tail);
        let mut first = 0;
        while first < size {
            let leaves = self.block(first).await?;
            let gone = self.gone(first).await?;
            self.fits(check.block(first / BLOCK, &leaves, &gone))?;
            progress(leaves.len() as u64);
            first += BLOCK;
        }
        self.postings(&mut check).await?;
        self.rollups(&mut check).await?;
        self.fits(check.finish())
    }

    /// The records of a block, as search is to know them.
    async fn block(&mut self, first: i64) -> Result<Vec<(i64, Leaf)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let records: Vec<Record> = rows!(
            view,
            "SELECT l.leaf_index, e.id AS event, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index",
            tenant.uuid(),
            first,
            first + BLOCK
        )?;
        let mut leaves = Vec::with_capacity(records.len());
        for one in records {
            leaves.push((one.leaf_index, leaf_of(one.event, &one.hash, &one.bytes, None, None)?));
        }
        Ok(leaves)
    }

    /// The leaves of a block that the retention took, and that did not come back.
    async fn gone(&mut self, first: i64) -> Result<Vec<i64>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let gone: Vec<(i64,)> = rows!(
            view,
            "SELECT r.leaf_index FROM audit_retired r WHERE r.tenant = $1 AND r.leaf_index >= $2 AND r.leaf_index < $3
             AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index)",
            tenant.uuid(),
            first,
            first + BLOCK
        )?;
        Ok(gone.into_iter().map(|(leaf,)| leaf).collect())
    }

    async fn postings(&mut self, check: &mut Check) -> Result<(), VerifyError> {
        let mut after: (Vec<u8>, i64) = (Vec::new(), -1);
        loop {
            let view = &mut self.view;
            let tenant = view.tenant();
            let stored: Vec<(Vec<u8>, i64, Vec<u8>)> = rows!(
                view,
                "SELECT term, block, hits FROM audit_posting WHERE tenant = $1 AND (term, block) > ($2, $3) ORDER BY term, block LIMIT $4",
                tenant.uuid(),
                after.0.as_slice(),
                after.1,
                CHUNK
            )?;
            let Some((term, block, _)) = stored.last() else { return Ok(()) };
            after = (term.clone(), *block);
            for (term, block, hits) in stored {
                let checked = check.posting(term, block, &hits)?;
                self.fits(checked)?;
            }
        }
    }

    async fn rollups(&mut self, check: &mut Check) -> Result<(), VerifyError> {
        let mut after = (i64::MIN, i64::MIN, String::new(), String::new(), String::new());
        loop {
            let view = &mut self.view;
            let tenant = view.tenant();
            let stored: Vec<Count> = rows!(
                view,
                "SELECT span, start, entity_type, action, outcome, events FROM audit_rollup
                 WHERE tenant = $1 AND (span, start, entity_type, action, outcome) > ($2, $3, $4, $5, $6)
                 ORDER BY span, start, entity_type, action, outcome LIMIT $7",
                tenant.uuid(),
                after.0,
                after.1,
                after.2.as_str(),
                after.3.as_str(),
                after.4.as_str(),
                CHUNK
            )?;
            for one in &stored {
                let what = [one.entity_type.as_str(), one.action.as_str(), one.outcome.as_str()];
                check.rollup(one.span, one.start, what, one.events);
            }
            let Some(last) = stored.into_iter().last() else { return Ok(()) };
            after = (last.span, last.start, last.entity_type, last.action, last.outcome);
        }
    }

    fn fits(&self, checked: Result<(), String>) -> Result<(), VerifyError> {
        checked.map_err(|what| VerifyError::Index { slug: self.slug.clone(), what })
    }
}
