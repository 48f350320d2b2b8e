//! What is left of events that the retention took: fed to the verifier in their places, and held against the records in the log that
//! account for each taking.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bailiwick_proof::{
    event::Entity,
    verify::{Retired, RetiredSum, Verifier},
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, VerifyError, walk::Walk};
use crate::{
    Result,
    audit::append::stored_hash,
    lock::{row, rows},
    tx::{Scope, View},
};

/// What is left of an event.
#[derive(FromRow)]
struct Stub {
    leaf_index: i64,
    event: Uuid,
    hash: Vec<u8>,
    entity_type: String,
    entity_id: Uuid,
    revision: i64,
    prev: Option<Vec<u8>>,
    segment: i64,
    retirement: Uuid,
}

impl Stub {
    /// Hands it to `take` as the verifier knows it.
    fn told<T>(&self, take: impl FnOnce(&Retired<'_>) -> T) -> Result<T> {
        let (id, entity) = (self.event.to_string(), self.entity_id.to_string());
        Ok(take(&Retired {
            leaf_index: self.leaf_index.unsigned_abs(),
            id: &id,
            hash: stored_hash(&self.hash)?,
            entity: Entity { id: &entity, revision: self.revision.unsigned_abs(), kind: &self.entity_type },
            prev: self.prev.as_deref().map(stored_hash).transpose()?,
        }))
    }
}

/// A taking as its stubs add up.
struct Taking {
    first: i64,
    last: i64,
    segment: i64,
    sum: RetiredSum,
}

/// The stubs of a tenant, in the order of their leaves, and what they add up to.
#[derive(Default)]
pub(super) struct Stubs {
    queue: VecDeque<Stub>,
    /// From which leaf on the next ones are read.
    next: i64,
    over: bool,
    takings: BTreeMap<Uuid, Taking>,
    /// What the records in the log say of each taking: the number and the digest.
    claims: HashMap<Uuid, (u64, String)>,
}

impl Stubs {
    /// What the record of a taking says; of what is none of these, nothing. Only octets that were verified come here.
    pub(super) fn claim(&mut self, taking: Uuid, bytes: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Value>(bytes) else { return };
        let Some(changes) = event.get("changes").and_then(Value::as_array) else { return };
        let said = |path: &str| {
            let change =
                changes.iter().find(|change| change.get("path").and_then(Value::as_str) == Some(path));
            change.and_then(|change| change.get("after"))
        };
        let applied = event.get("outcome").and_then(Value::as_str) == Some("ok");
        if let (true, Some(records), Some(digest)) =
            (applied, said("/records").and_then(Value::as_u64), said("/digest").and_then(Value::as_str))
        {
            // The first record of a taking is the taking; there is never another one.
            self.claims.entry(taking).or_insert_with(|| (records, digest.to_owned()));
        }
    }

    /// Whether no stub that is left has a leaf before `before`.
    pub(super) async fn none_before(&mut self, view: &mut View, before: i64) -> Result<bool, VerifyError> {
        if self.queue.is_empty() && !self.over {
            let found = stubs(view, self.next).await?;
            self.over = found.is_empty();
            self.next = found.last().map_or(self.next, |last| last.leaf_index + 1);
            self.queue.extend(found);
        }
        Ok(self.queue.front().is_none_or(|stub| stub.leaf_index >= before))
    }

    /// The next stub, if its leaf lies before `before`.
    async fn before(&mut self, view: &mut View, before: i64) -> Result<Option<Stub>, VerifyError> {
        Ok(if self.none_before(view, before).await? { None } else { self.queue.pop_front() })
    }

    /// Adds a stub to what its taking adds up to.
    fn add(&mut self, stub: &Stub) -> Result<()> {
        let taking = self.takings.entry(stub.retirement).or_insert_with(|| Taking {
            first: stub.leaf_index,
            last: stub.leaf_index,
            segment: stub.segment,
            sum: RetiredSum::default(),
        });
        taking.last = stub.leaf_index;
        // A stub of another segment than the others of its taking makes no sum that is accounted for.
        if taking.segment == stub.segment {
            stub.told(|retired| taking.sum.push(retired))?;
        }
        Ok(())
    }
}

impl Walk {
    /// Feeds what is left of the events whose leaves come before `before`.
    pub(super) async fn retired(
        &mut self,
        verifier: &mut Verifier,
        stubs: &mut Stubs,
        before: i64,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), VerifyError> {
        while let Some(stub) = stubs.before(&mut self.view, before).await? {
            let checked = stub.told(|retired| verifier.retired(retired))?;
            self.found(checked)?;
            stubs.add(&stub)?;
            self.tiles(verifier).await?;
            progress(1);
        }
        Ok(())
    }

