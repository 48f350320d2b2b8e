//! Writing events: canonical octets, chained per entity, in the transaction of the change.

mod postgres;
mod sqlite;

use std::{borrow::Cow, collections::HashMap};

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::hash::{Hash, leaf_hash};
use uuid::Uuid;

pub(crate) use self::{postgres::append_postgres, sqlite::flush_sqlite};
use super::{draft::Draft, integrate::Leaf, pack::pack};
use crate::{Error, Result};

type EntityKey = (TenantId, Cow<'static, str>, Uuid);

/// The newest revision of an entity.
#[derive(Clone, Copy)]
struct Head {
    revision: i64,
    hash: Hash,
}

/// An event with its octets and hash.
struct Ready {
    /// The octets as they lie in the database.
    packed: Vec<u8>,
    hash: Hash,
    revision: i64,
    draft: Draft,
}

impl Ready {
    /// `draft` after `previous`.
    fn after(previous: Option<Head>, draft: Draft) -> Self {
        let revision = previous.map_or(0, |head| head.revision) + 1;
        let bytes = draft.octets.fill(revision, previous.map(|head| head.hash));
        let hash = leaf_hash(&bytes);
        if let Some(told) = &draft.told {
            // Nobody else has this draft, so nothing was told before.
            told.get_or_init(|| hash);
        }
        Self { packed: pack(&bytes), hash, revision, draft }
    }

    const fn head(&self) -> Head {
        Head { revision: self.revision, hash: self.hash }
    }

    fn leaf(&self) -> Leaf {
        Leaf {
            event: self.draft.id.uuid(),
            hash: self.hash,
            recorded_at: self.draft.recorded_at.micros(),
            actor_kind: Cow::Borrowed(self.draft.actor.kind),
            actor_id: self.draft.actor.id,
            action: self.draft.action.clone(),
            outcome: Cow::Borrowed(self.draft.outcome.name()),
            entity_type: self.draft.entity_type.clone(),
            entity_id: self.draft.entity_id,
            revision: self.revision,
            terms: self.draft.terms.clone(),
        }
    }
}

/// Gives every draft its revision and the hash of the one before, and moves `heads` along.
fn chain(drafts: Vec<Draft>, heads: &mut HashMap<EntityKey, Head>) -> Vec<Ready> {
    drafts
        .into_iter()
        .map(|draft| {
            let key = (draft.tenant, draft.entity_type.clone(), draft.entity_id);
            let ready = Ready::after(heads.get(&key).copied(), draft);
            heads.insert(key, ready.head());
            ready
        })
        .collect()
}

/// A hash as the database holds it.
pub(super) fn stored_hash(bytes: &[u8]) -> Result<Hash> {
    Hash::from_slice(bytes).map_err(|_| Error::Corrupt("a stored hash is not 32 octets".into()))
}
