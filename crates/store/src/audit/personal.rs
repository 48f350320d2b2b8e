//! Personal data of an event: commitments in the hashed bytes, values and salts sealed under their subject's key beside them.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::{
    change::Change,
    clock::Entropy,
    ids::{EventId, TenantId},
};
use bailiwick_proof::{canonical, event::Opening};
use bailiwick_vault::{
    commit::{Commitment, Salt},
    envelope::Context,
    subject::{SubjectKey, SubjectSealed},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Error, Result,
    lock::{execute, rows},
    tenant_keys::{self, Subject},
    tx::{Scope, Tx},
};

/// A value under its commitment: `[salt in hexadecimal, value]`, keyed by the commitment.
type Opened = BTreeMap<String, (String, Value)>;

/// Collects an event's personal values.
pub(crate) struct Personal {
    tenant: TenantId,
    event: EventId,
    values: BTreeMap<Uuid, Opened>,
}

/// The personal values of one subject in one event, sealed.
pub(crate) struct Sealed {
    pub(crate) subject: Uuid,
    pub(crate) bytes: Vec<u8>,
    key: Arc<SubjectKey>,
    /// The subject's key is not remembered yet, and may be only once this transaction is committed: whoever wrote it may
    /// be a change of the same batch.
    new: bool,
}

/// A subject key that exists from now on.
pub(crate) type Learned = ((TenantId, Uuid), Arc<SubjectKey>);

impl Sealed {
    pub(crate) fn learned(&self, tenant: TenantId) -> Option<Learned> {
        self.new.then(|| ((tenant, self.subject), Arc::clone(&self.key)))
    }
}

impl Personal {
    pub(crate) const fn new(tenant: TenantId, event: EventId) -> Self {
        Self { tenant, event, values: BTreeMap::new() }
    }

    /// Replaces both values of a change by commitments.
    pub(crate) fn commit_change(
        &mut self,
        entropy: &dyn Entropy,
        subject: Uuid,
        change: Change,
    ) -> Result<Change> {
        let before = self.commit(entropy, subject, &change.before)?;
        let after = self.commit(entropy, subject, &change.after)?;
        Ok(Change { before, after, ..change })
    }

    /// A commitment to `value`; `null` stays `null`, it is nobody's.
    pub(crate) fn commit(&mut self, entropy: &dyn Entropy, subject: Uuid, value: &Value) -> Result<Value> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let salt = Salt::random(entropy);
        let bytes = canonical::to_bytes(value).map_err(|e| Error::Proof(e.to_string()))?;
        let commitment = Commitment::new(&salt, &bytes).to_hex();
        self.values
            .entry(subject)
            .or_default()
            .insert(commitment.clone(), (hex::encode(salt.as_bytes()), value.clone()));
        Ok(json!({"commit": commitment}))
    }

    /// Seals what was collected, one piece per subject; of those who were erased, nothing.
    pub(crate) async fn seal(&self, tx: &mut Tx) -> Result<Vec<Sealed>> {
        let mut sealed = Vec::with_capacity(self.values.len());
        for (&subject, values) in &self.values {
            // Nobody shall be able to open it: neither value nor salt is kept.
            if tx.erased.contains(&subject) {
                continue;
            }
            let known = tx.shared.subjects.find(self.tenant, subject);
            let (key, new) = match known {
                Some(key) => (key, false),
                None => match tenant_keys::subject_or_new(tx, subject).await? {
                    Some(key) => (Arc::new(key), true),
                    None => continue,
                },
            };
            let plain = serde_json::to_vec(values).map_err(|e| Error::Proof(e.to_string()))?;
            let bytes = key
                .seal(&context(self.tenant, &self.event.bytes()), &plain, &*tx.shared.entropy)
                .map_err(Error::vault)?;
            sealed.push(Sealed { subject, bytes: bytes.into_bytes(), key, new });
        }
        Ok(sealed)
    }
}

/// The values behind an event's commitments, for whoever may see them; those of erased subjects are missing.
///
/// A value whose commitment it does not match is left out too: it is not the one that was recorded.
pub(crate) async fn reveal(
    scope: &mut impl Scope,
    event: EventId,
    rows: Vec<(Uuid, Vec<u8>)>,
) -> Result<HashMap<String, Value>> {
    let mut revealed = HashMap::new();
    for (subject, bytes) in rows {
        let Subject::Key(key) = tenant_keys::subject(scope, subject).await? else { continue };
        let openings = openings(scope.tenant(), event, &key, bytes)?;
        revealed.extend(openings.into_iter().map(|opening| (opening.commit, opening.value)));
    }
    Ok(revealed)
}