    /// A leaf that is there may have come back from the archive: what is left of it then stands beside it, and says the same.
    pub(super) async fn back(
        &mut self,
        stubs: &mut Stubs,
        leaf: i64,
        hash: &[u8],
    ) -> Result<(), VerifyError> {
        let Some(stub) = stubs.before(&mut self.view, leaf.saturating_add(1)).await? else { return Ok(()) };
        if stub.leaf_index != leaf || stub.hash != hash {
            return Err(self.forged(stub.leaf_index, "what is left of it is not what lies there"));
        }
        stubs.add(&stub)?;
        Ok(())
    }

    /// Every stub is one of those that a record in the log accounts for, none of them is missing, and a segment of the archive holds them.
    pub(super) async fn accounted(&mut self, stubs: Stubs) -> Result<(), VerifyError> {
        if self.part.is_some() {
            return Ok(());
        }
        let Stubs { takings, mut claims, .. } = stubs;
        for (id, Taking { first, last, segment, sum }) in takings {
            let (records, digest) = sum.finish();
            match claims.remove(&id) {
                None => return Err(self.forged(first, "no record in the log accounts for it")),
                Some(claimed) if claimed != (records, digest.to_string()) => {
                    return Err(self.forged(first, "the record in the log accounts for something else"));
                }
                Some(_) => {}
            }
            if !self.archived(segment, first, last).await? {
                return Err(self.forged(first, "no segment of the archive holds it"));
            }
        }
        // What was taken and is neither there nor left is a gap in the leaves, which was named before; none of it may be missing here.
        if claims.values().any(|(records, _)| *records > 0) {
            return Err(self.forged(0, "what a record in the log accounts for is not there"));
        }
        Ok(())
    }

    /// Whether a segment that was noted holds these leaves.
    async fn archived(&mut self, size: i64, first: i64, last: i64) -> Result<bool, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let begin: Option<(i64,)> = row!(
            view,
            "SELECT first_leaf FROM audit_segment WHERE tenant = $1 AND size = $2",
            tenant.uuid(),
            size
        )?;
        Ok(begin.is_some_and(|(begin,)| begin <= first && last < size))
    }

    fn forged(&self, leaf: i64, why: &'static str) -> VerifyError {
        VerifyError::Retired { slug: self.slug.clone(), leaf, why }
    }

    /// What is left of an entity's events, by their revisions: for naming a broken chain.
    pub(super) async fn retired_links(
        &mut self,
        kind: &str,
        id: Uuid,
    ) -> Result<BTreeMap<i64, RetiredLink>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let found: Vec<Stub> = rows!(
            view,
            "SELECT leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement FROM audit_retired r
             WHERE r.tenant = $1 AND r.entity_type = $2 AND r.entity_id = $3
               AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index) ORDER BY r.revision",
            tenant.uuid(),
            kind,
            id
        )?;
        Ok(found.into_iter().map(|stub| (stub.revision, RetiredLink(stub))).collect())
    }
}

/// A link of a chain of which only what is left stands.
pub(super) struct RetiredLink(Stub);

impl RetiredLink {
    /// Hands it to `take`.
    pub(super) fn told<T>(&self, take: impl FnOnce(&Retired<'_>) -> T) -> Result<T> {
        self.0.told(take)
    }
}

async fn stubs(view: &mut View, from: i64) -> Result<Vec<Stub>, VerifyError> {
    let tenant = view.tenant();
    Ok(rows!(
        view,
        "SELECT leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement FROM audit_retired
         WHERE tenant = $1 AND leaf_index >= $2 ORDER BY leaf_index LIMIT $3",
        tenant.uuid(),
        from,
        CHUNK
    )?)
}