/// The sealed values of one subject in one event with their salts, those that match their commitments.
pub(super) fn openings(
    tenant: TenantId,
    event: EventId,
    key: &SubjectKey,
    sealed: Vec<u8>,
) -> Result<Vec<Opening>> {
    let sealed = SubjectSealed::parse(sealed).map_err(Error::vault)?;
    let plain = key.open(&context(tenant, &event.bytes()), &sealed).map_err(Error::vault)?;
    let values: Opened = serde_json::from_slice(plain.as_bytes())
        .map_err(|_| Error::Corrupt("audit_personal.sealed".into()))?;
    let mut openings = Vec::with_capacity(values.len());
    for (commit, (salt, value)) in values {
        let bytes = canonical::to_bytes(&value).map_err(|e| Error::Proof(e.to_string()))?;
        let octets = hex::decode(&salt).ok().and_then(|bytes| Salt::from_slice(&bytes));
        if let (Some(octets), Some(claimed)) = (octets, Commitment::from_hex(&commit))
            && claimed.matches(&octets, &bytes)
        {
            openings.push(Opening { commit, salt, value });
        }
    }
    Ok(openings)
}

/// Takes the values behind these commitments, with their salts, from what is sealed beside an event. What else is sealed there stays.
pub(super) async fn forget(tx: &mut Tx, event: EventId, commits: &HashSet<String>) -> Result<()> {
    let tenant = tx.tenant();
    let stored: Vec<(Uuid, Vec<u8>)> = rows!(
        tx,
        "SELECT subject, sealed FROM audit_personal WHERE tenant = $1 AND event = $2",
        tenant.uuid(),
        event.uuid()
    )?;
    for (subject, sealed) in stored {
        let Subject::Key(key) = tenant_keys::subject(tx, subject).await? else { continue };
        let all = openings(tenant, event, &key, sealed)?;
        let before = all.len();
        let left: Opened = all
            .into_iter()
            .filter(|opening| !commits.contains(&opening.commit))
            .map(|opening| (opening.commit, (opening.salt, opening.value)))
            .collect();
        if left.len() == before {
            continue;
        }
        execute!(
            tx,
            "DELETE FROM audit_personal WHERE tenant = $1 AND event = $2 AND subject = $3",
            tenant.uuid(),
            event.uuid(),
            subject
        )?;
        if left.is_empty() {
            continue;
        }
        let plain = serde_json::to_vec(&left).map_err(|e| Error::Proof(e.to_string()))?;
        let bytes =
            key.seal(&context(tenant, &event.bytes()), &plain, &*tx.shared.entropy).map_err(Error::vault)?;
        execute!(
            tx,
            "INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES ($1, $2, $3, $4)",
            tenant.uuid(),
            event.uuid(),
            subject,
            bytes.into_bytes()
        )?;
    }
    Ok(())
}

fn context(tenant: TenantId, event: &[u8; 16]) -> Context<'_> {
    Context { tenant: tenant.bytes(), table: "audit_personal", row: event, column: "sealed", version: 1 }
}

/// Subject keys kept unwrapped at most.
const LIMIT: usize = 4096;

/// A data subject of a tenant.
type Named = (TenantId, Uuid);

/// Recently used subject keys; the oldest leave first.
#[derive(Default)]
pub(crate) struct SubjectCache(Mutex<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<Named, Arc<SubjectKey>>,
    /// In the order in which they were learnt.
    order: VecDeque<Named>,
}

impl SubjectCache {
    fn find(&self, tenant: TenantId, subject: Uuid) -> Option<Arc<SubjectKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys.get(&(tenant, subject)).cloned()
    }

    /// Lets go of keys that were destroyed. What another process still holds seals values that nobody can open.
    pub(crate) fn forget(&self, tenant: TenantId, subjects: &[Uuid]) {
        if subjects.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            known.keys.remove(&(tenant, *subject));
        }
        known.order.retain(|(of, subject)| *of != tenant || !subjects.contains(subject));
    }

    pub(crate) fn learn(&self, learned: Vec<Learned>) {
        if learned.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, key) in learned {
            if known.keys.insert(name, key).is_none() {
                known.order.push_back(name);
            }
            while known.order.len() > LIMIT {
                if let Some(oldest) = known.order.pop_front() {
                    known.keys.remove(&oldest);
                }
            }
        }
    }
}
